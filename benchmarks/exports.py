"""The ledger's table of 10,000 rows as CSV and XLSX, each in a process of its own, as the page writes it."""

import json
import subprocess
import sys
from statistics import median

from django.db import connection

from benchmarks.measuring import Line
from ledger.models import Head

TITLE = "Exports of 10,000 rows"
BASELINE = "none: seconds from the first query to the last byte, and the highest resident memory of the whole process, Django and all rooms loaded."
TRIED = """Rows are read by a server-side cursor, 500 at a time, and written as they come: CSV in pieces of 250 rows, XLSX by XlsxWriter with constant memory. Of an
entry's fields only those its words name are read, as values; before, each became an object, 65,000 of them. The memory told is the whole process's: Django and all rooms take nine tenths of it.
Libraries that few pages need (typesetting, cryptography and passkeys, schemas, pictures, chat services) are loaded when one of them is first used, which saves every process thirty megabytes; and what
is named is not linked until somebody shows the link, so an export does not load the whole table of addresses with the API behind it."""

PROGRAM = """
import json, os, sys, time
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asl_portal.settings")
import django
django.setup()
from io import BytesIO
from django.utils import timezone
import reviews.urls
from ledger.queries import Filters
from reviews.tables import as_csv, as_xlsx
from reviews.tables.ledger import ledger_table

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024

before, begun = peak(), time.perf_counter()
table = ledger_table(filters=Filters(), at=timezone.now())
if sys.argv[1] == "csv":
    size = sum(len(piece) for piece in as_csv.pieces(table))
else:
    file = BytesIO()
    count = as_xlsx.write(table, file)
    assert count >= int(sys.argv[2]), count
    size = file.tell()
print(json.dumps([time.perf_counter() - begun, peak(), peak() - before, size]))
"""


def run(quick: bool) -> list[Line]:
    rows, rounds = (1_000, 2) if quick else (10_000, 3)
    _lengthen(rows)
    told: dict[str, list[list[float]]] = {"csv": [], "xlsx": []}
    for _ in range(rounds):
        for name, values in told.items():
            values.append(_exported(name, rows))
    lines = []
    for name, values in told.items():
        seconds, peak, added, size = (median(column) for column in zip(*values, strict=True))
        low, high = min(one[0] for one in values), max(one[0] for one in values)
        lines.append(
            Line(f"{name.upper()}: time", 3, seconds, "s", detail=f"{low:.2f}–{high:.2f} s in {rounds} rounds, {size / 1e6:.1f} MB")
        )
        lines.append(Line(f"{name.upper()}: memory", 100, peak, "MB", detail=f"{added:.0f} MB of it by the export"))
    return lines


def _exported(name: str, rows: int) -> list[float]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, name, str(rows)], check=True, capture_output=True, text=True)
    told: list[float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _lengthen(rows: int) -> None:
    """The log's own entries over again, with their fields, until it is long enough: what is exported is read, not proved."""
    size = Head.objects.get().size
    times = rows // size + 1
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table, key in (("ledger_entry", "seq"), ("ledger_ledgerfield", "entry_id")):
            cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'", [table])
            names = [name for (name,) in cursor.fetchall()]
            values = ", ".join(f't."{name}" + copies.number * {size}' if name == key else f't."{name}"' for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, generate_series(1, {times}) AS copies(number)")
        cursor.execute(f"UPDATE ledger_head SET size = {size * (times + 1)}")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")
