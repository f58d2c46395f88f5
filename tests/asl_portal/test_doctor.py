"""The doctor: every precondition, and a mend beside each that does not hold."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from asl_portal import diagnosis, health
from asl_portal.backup.entries import backup_made
from asl_portal.diagnosis import BAD, GOOD, WARNING
from asl_portal.embedded.valkey import free_port
from evaluations.services import blobs, readings
from ledger.delivery import STUCK_AFTER
from ledger.models import Cursor
from tests.makers import later, make_log, make_people, make_subject, send_file
from tests.processes import SignInProvider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folders(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = settings.BLOB_DIR = tmp_path
    settings.PUBLIC_URL = "http://localhost:8000"


def _states() -> dict[str, str]:
    return {answer.name: answer.state for answer in diagnosis.examine()}


def test_every_answer_that_is_not_good_comes_with_its_mend() -> None:
    answers = diagnosis.examine()
    assert {answer.state for answer in answers} > {GOOD, BAD}
    assert all(answer.mend for answer in answers if answer.state != GOOD)


def test_a_portal_without_a_worker_or_a_log_fails_and_names_both(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError):
        call_command("doctor")
    said = capsys.readouterr().out
    assert "FAILED   worker: no worker has been heard of lately" in said
    assert "FAILED   ledger: the log is not open" in said


def test_an_open_log_and_a_living_worker_are_good() -> None:
    make_log()
    health.mark_worker_alive()
    states = _states()
    assert (states["worker"], states["ledger"], states["migrations"]) == (GOOD, GOOD, GOOD)


def test_a_sign_in_provider_is_asked_whether_it_is_the_one_that_was_named(sign_in_provider: SignInProvider, settings: Any) -> None:
    assert _states()["sign-in provider"] == GOOD
    sign_in_provider.lie(issuer="https://evil.example")
    assert _states()["sign-in provider"] == BAD
    sign_in_provider.process.kill()
    sign_in_provider.process.wait()
    assert _states()["sign-in provider"] == WARNING
    settings.OIDC_ISSUER = ""
    assert "sign-in provider" not in _states()


def test_mail_that_reaches_nobody_is_a_warning_and_a_named_server_is_not(settings: Any) -> None:
    settings.EMAIL_HOST = ""
    assert _states()["mail"] == WARNING
    settings.EMAIL_HOST = "mail.example.org"
    assert _states()["mail"] == GOOD


def test_a_folder_that_cannot_be_written_is_found(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.BLOB_DIR = tmp_path / "file" / "blobs"
    assert (_states()["blob folder"], _states()["data folder"]) == (BAD, GOOD)


def test_what_was_given_up_is_told_and_a_consumer_that_stands_still_fails(settings: Any) -> None:
    assert _states()["work"] == GOOD
    cast = make_people("ada", "ben")
    upload = send_file(cast, b"a log nobody can find again", make_subject(cast))
    blobs.path_of(upload.blob_id).unlink()
    for hour in range(12):
        readings.parse(upload_id=upload.pk, at=later(hours=hour))
    said = {answer.name: answer for answer in diagnosis.examine()}
    assert (said["work"].state, said["work"].found) == (WARNING, "given up: 1 uploads")
    assert "consumers" not in said
    Cursor.objects.create(consumer="tests.broken", position=3, attempts=STUCK_AFTER, error="ZeroDivisionError in handle, line 7")
    said = {answer.name: answer for answer in diagnosis.examine()}
    assert (said["consumers"].state, said["consumers"].found) == (
        BAD,
        "stands still: tests.broken at entry 3 (ZeroDivisionError in handle, line 7)",
    )


def test_a_portal_that_is_down_is_told_so_and_one_that_answers_is_well(live_server: Any, settings: Any) -> None:
    settings.PUBLIC_URL = f"http://localhost:{free_port()}"
    said = {answer.name: answer for answer in diagnosis.examine()}["pages"]
    assert (said.state, said.found) == (BAD, f"{settings.PUBLIC_URL} does not answer: the portal is down")
    settings.PUBLIC_URL = "https://portal.invalid"
    assert _states()["pages"] == WARNING
    settings.PUBLIC_URL = live_server.url
    assert _states()["pages"] == GOOD


def test_a_demonstration_without_a_backup_is_told_what_would_be_lost() -> None:
    make_log()
    said = {answer.name: answer for answer in diagnosis.examine()}["backup"]
    assert (said.state, said.found) == (WARNING, "none was ever made; the demonstration is built anew, what you added to it is not")


def test_a_portal_without_a_fresh_backup_is_told_to_make_one() -> None:
    make_log("production")
    assert _states()["backup"] == WARNING
    with transaction.atomic():
        backup_made(sha256="a" * 64, ledger_size=1, at=timezone.now() - timedelta(days=8))
    said = {answer.name: answer for answer in diagnosis.examine()}["backup"]
    assert (said.state, said.found) == (WARNING, "the last one was made 8 days ago")
    with transaction.atomic():
        backup_made(sha256="b" * 64, ledger_size=2, at=timezone.now())
    assert _states()["backup"] == GOOD


def test_a_disk_that_is_nearly_full_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "LOWEST_FREE_BYTES", 2**62)
    assert (_states()["blob folder"], _states()["data folder"]) == (WARNING, WARNING)


def test_a_broker_that_is_gone_is_found(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert _states()["broker"] == BAD
