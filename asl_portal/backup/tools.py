"""`pg_dump` and `pg_restore`: found in the server's own version, spoken to without a password on any command line."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.db import connection, transaction
from psycopg import sql
from psycopg.conninfo import make_conninfo

from asl_portal.embedded.postgres import DatabaseDidNotStart, find_bin

CHUNK = 1024 * 1024
# Sessions are of the moment: whoever held one signs in anew after a restore.
LEFT_OUT = ("django_session",)


class ToolMissing(Exception):
    """There is no `pg_dump` or `pg_restore` of the server's version here."""

    def __init__(self, name: str, major: int) -> None:
        super().__init__(
            f"There is no {name} of PostgreSQL {major} here. Install it (Debian: postgresql-client-{major}) and put it on the path."
        )


# What lives beside the tables, as a DROP names it. An extension takes its own routines along.
_BESIDE = """
SELECT 'ROUTINE ' || oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
UNION ALL SELECT 'EXTENSION ' || quote_ident(extname) FROM pg_extension
"""


class ToolFailed(Exception):
    """The tool said no; the message holds its last words."""


def server_major() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])


def find_tool(name: str, major: int) -> str:
    """The tool of that version: from the embedded server, the path, or Debian's place for it. Raises ToolMissing."""
    candidates = [shutil.which(name), f"/usr/lib/postgresql/{major}/bin/{name}"]
    with suppress(DatabaseDidNotStart):
        candidates.insert(0, str(find_bin() / name))
    for path in filter(None, candidates):
        if Path(path).exists() and _major_of(path) == major:
            return path
    raise ToolMissing(name, major)


def dump(target: Path, *, snapshot: str, major: int) -> None:
    """The database as that snapshot sees it. Raises ToolMissing, ToolFailed."""
    command = [
        find_tool("pg_dump", major),
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
        f"--file={target}",
    ]
    command += [f"--exclude-table-data={table}" for table in LEFT_OUT]
    done = subprocess.run([*command, *_where()], env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise ToolFailed(_last_words(done.stderr))


def load(stream: IO[bytes], *, major: int) -> None:
    """Restores a dump whole or not at all. Raises ToolMissing, ToolFailed."""
    command = [find_tool("pg_restore", major), "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *_where()]
    with _fed(command, stream) as output:
        output.read()


def beside_tables() -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE)
        return frozenset(name for (name,) in cursor.fetchall())


@transaction.atomic
def take_away(*, but: frozenset[str]) -> None:
    """What a dump brought, and the migrations after it: every table, and what is beside them but for what stood there before."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(table)))
        for name in beside_tables() - but:
            cursor.execute(f"DROP {name} CASCADE")  # as PostgreSQL itself writes it


def rows(stream: IO[bytes], table: str, *, major: int) -> Iterator[dict[str, str]]:
    """What a dump holds of one table, row by row, in PostgreSQL's own text form. Raises ToolMissing, ToolFailed."""
    command = [find_tool("pg_restore", major), "--data-only", f"--table={table}", "--file=-"]
    names: list[str] | None = None
    with _fed(command, stream) as output:
        for line in output:
            text = line.decode().rstrip("\n")
            if names is None:
                copied = re.match(r"COPY \S+ \((.*)\) FROM stdin;", text)
                names = copied[1].split(", ") if copied else None
            elif text == "\\.":
                names = None
            else:
                yield dict(zip(names, text.split("\t"), strict=True))


@contextmanager
def _fed(command: list[str], stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """A running tool that reads the stream, and what it writes."""
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 - a tool we found, with arguments of our own
            command, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words
        ) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise ToolFailed("It has no pipes.")
        feeder = threading.Thread(target=_feed, args=(process.stdin, stream))
        feeder.start()
        try:
            yield process.stdout
        finally:
            process.stdout.close()
            feeder.join()
        if process.wait():
            words.seek(0)
            raise ToolFailed(_last_words(words.read()))


def _feed(target: IO[bytes], stream: IO[bytes]) -> None:
    """All of it; a tool that has read enough hangs up early."""
    with suppress(BrokenPipeError), target:
        shutil.copyfileobj(stream, target, CHUNK)


def _where() -> list[str]:
    return ["--dbname", make_conninfo("", **{name: value for name, value in _login().items() if name != "password"})]


def _environment() -> dict[str, str]:
    password = _login().get("password")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C"} | ({"PGPASSWORD": str(password)} if password else {})


def _login() -> dict[str, str | int]:
    known = connection.get_connection_params()
    return {name: value for name, value in known.items() if isinstance(value, str | int) and value != "" and name not in _OF_THE_DRIVER}


_OF_THE_DRIVER = {"prepare_threshold", "server_side_binding", "cursor_factory", "context", "autocommit"}


def _major_of(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"\b(\d+)[.\w]*", said.partition(")")[2])
    return int(found[1]) if found else 0


def _last_words(said: bytes) -> str:
    return "\n".join(said.decode("utf-8", "replace").strip().splitlines()[-5:])
