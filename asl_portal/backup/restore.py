"""Bringing a backup back, into an empty system only. A broken file is refused before anything is changed."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from asl_portal.backup import archive, entries, tools, unfinished
from asl_portal.backup.make import check_root
from evaluations.models import Blob, Subject
from evaluations.replay import Replayed, checks
from evaluations.services import blobs
from ledger.refusals import NotNow, NotValid, Refusal
from ledger.verification import verify

REPLAYED_SUBJECTS = 5
# Any number, known to this database alone.
THE_RESTORE = 6_962_002


class NotEmpty(NotNow):
    code = "not_empty"
    sentence = "A backup is restored into an empty system only, and this one is not."


class UnderWay(NotNow):
    code = "restore_under_way"
    sentence = "Another restore into this database is under way, so nothing was changed."
    what_to_do = "Wait until it has ended."


class OtherVersion(NotNow):
    code = "other_version"
    sentence = "This backup cannot be restored here."


class BackupRefused(NotValid):
    code = "backup_broken"
    sentence = "This file is not a whole backup, so nothing was changed."


class RestoreFailed(NotNow):
    code = "restore_failed"
    sentence = "The backup could not be brought back."


class NotUndone(Exception):
    """What was brought could not be taken away again; the message says why, after what had stopped it."""


class NotTheSame(Exception):
    """What came back is not what the backup holds; the message says what."""


# What may stop a restore once it has begun: the disk, the tools, the database, its roles, and what is seen when all of it is verified.
_HALF_WAY = (OSError, tools.ToolFailed, tools.ToolMissing, archive.ArchiveBroken, DatabaseError, CommandError, Refusal, NotTheSame)


@dataclass(frozen=True)
class Restored:
    sha256: str
    ledger_size: int
    ledger_root: str
    blobs: int
    replayed: int


def restore_backup(path: Path, *, at: datetime, say: Callable[[str], object] = lambda _: None) -> Restored:
    """Checks the whole file, restores bytes, then the database as one transaction, then verifies what stands there now.

    Raises BackupRefused, NotEmpty, OtherVersion, UnderWay, RestoreFailed; each leaves everything as it was.
    """
    with _alone():
        return _restored(path, at, say)


def _restored(path: Path, at: datetime, say: Callable[[str], object]) -> Restored:
    _require_empty()
    try:
        checked = archive.check(path)
        _require_version(checked.manifest)
        say(f"Every one of {checked.members} members has its digest")
        check_root(checked)
    except (archive.ArchiveBroken, tools.ToolMissing, tools.ToolFailed, OSError) as error:
        if isinstance(error, OSError) and error.errno in blobs.DISK_IS_FULL:
            raise RestoreFailed(
                what_to_do=f"Nothing was changed, and the backup may be whole: there is no room here to check it. {error}"
            ) from error
        raise BackupRefused(what_to_do=str(error)) from error
    ledger = checked.manifest["ledger"]
    say(f"The ledger's root comes out of it: {ledger['size']} entries under {ledger['root']}")
    try:
        count, replayed = _brought_back(checked, at, say)
    except NotUndone as error:
        raise RestoreFailed(
            what_to_do=f"What was brought is not taken away either: empty the database and the folder of uploads, then restore again. {error}"
        ) from error
    except _HALF_WAY as error:
        said = " ".join(filter(None, (error.sentence, error.what_to_do))) if isinstance(error, Refusal) else str(error).strip()
        raise RestoreFailed(what_to_do=f"Everything is as empty as before. {said}") from error
    return Restored(checked.sha256, ledger["size"], ledger["root"], count, replayed)


def _brought_back(checked: archive.Checked, at: datetime, say: Callable[[str], object]) -> tuple[int, int]:
    """Bytes first: a row never names bytes that are not there. Whatever stops it half-way is undone, the latest first; where that fails, the mark of an
    unfinished restore stays among the bytes."""
    stood: frozenset[str] | None = None
    try:
        unfinished.begin()
        count = _bring_bytes(checked)
        stood = tools.beside_tables()
        with archive.opened(checked.path, archive.DATABASE) as stream:
            tools.load(stream, major=tools.server_major())
        say(f"Restored the database and {count} uploaded files")
        call_command("migrate", interactive=False, verbosity=0)
        ledger = checked.manifest["ledger"]
        replayed = _verify(ledger)
        say(f"Verified the ledger, every uploaded file, and {replayed} stored answers")
        with transaction.atomic():
            entries.backup_restored(sha256=checked.sha256, ledger_size=ledger["size"], at=at)
        unfinished.end()
    except BaseException as stopped:
        try:
            if stood is not None:
                _forget_database(stood)
            _forget_bytes()
        except _HALF_WAY as left:
            raise NotUndone(f"{stopped} {left}") from stopped
        raise
    return count, replayed


def _bring_bytes(checked: archive.Checked) -> int:
    count = 0
    for name, _, stream in archive.members(checked.path):
        if name.startswith(archive.BLOBS):
            blobs.store(stream, any_size=True)
            count += 1
    return count


def _forget_bytes() -> None:
    """The mark of an unfinished restore last: what cannot be taken away stays marked."""
    for path in _files(Path(settings.BLOB_DIR)):
        if path.name != unfinished.NAME:
            path.unlink()
    if unfinished.is_there():
        unfinished.end()


def _forget_database(stood: frozenset[str]) -> None:
    connection.close()  # whatever was begun on it is over
    tools.take_away(but=stood)


@contextmanager
def _alone() -> Iterator[None]:
    """Of two at once the one that fails would take away what the other brought. The lock is a connection's own, so one that is killed holds nobody up."""
    other = connection.copy("restore")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [THE_RESTORE])
            if not cursor.fetchone()[0]:
                raise UnderWay
        yield
    finally:
        other.close()


def _require_empty() -> None:
    if unfinished.is_there():
        raise NotEmpty(
            what_to_do=f"A restore was killed half-way: nothing of it was verified. Empty {settings.BLOB_DIR}, make a new, empty database, and restore again."
        )
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    if tables:
        raise NotEmpty(what_to_do=f"The database has {len(tables)} tables. Make a new, empty database and name it in DATABASE_URL.")
    if _files(Path(settings.BLOB_DIR)):
        raise NotEmpty(what_to_do=f"{settings.BLOB_DIR} holds files. Name an empty folder in ASL_BLOB_DIR.")


def _require_version(manifest: dict[str, Any]) -> None:
    here = tools.server_major()
    if manifest["postgresql"] > here:
        raise OtherVersion(
            what_to_do=f"It was made of PostgreSQL {manifest['postgresql']}; this server is {here}. Use that version or newer."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest["migrations"]) - known)
    if unknown:
        raise OtherVersion(what_to_do=f"It was made by a newer portal, which has {unknown[-1]}. Restore it with that version.")


def _verify(ledger: dict[str, Any]) -> int:
    """What stands here now, recomputed; every uploaded byte is read from the disk again. Raises NotTheSame."""
    report = verify()
    if report.misfit:
        raise NotTheSame(f"The restored ledger does not fit: {report.misfit}")
    if (report.size, report.root.hex()) != (ledger["size"], ledger["root"]):
        raise NotTheSame("The restored ledger is not the one the manifest names.")
    for sha256 in Blob.objects.values_list("sha256", flat=True).iterator(chunk_size=2000):
        if not blobs.is_whole(sha256):
            raise NotTheSame(f"The uploaded bytes {sha256} are not in the backup, or the disk does not give them back as they were.")
    return _replay()


def _replay() -> int:
    """A sample: every stored answer about a few subjects. `./portal manage replay` goes through all."""
    count = 0
    for subject in islice(Subject.objects.order_by("-created_at", "id"), REPLAYED_SUBJECTS):
        for check in checks().values():
            replayed = Replayed()
            difference = next(iter(check(subject, replayed)), None)
            if difference is not None:
                raise NotTheSame(f"A stored answer does not come out again: {difference}")
            count += replayed.count
    return count


def _files(folder: Path) -> list[Path]:
    return [Path(place) / name for place, _, names in os.walk(folder) for name in names]
