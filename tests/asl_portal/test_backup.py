"""A backup is everything, checked; a restore brings it back into an empty system, or changes nothing."""

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from psycopg import sql

from asl_portal.backup import archive
from asl_portal.backup.entries import MADE, RESTORED
from asl_portal.backup.make import BackupNotMade, Made, make_backup
from asl_portal.backup.restore import NotEmpty, restore_backup
from evaluations.services import blobs
from ledger import queries
from ledger.models import Entry
from ledger.services import head
from tests.evaluations.conftest import World, make_world
from tests.evaluations.logs import log
from tests.processes import ROOT, own_environment

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@dataclass
class Elsewhere:
    """An empty system: a database without a table and a folder without a file."""

    name: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=90)

    def ask(self, question: str) -> object:
        with psycopg.connect(**(connection.get_connection_params() | {"dbname": self.name, "cursor_factory": psycopg.Cursor})) as other:
            row = other.execute(question).fetchone()  # type: ignore[arg-type] - our own text
        assert row is not None
        return row[0]

    def is_empty(self) -> bool:
        tables = self.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return tables == 0 and not [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def elsewhere(tmp_path: Path, transactional_db: None) -> Iterator[Elsewhere]:
    name = f"{connection.settings_dict['NAME']}_elsewhere"
    here = own_environment()
    url = here["DATABASE_URL"].replace(f"/{connection.settings_dict['NAME']}?", f"/{name}?")
    folder = tmp_path / "elsewhere"
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    yield Elsewhere(name, folder, here | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "ASL_BLOB_DIR": str(folder)})
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def world(transactional_db: None) -> World:
    world = make_world()
    world.send(log(right=38))
    return world


@pytest.fixture
def made(world: World, tmp_path: Path) -> Made:
    (tmp_path / "backups").mkdir()
    return make_backup(tmp_path / "backups", at=timezone.now())


def test_a_backup_comes_back_whole_in_an_empty_system(made: Made, world: World, elsewhere: Elsewhere) -> None:
    done = elsewhere.manage("restore", str(made.path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert elsewhere.manage("verify_ledger").returncode == 0
    replayed = elsewhere.manage("replay")
    assert "evaluations.assessments: 2 replayed" in replayed.stdout and replayed.returncode == 0
    assert elsewhere.ask(f"SELECT summary->>'bio-3' FROM evaluations_assessment WHERE id = '{world.assessment.pk}'") == "cannot_rule_out"
    [kept] = [path for path in elsewhere.folder.rglob("*") if path.is_file()]
    assert kept.read_bytes() == log(right=38)
    assert elsewhere.ask(f"SELECT count(*) FROM ledger_entry WHERE kind = '{RESTORED}'") == 1
    again = elsewhere.manage("restore", str(made.path))
    assert again.returncode == 1 and "into an empty system only" in again.stderr


def test_a_backup_holds_the_snapshot_the_frameworks_and_the_root_and_the_ledger_tells_of_it(made: Made, world: World) -> None:
    content = {name: stream.read() for name, _, stream in archive.members(made.path)}
    manifest = json.loads(content[archive.MANIFEST])
    assert made.path.stat().st_mode & 0o077 == 0
    assert (made.ledger_size, made.ledger_root) == (manifest["ledger"]["size"], manifest["ledger"]["root"])
    assert head().size == made.ledger_size + 1, "the entry that tells of the backup comes after it"
    [entry] = Entry.objects.filter(kind=MADE).prefetch_related("fields")
    assert entry.values["sha256"] == f"sha256:{made.sha256}"
    assert content[f"{archive.FRAMEWORKS}{world.framework.digest.removeprefix('sha256:')}.yaml"] == world.framework.source
    assert queries.is_sound()


def _flip(path: Path, where: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(where) + len(where) // 2] ^= 1
    path.write_bytes(content)


def _without(path: Path, name: str) -> None:
    """A whole tar again, but for one member."""
    with tarfile.open(path) as tar:
        kept = [(member, tar.extractfile(member).read()) for member in tar if member.name != name]  # type: ignore[union-attr]
    with tarfile.open(path, "w") as tar:
        for member, content in kept:
            tar.addfile(member, io.BytesIO(content))


BREAKAGES = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-30_000]),
    "another byte in an upload": lambda path: _flip(path, log(right=38)[:400]),
    "another byte in the database": lambda path: _flip(path, b"PGDMP"),
    "another ledger size in the manifest": lambda path: _flip(path, b'"size": '),
    "an upload taken out": lambda path: _without(path, next(name for name, *_ in archive.members(path) if name.startswith(archive.BLOBS))),
    "the database taken out": lambda path: _without(path, archive.DATABASE),
    "no backup at all": lambda path: path.write_bytes(b"PK\3\4" * 9000),
}


def test_a_broken_backup_is_found_before_anything_is_changed(made: Made, elsewhere: Elsewhere, tmp_path: Path) -> None:
    assert archive.check(made.path).sha256 == made.sha256
    for breakage, spoil in BREAKAGES.items():
        copy = tmp_path / "copy.tar"
        copy.write_bytes(made.path.read_bytes())
        spoil(copy)
        with pytest.raises(archive.ArchiveBroken):
            pytest.fail(f"{breakage}: {archive.check(copy)}")
    refused = elsewhere.manage("restore", str(copy))
    assert refused.returncode == 1 and "nothing was changed" in refused.stderr
    assert elsewhere.is_empty()


def test_a_forged_ledger_is_found_though_every_digest_is_made_to_fit(made: Made, elsewhere: Elsewhere, tmp_path: Path) -> None:
    forged = tmp_path / "forged.tar"
    with archive.written(forged) as writer:
        for name, size, stream in archive.members(made.path):
            content = stream.read()
            writer.add_bytes(name, content.replace(made.ledger_root[:8].encode(), b"00000000") if name == archive.MANIFEST else content)
            assert size == len(content)
    assert archive.check(forged).members == made.members
    refused = elsewhere.manage("restore", str(forged))
    assert refused.returncode == 1 and "its manifest says" in refused.stderr
    assert elsewhere.is_empty()


def test_nothing_is_restored_over_what_is_there(made: Made) -> None:
    before = Entry.objects.count()
    with pytest.raises(NotEmpty):
        restore_backup(made.path, at=timezone.now())
    assert Entry.objects.count() == before


def test_a_backup_that_cannot_be_whole_is_not_made(world: World, tmp_path: Path) -> None:
    [upload] = world.subject.uploads.all()
    blobs.path_of(upload.blob_id).unlink()
    with pytest.raises(BackupNotMade, match="has lost the uploaded bytes"):
        make_backup(tmp_path / "backup.tar", at=timezone.now())
    assert not list(tmp_path.glob("backup.tar*"))
    assert not Entry.objects.filter(kind=MADE).exists()
