"""A backup is everything, checked; a restore brings it back into an empty system, or changes nothing."""

import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from psycopg import sql

from asl_portal import diagnosis, health
from asl_portal.backup import archive, tools, unfinished
from asl_portal.backup.entries import MADE, RESTORED
from asl_portal.backup.make import BackupNotMade, Made, make_backup
from asl_portal.backup.restore import NotEmpty, restore_backup
from evaluations.models import Blob
from evaluations.services import blobs
from ledger import queries
from ledger.models import Entry
from ledger.services import head
from tests.evaluations.conftest import World, make_world
from tests.evaluations.logs import log
from tests.processes import ROOT, eventually, own_environment

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@dataclass
class Elsewhere:
    """An empty system: a database without a table, with an owner and an application for it, and a folder without a file."""

    name: str
    folder: Path
    app: str
    environment: dict[str, str] = field(default_factory=dict)

    def manage(self, *words: str, largest_file: int | None = None) -> subprocess.CompletedProcess[str]:
        return managed(self.environment, *words, largest_file=largest_file)

    def begun(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def connected(self) -> psycopg.Connection[Any]:
        """As the superuser, whom nothing is kept from."""
        return psycopg.connect(**(connection.get_connection_params() | {"dbname": self.name, "cursor_factory": psycopg.Cursor}))

    def ask(self, question: str) -> object:
        with self.connected() as other:
            row = other.execute(question).fetchone()  # type: ignore[arg-type] - our own text
        assert row is not None
        return row[0]

    def files(self) -> list[Path]:
        """The uploaded bytes."""
        return [path for path in self._all_files() if path.name != unfinished.NAME]

    def waits(self) -> bool:
        """Whether a restore waits for a lock; what cleans up after others may wait as well."""
        waiting = "datname = current_database() AND backend_type = 'client backend' AND wait_event_type = 'Lock'"
        return bool(self.ask(f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}"))

    def _all_files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def left(self) -> list[str]:
        """What is there: tables, routines beside them, files."""
        tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        routines = "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        with self.connected() as other:
            names = [str(name) for (name,) in other.execute(f"{tables} UNION ALL {routines}")]
        return [*names, *(path.name for path in self._all_files())]

    @contextmanager
    def here(self) -> Iterator[None]:
        """This process works there meanwhile."""
        connection.close()
        home = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = self.name
        try:
            with override_settings(BLOB_DIR=self.folder):
                yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = home


@pytest.fixture
def elsewhere(tmp_path: Path, transactional_db: None) -> Iterator[Elsewhere]:
    name = f"{connection.settings_dict['NAME']}_elsewhere"
    owner, app = f"{name}_owner", f"{name}_app"
    here = own_environment()
    place = here["DATABASE_URL"].partition("?")[2]
    urls = {
        "DATABASE_OWNER_URL": f"postgresql://{owner}:{owner}@/{name}?{place}",
        "DATABASE_URL": f"postgresql://{app}:{app}@/{name}?{place}",
    }
    folder = tmp_path / "elsewhere"
    _forget(name, owner, app)
    with connection.cursor() as cursor:
        for role in (owner, app):
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(role)))
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)))
    yield Elsewhere(name, folder, app, here | urls | {"ASL_BLOB_DIR": str(folder)})
    _forget(name, owner, app)


def _forget(name: str, *roles: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in roles:
            cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@pytest.fixture
def world(transactional_db: None) -> World:
    world = make_world()
    world.send(log(right=38))
    return world


@pytest.fixture
def made(world: World, tmp_path: Path) -> Made:
    (tmp_path / "backups").mkdir()
    return make_backup(tmp_path / "backups", at=timezone.now())


def managed(environment: dict[str, str], *words: str, largest_file: int | None = None) -> subprocess.CompletedProcess[str]:
    """A command; with `largest_file` the system refuses it every larger file, as a full disk does."""

    def cramp() -> None:
        if largest_file:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=90, preexec_fn=cramp)


def manage_here(*words: str, largest_file: int | None = None) -> subprocess.CompletedProcess[str]:
    """On this test's own system."""
    return managed(own_environment(), *words, largest_file=largest_file)


def test_a_backup_comes_back_whole_in_an_empty_system_with_its_two_roles(world: World, elsewhere: Elsewhere, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    made = manage_here("backup", str(file))
    assert made.returncode == 0, made.stdout + made.stderr
    assert f"sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}" in made.stdout
    done = elsewhere.manage("restore", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert elsewhere.manage("verify_ledger").returncode == 0
    replayed = elsewhere.manage("replay")
    assert "evaluations.assessments: 2 replayed" in replayed.stdout and replayed.returncode == 0
    assert elsewhere.ask(f"SELECT summary->>'bio-3' FROM evaluations_assessment WHERE id = '{world.assessment.pk}'") == "cannot_rule_out"
    [kept] = elsewhere.files()
    assert kept.read_bytes() == log(right=38) and hashlib.sha256(log(right=38)).hexdigest() == kept.name
    assert elsewhere.ask(f"SELECT count(*) FROM ledger_entry WHERE kind = '{RESTORED}'") == 1
    # The application works on ordinary tables, adds to the record, and changes nothing in it.
    for table, rights in {"ledger_entry": "ti", "people_user": "tiud", "django_migrations": "t"}.items():
        held = [elsewhere.ask(f"SELECT has_table_privilege('{elsewhere.app}', '{table}', '{right}')") for right in RIGHTS.values()]
        assert [letter for letter, may in zip(RIGHTS, held, strict=True) if may] == list(rights), table
    again = elsewhere.manage("restore", str(file))
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


RIGHTS = {"t": "SELECT", "i": "INSERT", "u": "UPDATE", "d": "DELETE"}
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
    assert elsewhere.left() == []


def rewritten(made: Made, change: Callable[[dict[str, Any]], object], *, without: str = "nothing") -> Path:
    """The same backup with another manifest, perhaps without some members, every digest made to fit."""
    path = made.path.with_name("rewritten.tar")
    path.unlink(missing_ok=True)
    with archive.written(path) as writer:
        for name, _, stream in archive.members(made.path):
            content = stream.read()
            if name == archive.MANIFEST:
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
            if not name.startswith(without):
                writer.add_bytes(name, content)
    return path


def test_a_forged_ledger_is_found_though_every_digest_is_made_to_fit(made: Made, elsewhere: Elsewhere) -> None:
    forged = rewritten(made, lambda manifest: manifest["ledger"].update(root="0" * 64))
    assert archive.check(forged).members == made.members
    with elsewhere.here(), pytest.raises(CommandError, match="its manifest says"):
        call_command("restore", forged)
    assert elsewhere.left() == []


FOREIGN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a newer portal": (
        lambda manifest: manifest["migrations"].append("reviews.9999_later"),
        "was made by a newer portal, which has reviews.9999_later",
    ),
    "a newer PostgreSQL": (lambda manifest: manifest.update(postgresql=99), "was made of PostgreSQL 99; this server is"),
    "a later form of backup": (lambda manifest: manifest.update(version=2), "It is of version 2; this portal reads version 1"),
}


def test_a_backup_of_a_later_portal_or_server_is_refused_by_name_and_changes_nothing(made: Made, elsewhere: Elsewhere) -> None:
    for change, said in FOREIGN.values():
        with elsewhere.here(), pytest.raises(CommandError, match=said):
            call_command("restore", rewritten(made, change))
        assert elsewhere.left() == []


@pytest.fixture
def earlier_version() -> Iterator[None]:
    """This database as the version before had it."""
    last = "0017_imported_records"
    call_command("migrate", "reviews", last, verbosity=0)
    yield
    call_command("migrate", "reviews", verbosity=0)


def test_a_backup_of_an_earlier_portal_and_an_older_server_is_brought_up_to_date(
    world: World, earlier_version: None, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    made = make_backup(tmp_path, at=timezone.now())
    with elsewhere.here():
        call_command("restore", rewritten(made, lambda manifest: manifest.update(postgresql=15)))
        assert call_command("migrate", check_unapplied=True, verbosity=0) is None
    assert elsewhere.ask("SELECT count(*) FROM reviews_motion") == 0
    assert elsewhere.ask("SELECT count(*) FROM evaluations_assessment") == 2
    assert elsewhere.files()


def _a_name_is_taken(made: Made, elsewhere: Elsewhere) -> Path:
    """Something stands in the database that is no table, and has the name of something that would be brought."""
    with elsewhere.connected() as other:
        other.execute("CREATE SEQUENCE evaluations_upload_pkey")
    return made.path


def _a_role_is_missing(made: Made, elsewhere: Elsewhere) -> Path:
    with elsewhere.connected() as other:
        other.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(elsewhere.app)))
    return made.path


def _bytes_are_missing(made: Made, elsewhere: Elsewhere) -> Path:
    return rewritten(made, lambda manifest: manifest, without=archive.BLOBS)


STOPS = {
    "while the database is loaded": (_a_name_is_taken, "already exists"),
    "while rights are given": (_a_role_is_missing, "The database has no role"),
    "while all of it is verified": (_bytes_are_missing, "are not in the backup"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_restore_that_fails_half_way_leaves_nothing_half_restored(made: Made, elsewhere: Elsewhere, stop: str) -> None:
    prepare, said = STOPS[stop]
    file = prepare(made, elsewhere)
    with elsewhere.here(), override_settings(DATABASE_APP_ROLE=elsewhere.app), pytest.raises(CommandError) as failed:
        call_command("restore", file)
    assert "Everything is as empty as before" in str(failed.value) and said in str(failed.value)
    assert elsewhere.left() == []


def test_bytes_that_the_disk_spoils_while_they_are_restored_are_found(made: Made, elsewhere: Elsewhere) -> None:
    with elsewhere.connected() as held, ThreadPoolExecutor(1) as pool:
        # The bytes are restored first; whoever makes a table then waits.
        held.execute("LOCK TABLE pg_catalog.pg_class IN SHARE MODE")
        restoring = pool.submit(elsewhere.manage, "restore", str(made.path))
        eventually(elsewhere.waits)
        [kept] = elsewhere.files()
        kept.chmod(0o600)
        kept.write_bytes(kept.read_bytes()[:-1] + b"?")
        held.rollback()
        done = restoring.result(timeout=90)
    assert done.returncode == 1 and "does not give them back as they were" in done.stderr
    assert elsewhere.left() == []


LOADING, VERIFYING = "while the database is loaded", "while all of it is verified"


@pytest.mark.parametrize("moment", [LOADING, VERIFYING])
def test_a_restore_that_is_killed_half_way_is_told_as_one_and_not_gone_on_with(made: Made, elsewhere: Elsewhere, moment: str) -> None:
    with elsewhere.connected() as held:
        if moment == LOADING:
            held.execute("LOCK TABLE pg_catalog.pg_class IN SHARE MODE")
        with elsewhere.begun("restore", str(made.path)) as restoring:
            # Once the table is there, all of the database is.
            eventually(lambda: moment == LOADING or _locked(held, "ledger_entry"))
            eventually(elsewhere.waits)
            restoring.kill()
        held.rollback()
    # The server's own tool outlives it: it ends when it finds that nobody feeds it any more, or with what it was fed.
    others = "datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    eventually(lambda: not elsewhere.ask(f"SELECT count(*) FROM pg_stat_activity WHERE {others}"))
    if "ledger_entry" in elsewhere.left() or moment == VERIFYING:
        assert elsewhere.ask("SELECT count(*) FROM ledger_entry") == made.ledger_size, "the database comes whole or not at all"
    assert elsewhere.files() and unfinished.NAME in elsewhere.left(), "bytes, and the mark of a restore that has not ended"
    with elsewhere.here():
        assert not health.blobs_writable(), "nobody is led to it"
        found = [answer for answer in diagnosis._folders() if answer.state == diagnosis.BAD]
        assert [answer.name for answer in found] == ["restore"] and "killed half-way" in found[0].found
    again = elsewhere.manage("restore", str(made.path))
    assert again.returncode == 1 and "A restore was killed half-way" in again.stderr, again.stderr


def _locked(held: psycopg.Connection[Any], table: str) -> bool:
    held.rollback()
    try:
        held.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE NOWAIT")  # type: ignore[arg-type] - our own text
    except (psycopg.errors.UndefinedTable, psycopg.errors.LockNotAvailable):
        return False
    return True


def test_on_a_full_disk_nothing_is_restored_and_a_good_backup_is_called_no_broken_one(
    world: World, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    world.send(log(right=20, run="run-2", eval__metadata={"padding": os.urandom(1_000_000).hex()}))
    made = make_backup(tmp_path / "backup.tar", at=timezone.now())
    for largest_file, said in ((900_000, "Everything is as empty as before"), (100, "the backup may be whole")):
        done = elsewhere.manage("restore", str(made.path), largest_file=largest_file)
        assert done.returncode == 1 and said in done.stderr and "not a whole backup" not in done.stderr, done.stderr
        assert elsewhere.left() == []
    assert elsewhere.manage("restore", str(made.path)).returncode == 0


def test_of_two_restores_at_once_the_second_takes_nothing_from_the_first(made: Made, elsewhere: Elsewhere) -> None:
    with elsewhere.connected() as held, ThreadPoolExecutor(1) as pool:
        held.execute("LOCK TABLE pg_catalog.pg_class IN SHARE MODE")
        restoring = pool.submit(elsewhere.manage, "restore", str(made.path))
        eventually(elsewhere.waits)
        second = elsewhere.manage("restore", str(made.path))
        held.rollback()
        first = restoring.result(timeout=90)
    assert second.returncode == 1 and "Another restore into this database is under way" in second.stderr, second.stderr
    assert first.returncode == 0, first.stderr
    assert len(elsewhere.files()) == 1 and elsewhere.manage("verify_ledger").returncode == 0


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


def test_bytes_that_were_spoilt_on_the_disk_since_they_came_are_put_into_no_backup(world: World, tmp_path: Path) -> None:
    [upload] = world.subject.uploads.all()
    kept = blobs.path_of(upload.blob_id)
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    with pytest.raises(BackupNotMade, match="are spoilt on the disk"):
        make_backup(tmp_path / "backup.tar", at=timezone.now())
    assert not list(tmp_path.glob("backup.tar*")) and not Entry.objects.filter(kind=MADE).exists()


def test_a_backup_that_the_disk_spoils_while_it_is_written_is_no_backup(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is read again from end to end before it has its name, and before the ledger tells of it."""
    synced, spoilt = os.fsync, []

    def sync_and_spoil(handle: int) -> None:
        synced(handle)
        where = os.pread(handle, os.fstat(handle).st_size, 0).find(log(right=38)[:400])
        if where >= 0:
            spoilt.append(os.pwrite(handle, b"?", where + 200))

    monkeypatch.setattr(os, "fsync", sync_and_spoil)
    with pytest.raises(BackupNotMade, match="does not have its own digest"):
        make_backup(tmp_path / "backup.tar", at=timezone.now())
    assert spoilt and not list(tmp_path.glob("backup.tar*")) and not Entry.objects.filter(kind=MADE).exists()


def test_a_backup_that_is_made_while_uploads_arrive_holds_each_row_of_its_moment_with_its_bytes(world: World, tmp_path: Path) -> None:
    there = set(Blob.objects.values_list("sha256", flat=True))
    with (
        psycopg.connect(**(connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})) as held,
        ThreadPoolExecutor(1) as pool,
    ):
        # It has chosen its moment, and waits to read the tables.
        held.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        making = pool.submit(_backup_alone, tmp_path)
        eventually(lambda: _somebody_waits(held))
        for run in ("run-2", "run-3"):
            world.send(log(right=20, run=run))
        held.rollback()
        made = making.result(timeout=90)
    assert Blob.objects.count() == len(there) + 2
    kept = {name.removeprefix(archive.BLOBS) for name, *_ in archive.members(made.path) if name.startswith(archive.BLOBS)}
    with archive.opened(made.path, archive.DATABASE) as stream:
        rows = [row["sha256"] for row in tools.rows(stream, "evaluations_blob", major=tools.server_major())]
    assert set(rows) == kept == there and len(rows) == made.blobs
    assert made.ledger_size < Entry.objects.get(kind=MADE).seq


def _backup_alone(folder: Path) -> Made:
    try:
        return make_backup(folder, at=timezone.now())
    finally:
        connection.close()


def _somebody_waits(held: psycopg.Connection[Any]) -> bool:
    return bool(held.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0])  # type: ignore[index]


def test_on_a_full_disk_no_backup_is_made_and_nothing_of_it_stays(world: World, tmp_path: Path) -> None:
    world.send(log(right=20, run="run-2", eval__metadata={"padding": os.urandom(2_000_000).hex()}))
    folder = tmp_path / "backups"
    folder.mkdir()
    for largest_file in (60_000, 1_500_000):  # too little for the database, and for the whole
        done = manage_here("backup", str(folder), largest_file=largest_file)
        assert done.returncode == 1 and "No backup was made." in done.stderr, done.stderr
        assert not list(folder.iterdir())
    assert not Entry.objects.filter(kind=MADE).exists()
