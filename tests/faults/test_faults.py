"""Faults done to real processes, one a test. After each the same question: is the world whole? (docs/faults.md)"""

import os
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from aiosmtpd.controller import Controller
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from asl_portal.embedded.postgres import SUPERUSER, Postgres
from asl_portal.embedded.processes import Child, Log
from asl_portal.embedded.valkey import Valkey, free_port
from evaluations.models import AssessmentDue, DueState, Upload, UploadState
from ledger.clock import shared_now
from people.words import Scope
from reviews.models import Notice
from reviews.models.notice import Channel, WorkState
from reviews.models.preference import ByMail
from reviews.services import cases, outlets
from tests.evaluations.conftest import World, make_world
from tests.faults.house import House, a_large_log, a_log, until
from tests.makers import CONFIRMED, give_password, make_token
from tests.processes import Sink, Worker, receiving

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

ADA = "ada@lab.example"
BARE = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[House]:
    """Servers of this module alone; this process reads their database as its own."""
    folder = tmp_path_factory.mktemp("house")
    for place in (folder, *folder.parents[:2]):
        place.chmod(0o711)  # PostgreSQL may have to run as nobody
    log, lock = Log(folder / "servers.log"), folder / "children.lock"
    postgres = Postgres(folder / "data" / "postgres", secrets.token_urlsafe(12), passing=True)
    postgres.make()
    (folder / "valkey").mkdir()
    valkey = Valkey(folder / "valkey", secrets.token_urlsafe(12), free_port())
    sink = Sink()
    mail = Controller(sink, hostname="127.0.0.1", port=free_port())
    mail.start()
    stack = ExitStack()
    outside = stack.enter_context(receiving(folder / "outside"))
    broker = Child("valkey", valkey.command(), BARE, log, lock)
    house = House(folder, postgres, postgres.child(BARE, log, lock), valkey, broker, sink, mail.port, outside)
    house.database.start()
    house.broker.start()
    house.blobs, house.port, house.cramped_port = folder / "blobs", free_port(), free_port()
    before = dict(connection.settings_dict)
    try:
        postgres.wait(seconds=90)
        valkey.wait(seconds=90)
        connection.close()
        login = {"USER": SUPERUSER, "PASSWORD": postgres.superuser_password, "HOST": str(postgres.sockets), "PORT": ""}
        connection.settings_dict.update(login | {"NAME": "postgres"})
        with django_db_blocker.unblock(), override_settings(BLOB_DIR=house.blobs, OUTLET_NETWORKS=["127.0.0.0/8"]):
            call_command("migrate", verbosity=0)
            world = make_world()
            house.token = make_token(world.cast.ada, Scope.EVALUATIONS_WRITE, Scope.EVALUATIONS_READ)
            _furnish(house, world)
            house.web(house.port)
            yield house
    finally:
        house.stop()
        mail.stop()
        stack.close()
        connection.settings_dict.update(before)
        log.close()


def _furnish(house: House, world: World) -> None:
    """A case to report of, and somebody outside to tell."""
    house.case = cases.open_case(
        subject=world.subject,
        framework_version=world.framework,
        kind="precaution",
        reason="To be safe.",
        actor=world.cast.ben,
        at=shared_now(),
        thresholds=["bio-3"],
    )
    house.ada, ivo = world.cast.ada, world.cast.ivo
    give_password(ivo, at=shared_now())
    told = {"label": "Pager", "address": f"{house.outside.address}/hook", "topics": ["cases", "gate"], "confirmation": CONFIRMED}
    house.outlet, _ = outlets.add_webhook(actor=ivo, user=ivo.user, at=shared_now(), **told)


@pytest.fixture
def house(built: House, settings: Any) -> Iterator[House]:
    settings.BLOB_DIR = built.blobs
    built.sink.holding = built.sink.silent = ""
    built.outside.answer("204")
    yield built


def test_without_a_worker_the_portal_is_alive_and_not_ready(house: House) -> None:
    status, said = house.get("/readyz")
    there = dict.fromkeys(("database", "broker", "blobs", "ledger"), True)
    assert (status, said) == (503, {"status": "not ready", "worker": False, **there})
    assert house.get("/healthz")[0] == 200


def _kill_children(worker: Worker) -> None:
    """Its pool and its scheduler. Without a scheduler it leaves, so that whoever started it starts it again."""
    for child in psutil.Process(worker.process.pid).children(recursive=True):
        child.send_signal(signal.SIGKILL)
    until(lambda: worker.process.poll() is not None)


def _kill_main(worker: Worker) -> None:
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()


@pytest.mark.parametrize(
    "kill", [_kill_children, _kill_main, Worker.kill], ids=["its pool and scheduler", "its main process", "the whole group"]
)
def test_a_worker_killed_in_the_middle_of_a_reading(house: House, kill: Any) -> None:
    house.stop_workers()
    worker = house.worker()
    with psycopg.connect(**(connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})) as held:
        # Whoever stores a reading locks its subject first; we hold that lock, so the reader is in the middle for certain.
        held.execute("SELECT 1 FROM evaluations_subject FOR NO KEY UPDATE")
        house.send_some(1)
        reading = until(lambda: Upload.objects.filter(state=UploadState.PARSING, percent=70).first())
        kill(worker)
        house.workers.remove(worker)
    house.worker()
    house.is_whole()
    reading.refresh_from_db()
    assert (reading.state, reading.attempts) == (UploadState.PARSED, 2)


def test_a_worker_killed_while_a_mail_is_in_hand(house: House) -> None:
    house.stop_workers()
    house.sink.held, house.sink.holding = 0, ADA
    worker = house.worker()
    house.send_some(1)
    until(lambda: house.sink.held)
    in_hand = Notice.objects.filter(channel=Channel.MAIL, state=WorkState.WORKING, kind="upload_rejected").order_by("pk")[0]
    worker.kill()
    house.workers.remove(worker)
    house.sink.holding = ""
    house.worker()
    house.tell_and_report()
    house.is_whole()
    in_hand.refresh_from_db()
    assert in_hand.state == WorkState.DONE and in_hand.attempts > 1, "sent by another"


def test_a_worker_killed_when_a_digest_and_a_delivery_were_handed_over_and_nobody_had_said_so(house: House) -> None:
    """Whether the other side has it nobody can know, so at least once is all that can be promised: it comes again, word for word, under the id by which
    a receiver knows it as one."""
    house.stop_workers()
    house.tell_ada(ByMail.DAILY)
    worker, mails, requests = house.worker(), len(house.sink.to(ADA)), len(house.outside.got)
    house.sink.silent = ADA
    house.send_some(1)
    digest = Notice.objects.filter(channel=Channel.DIGEST, state=WorkState.WAITING)
    until(digest.exists)
    house.outside.answer("hold")
    house.tell_and_report()
    digest.update(not_before=shared_now())  # its hour comes
    until(lambda: len(house.sink.to(ADA)) > mails and len(house.outside.got) > requests)
    worker.kill()
    house.workers.remove(worker)
    mail, request = house.sink.to(ADA)[mails], house.outside.got[requests]
    house.handed_over |= {str(mail["Message-ID"]), request["headers"]["webhook-id"]}
    house.sink.silent = ""
    house.outside.answer("204")
    house.tell_ada(ByMail.AT_ONCE)
    house.worker()
    house.is_whole()
    same = [each.get_content() for each in house.sink.messages if each["Message-ID"] == mail["Message-ID"]]
    assert len(same) > 1 and set(same) == {mail.get_content()}
    same = [each["body"] for each in house.outside.got if each["headers"]["webhook-id"] == request["headers"]["webhook-id"]]
    assert len(same) > 1 and set(same) == {request["body"]}


@contextmanager
def _nobody_writes(table: str) -> Iterator[Callable[[], bool]]:
    """Holds up whoever writes a row there, and gives a question: does somebody wait?"""
    with psycopg.connect(**(connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})) as held:
        held.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield lambda: bool(
            held.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table]).fetchone()[0]
        )  # type: ignore[index]
        held.rollback()


def test_a_worker_killed_while_a_report_is_being_made(house: House) -> None:
    house.stop_workers()
    worker = house.worker()
    with _nobody_writes("evaluations_blob") as somebody_waits:
        # Its bytes lie on the shelf; the row that says so, and the entry that names them, are not written.
        export = house.ask_report("pdf")
        until(somebody_waits)
        export.refresh_from_db()
        assert export.state == WorkState.WORKING
        worker.kill()
        house.workers.remove(worker)
    house.worker()
    house.send_some(1)
    house.is_whole()
    export.refresh_from_db()
    assert export.state == WorkState.DONE and export.attempts > 1, "made by another; how often a slow machine took it up is its own affair"


def test_a_worker_killed_while_an_assessment_is_in_hand(house: House) -> None:
    house.stop_workers()
    worker = house.worker()
    with _nobody_writes("evaluations_assessment") as somebody_waits:
        # The file is read and its entry heard; the answer is computed and not stored.
        house.send_some(1)
        until(somebody_waits)
        assert AssessmentDue.objects.filter(state=DueState.WORKING).exists()
        worker.kill()
        house.workers.remove(worker)
    house.worker()
    house.tell_and_report()
    house.is_whole()


A_MINUTE = 60


def test_a_broker_stopped_for_a_minute_of_uploads_and_started_empty(house: House) -> None:
    """A whole one, for this is longer than every patience here: what is left alone for 15 seconds is asked again three times, the worker's mark of life runs out,
    and the worker's own waits between two tries to reach the broker have grown."""
    house.have_workers(1)
    house.broker.stop()
    house.tell_and_report()
    back_at = time.monotonic() + A_MINUTE
    accepted = len(house.accepted)
    while time.monotonic() < back_at:
        house.send_some(1)
        assert house.get("/healthz") == (200, {"status": "alive"})
        status, said = house.get("/readyz")
        assert (status, said["broker"], said["database"], said["ledger"]) == (503, False, True, True)
        time.sleep(2)  # the pace of whoever uploads; nothing is waited for
    assert len(house.accepted) - accepted > 2 * A_MINUTE / 10
    shutil.rmtree(house.valkey.folder / "appendonlydir")
    house.broker.start()
    house.valkey.wait(seconds=90)
    house.send_some(1)
    house.is_whole()


def test_a_broker_frozen_on_an_open_connection(house: House) -> None:
    house.have_workers(1)
    house.send_some(1)
    house.freeze_broker()
    try:
        began = time.monotonic()
        house.send_some()
        assert time.monotonic() - began < 25, "people wait for a frozen broker once, not at every upload"
        status, said = house.get("/readyz")
        assert (status, said["broker"], said["worker"], said["database"]) == (503, False, False, True)
        assert house.get("/healthz")[0] == 200
    finally:
        house.thaw_broker()
    house.is_whole()


def test_a_database_restarted_under_load(house: House) -> None:
    house.have_workers(1)
    files = [a_log() for _ in range(12)]
    answers: list[int] = []

    def bring(content: bytes) -> None:
        """As a client does: what was not accepted is sent again."""
        while (status := house.upload(content)[0]) not in {200, 202}:
            answers.append(status)
            time.sleep(0.2)
        answers.append(status)

    threads = [threading.Thread(target=lambda part=part: [bring(each) for each in part]) for part in (files[:4], files[4:8], files[8:])]
    with psycopg.connect(**(connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})) as held:
        # A reader that stands before this lock is in the middle for certain, and loses the database there.
        held.execute("SELECT 1 FROM evaluations_subject FOR NO KEY UPDATE")
        for thread in threads:
            thread.start()
        reading = until(lambda: Upload.objects.filter(state=UploadState.PARSING, percent=70).first())
        until(lambda: 202 in answers)
        connection.close()
        house.database.stop()
        held.close()
    assert house.get("/readyz")[1]["database"] is False
    assert house.get("/healthz")[0] == 200
    house.database.start()
    house.postgres.wait(seconds=90)
    for thread in threads:
        thread.join()
    assert set(answers) <= {0, 200, 202, 500, 503}
    house.is_whole()
    assert len(house.accepted) >= len(files)
    reading.refresh_from_db()
    assert (reading.state, reading.attempts) == (UploadState.PARSED, 2), "read by another once its lease had run out"


def test_a_disk_that_is_full_while_bytes_are_stored(house: House) -> None:
    house.have_workers(1)
    house.web(house.cramped_port, largest_file=150_000)
    content = a_large_log(200_000)
    before = Upload.objects.count()
    status, refused = house.upload(content, port=house.cramped_port)
    assert (status, refused["code"]) == (409, "no_room")
    assert Upload.objects.count() == before
    assert not list((house.blobs / "incoming").iterdir()), "nothing half received is left"
    assert house.upload(a_log(), port=house.cramped_port)[0] == 202, "what fits is still taken"
    assert house.upload(content)[0] == 202, "and once there is room, so is the file"
    house.is_whole()


def test_the_same_bytes_twice_at_once(house: House) -> None:
    house.have_workers(1)
    content, answers = a_log(), []
    threads = [threading.Thread(target=lambda: answers.append(house.upload(content))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [200] * 5 + [202]
    assert len({answer["id"] for _, answer in answers}) == 1
    house.is_whole()


def test_two_schedulers(house: House) -> None:
    house.have_workers(2)
    house.tell_and_report()
    house.send_some(4)
    house.is_whole()


def test_a_worker_whose_clock_has_jumped(house: House) -> None:
    house.stop_workers()
    house.worker(program=(str(Path(__file__).with_name("worker_of_another_day.py")), "1"))
    house.send_some(1)
    house.tell_and_report()
    house.is_whole()
    house.stop_workers()
    house.worker(program=(str(Path(__file__).with_name("worker_of_another_day.py")), "-1"))
    house.send_some(1)
    house.tell_and_report()
    house.is_whole()
    house.stop_workers()


def test_a_lease_and_a_wait_written_by_a_clock_that_has_jumped_since(house: House) -> None:
    house.stop_workers()
    house.send_some(2)
    far = shared_now() + timedelta(days=3650)
    first, second = Upload.objects.filter(state=UploadState.RECEIVED).order_by("received_seq")[:2]
    Upload.objects.filter(pk=first.pk).update(state=UploadState.PARSING, attempts=1, lease_until=far, lease_token=first.pk)
    Upload.objects.filter(pk=second.pk).update(attempts=1, not_before=far)
    house.worker()
    house.is_whole()


def test_a_migration_that_is_missing_keeps_the_portal_unready(house: House) -> None:
    house.have_workers(1)
    until(lambda: house.get("/readyz")[0] == 200)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'reviews' AND name = '0001_initial' RETURNING app, name, applied")
        row = cursor.fetchone()
        status, said = house.get("/readyz")
        assert (status, said["database"], said["broker"]) == (503, False, True)
        assert house.get("/healthz")[0] == 200
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row)
    assert house.get("/readyz")[0] == 200
