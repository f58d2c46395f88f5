"""Making a backup: everything as one snapshot of the database sees it, written, read again, and only then named."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from asl_portal.backup import archive, entries, tools
from evaluations.models import Blob
from evaluations.services import blobs
from frameworks.models import FrameworkVersion
from ledger import tree
from ledger.models import Checkpoint, Entry, Head
from ledger.services import LogNotOpened, head


class BackupNotMade(Exception):
    """There is no backup; the message says why."""


@dataclass(frozen=True)
class Made:
    path: Path
    sha256: str
    members: int
    blobs: int
    ledger_size: int
    ledger_root: str


def make_backup(target: Path, *, at: datetime) -> Made:
    """Writes a backup to the file `target`, or into the folder `target` under the name of its moment, and checks what it wrote.

    Raises BackupNotMade. The ledger says afterwards that one was made, so the entry is not in it.
    """
    path = target / f"asl-backup-{at:%Y%m%d-%H%M%S}.tar" if target.is_dir() else target
    if path.exists():
        raise BackupNotMade(f"{path} is there already; name another file.")
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)  # of a backup that was killed
        count = _write(part, at)
        checked = archive.check(part)
        check_root(checked)
        part.rename(path)
    except (archive.ArchiveBroken, tools.ToolMissing, tools.ToolFailed, OSError) as error:
        raise BackupNotMade(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    ledger = checked.manifest["ledger"]
    with transaction.atomic():
        entries.backup_made(sha256=checked.sha256, ledger_size=ledger["size"], at=at)
    return Made(path, checked.sha256, checked.members, count, ledger["size"], ledger["root"])


def check_root(checked: archive.Checked) -> None:
    """Computes the ledger's root anew from the entries in the archive. Raises ArchiveBroken where it is not the one the manifest names."""
    ledger = checked.manifest["ledger"]
    with tempfile.TemporaryFile() as leaves, archive.opened(checked.path, archive.DATABASE) as stream:
        # By the tools of this server: they read what an older one wrote, too.
        for row in tools.rows(stream, Entry._meta.db_table, major=tools.server_major()):
            # A table has no order; each leaf goes to its own place.
            if not 0 <= int(row["seq"]) < ledger["size"]:
                raise archive.ArchiveBroken(f"It holds an entry {row['seq']}; its manifest counts {ledger['size']}.")
            leaves.seek(int(row["seq"]) * tree.HASH_BYTES)
            leaves.write(bytes.fromhex(row["leaf_hash"].removeprefix("\\\\x")))
        leaves.seek(0)
        growth = tree.Growth()
        while leaf := leaves.read(tree.HASH_BYTES):
            growth.add(leaf)
    if (growth.size, growth.root.hex()) != (ledger["size"], ledger["root"]):
        raise archive.ArchiveBroken(
            f"The ledger in it has {growth.size} entries under {growth.root.hex()}; its manifest says {ledger['size']} under {ledger['root']}."
        )


def _write(part: Path, at: datetime) -> int:
    with _snapshot() as snapshot, tempfile.TemporaryDirectory(dir=part.parent, prefix=".asl-backup-") as folder:
        manifest = _manifest(at)
        dump = Path(folder) / archive.DATABASE
        tools.dump(dump, snapshot=snapshot, major=manifest["postgresql"])
        with archive.written(part) as writer:
            writer.add_bytes(archive.MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
            with dump.open("rb") as stream:
                writer.add(archive.DATABASE, stream, dump.stat().st_size)
            dump.unlink()
            for version in FrameworkVersion.objects.order_by("digest").iterator(chunk_size=10):
                writer.add_bytes(f"{archive.FRAMEWORKS}{version.digest.removeprefix('sha256:')}.yaml", version.source)
            return sum(_add_blob(writer, sha256, size) for sha256, size in _blobs())


def _add_blob(writer: archive.Writer, sha256: str, size: int) -> int:
    try:
        with blobs.open_bytes(sha256) as stream:
            found = writer.add(archive.BLOBS + sha256, stream, size)
    except FileNotFoundError:
        raise BackupNotMade(f"The disk has lost the uploaded bytes {sha256}; send that file again, or bring it back by hand.") from None
    if found != sha256:
        raise BackupNotMade(f"The uploaded bytes {sha256} are spoilt on the disk; send that file again, or bring it back by hand.")
    return 1


def _blobs() -> Iterator[tuple[str, int]]:
    return Blob.objects.order_by("sha256").values_list("sha256", "size").iterator(chunk_size=2000)


@contextmanager
def _snapshot() -> Iterator[str]:
    """One unmoving view of the database for us and for `pg_dump`. What is committed meanwhile is the next backup's."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        yield str(cursor.fetchone()[0])


def _manifest(at: datetime) -> dict[str, Any]:
    return {
        "format": archive.FORMAT,
        "version": archive.VERSION,
        "made_at": at.isoformat(),
        "postgresql": tools.server_major(),
        "migrations": sorted(f"{app}.{name}" for app, name in MigrationLoader(connection).applied_migrations),
        "left_out": [f"the rows of {table}" for table in tools.LEFT_OUT],
        "ledger": _ledger(_opened()),
    }


def _opened() -> Head:
    try:
        return head()
    except LogNotOpened:
        raise BackupNotMade("The ledger has not been opened yet, so there is nothing to keep.") from None


def _ledger(at_head: Head) -> dict[str, Any]:
    """Where the ledger stands, and the last signed word about it."""
    last = Checkpoint.objects.order_by("-size", "-id").first()
    return {
        "log": str(at_head.log_id),
        "mode": at_head.log.mode,
        "size": at_head.size,
        "root": bytes(at_head.root).hex(),
        "checkpoint": last.note if last else None,
        "checkpoint_key": last.verifier_key if last else None,
    }
