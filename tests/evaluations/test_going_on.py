"""Whoever has read a file goes on by itself; messages and sweeps are the second way. Here transactions end, so what is sent at their end is sent."""

from pathlib import Path
from typing import Any

import pytest

from evaluations.models import AssessmentDue, DueState, Upload
from evaluations.services import assessments
from evaluations.tasks import assess_due, parse_upload, sweep
from ledger import delivery
from ledger.models import Entry
from ledger.tasks import deliver
from tests.evaluations.conftest import World, make_world
from tests.evaluations.logs import log
from tests.makers import send_file


@pytest.fixture
def world(transactional_db: None, settings: Any, tmp_path: Path) -> World:
    """A world whose transactions end, so that what is sent at their end is sent."""
    settings.BLOB_DIR = tmp_path / "blobs"
    return make_world()


@pytest.fixture
def sent(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the messages that go to the broker; nobody is there to do what they ask for."""
    names: list[str] = []
    monkeypatch.setattr(delivery.current_app, "send_task", lambda name, **_: names.append(name))
    return names


def test_whoever_reads_a_file_goes_on_to_its_assessment_and_asks_no_other_for_it(world: World, sent: list[str]) -> None:
    upload = send_file(world.cast, log(right=38), world.subject, world.snapshot, at=world.now())
    sent.clear()
    for _ in range(2):
        parse_upload(upload_id=str(upload.pk), some_later_argument=1)
        assert world.outcomes["bio-3"] == "cannot_rule_out"
    assert AssessmentDue.objects.get(subject=world.subject).state == DueState.DONE
    assert Entry.objects.filter(kind="evaluations:assessment:made", seq__gt=upload.received_seq).count() == 1
    assert sent == [delivery.DELIVER]


def test_a_file_is_asked_to_be_read_before_the_news_of_it_is_told_and_again_where_that_was_lost(world: World, sent: list[str]) -> None:
    send_file(world.cast, log(), world.subject, world.snapshot, at=world.now())
    assert sent == [parse_upload.name, delivery.DELIVER]
    delivery.run_pending(at=world.now())
    assert sent == [parse_upload.name, delivery.DELIVER, parse_upload.name]


def test_what_is_asked_for_while_it_is_being_made_is_asked_for_again_at_its_end(
    world: World, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = send_file(world.cast, log(right=38), world.subject, world.snapshot, at=world.now())
    really = assessments.assess

    def disturbed(**asked: Any) -> Any:
        monkeypatch.setattr(assessments, "assess", really)
        assessments.mark_due(subjects=[world.subject.pk], reason="news", at=asked["at"])
        return really(**asked)

    monkeypatch.setattr(assessments, "assess", disturbed)
    sent.clear()
    parse_upload(upload_id=str(upload.pk))
    assert sent == [delivery.DELIVER, assess_due.name]
    due = AssessmentDue.objects.get(subject=world.subject)
    assert due.state == DueState.WAITING
    sent.clear()
    assess_due(due_id=str(due.pk))
    due.refresh_from_db()
    assert due.state == DueState.DONE and sent == []


def test_news_that_somebody_else_is_at_is_left_to_them_and_assessed_when_they_ask(world: World, sent: list[str]) -> None:
    """The reader goes on only with what it gets hold of; what it does not is asked for by message, or found by the sweep."""
    upload = send_file(world.cast, log(right=38), world.subject, world.snapshot, at=world.now())
    other = delivery.connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM ledger_cursor WHERE consumer = 'evaluations.subject' FOR UPDATE")
        parse_upload(upload_id=str(upload.pk))
        assert Upload.objects.get(pk=upload.pk).state == "parsed" and world.outcomes["bio-3"] == "not_assessed"
    finally:
        other.close()
    deliver()
    assert sent[-1] == assess_due.name
    sweep()
    assert world.outcomes["bio-3"] == "cannot_rule_out"
