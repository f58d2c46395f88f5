"""Storing one file of 10,000 measurements, beside a bare COPY of the same rows."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.measuring import Line, interleaved, ratio_line
from evaluations.models import Measurement, Subject, Upload
from evaluations.services import readings, uploads
from people.models import Person

TITLE = "One file of 10,000 measurements"
BASELINE = (
    "a `COPY … FROM STDIN` of the same rows, their text ready in memory, into a table of the same columns, key and index, and a commit."
)
TRIED = """Rows are written by one `COPY`, column by column and while they are made, and never become model objects. The file goes through our own strict reader (caps on depth,
length and count, repeated keys refused, every number kept as it was written); where a list or an object lies in sight whole and is plain, the standard library's scanner takes
it in one step, with hooks that keep a number's own text and refuse repeated keys, and whatever is odd is left to the careful steps, which name the place. Before, every step was a
careful one and a file took 16 times the bare copy. What remains is about a third each: reading and weighing a number in Python (5 µs), its digest and its row (5 µs), and the
database, which checks at the commit that each row's run is there: a quarter of the bare copy's time and more, which the bare table, having no such key, is spared. Tried: all digests encoded in one go
(a fifth faster, not worth the lines). Not tried: leaving that check of every row to something cheaper, for it is what keeps a measurement from standing without its run."""

LOG = Path(settings.BASE_DIR) / "tests" / "samples" / "inspect_json" / "twin.json"


def run(quick: bool) -> list[Line]:
    count, rounds = (2_000, 2) if quick else (10_000, 3)
    waiting = iter([_received(count, number) for number in range(rounds + 2)])
    with CaptureQueriesContext(connection) as asked:
        _parse(next(waiting), count)
    bare = _bare_copy()
    told = interleaved({"file": lambda: _parse(next(waiting), count), "copy": bare}, rounds=rounds)
    return [
        Line("statements, read and stored", 40, len(asked), "statements", detail=f"{count:,} measurements"),
        ratio_line("time, read from the file and stored", 5, told, "file", "copy"),
    ]


def _received(count: int, number: int) -> Upload:
    """A file of so many results, received and not yet read."""
    log = json.loads(LOG.read_bytes())
    score = log["results"]["scores"][0]
    score["metrics"] = {f"metric{index}": {"name": f"metric{index}", "value": index / count} for index in range(count)}
    log["eval"] |= {"run_id": f"bench-{number}", "eval_id": f"bench-{number}"}
    log["results"]["scores"] = [score]
    upload, _ = uploads.receive(
        stream=io.BytesIO(json.dumps(log).encode()),
        filename=f"bench-{number}.json",
        subject=Subject.objects.get(slug="heron-3"),
        actor=Person.objects.get(name="Ada"),
        at=timezone.now(),
    )
    return upload


def _parse(upload: Upload, count: int) -> None:
    parsed = readings.parse(upload_id=upload.pk, at=timezone.now())
    if parsed is None or Measurement.objects.filter(run__upload=upload).count() != count:
        raise RuntimeError(f"The file was not stored whole: {parsed and parsed.error_message}")


def _bare_copy() -> Callable[[], None]:
    table = Measurement._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bare (LIKE {table} INCLUDING ALL)")
        with cursor.copy(
            f"COPY (SELECT * FROM {table} WHERE run_id = (SELECT run_id FROM {table} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)) TO STDOUT"
        ) as copy:
            text: Any = b"".join(bytes(piece) for piece in copy)

    def copy_rows() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE bare")
            with cursor.copy("COPY bare FROM STDIN") as copy:
                copy.write(text)

    return copy_rows
