"""What the clock makes worth telling: due, overdue and running out, each told once, and not to those it no longer concerns."""

from datetime import datetime, timedelta

import pytest

from people.models import Person
from reviews.models import Notice, ReleaseDecision
from reviews.models.notice import Channel
from reviews.notices.compose import compose
from reviews.notices.remind import CASE_SOON, DECISION_SOON, SIGNOFF_SOON, remind
from reviews.services import votes
from tests.reviews.conftest import Board

SOON = timedelta(minutes=1)


def told(kind: str) -> set[Person]:
    return {each.person for each in Notice.objects.filter(kind=kind, channel=Channel.INBOX).select_related("person")}


@pytest.fixture
def due(board: Board) -> datetime:
    case = board.rise()
    assert case.due_at is not None
    return case.due_at


def test_a_case_is_told_due_soon_once_and_overdue_once(board: Board, due: datetime) -> None:
    assert remind(at=due - CASE_SOON - SOON) == 0
    assert remind(at=due - CASE_SOON) > 0
    roster = {member["person"] for member in board.case.roster}
    assert {str(person.pk) for person in told("case_due_soon")} == roster
    assert remind(at=due - CASE_SOON + SOON) == 0, "once is enough"
    assert told("case_overdue") == set()
    assert remind(at=due) == len(roster)
    assert remind(at=due + timedelta(days=30)) == 0
    notice = Notice.objects.filter(kind="case_overdue").select_related("case__subject", "person").first()
    assert notice is not None and "is overdue since" in compose(notice).title


def test_who_stood_aside_is_not_reminded_and_a_closed_case_reminds_nobody(board: Board, due: datetime) -> None:
    votes.recuse(case=board.case, reason="I built it.", actor=board.cast.ben, at=board.now())
    remind(at=due - CASE_SOON)
    assert board.cast.ben not in told("case_due_soon") and board.cast.chloe in told("case_due_soon")
    case = board.case
    case.state, case.closed_at = "withdrawn", board.now()
    case.save(update_fields=["state", "closed_at"])
    assert remind(at=due) == 0


def test_a_sign_off_that_runs_out_is_told_to_owner_and_signer_unless_another_lasts(board: Board) -> None:
    signoff = board.sign_off(board.cast.chloe, board.build("asl-3-security-1"))
    board.work()
    assert remind(at=signoff.expires_at - SIGNOFF_SOON - SOON) == 0
    assert remind(at=signoff.expires_at - SIGNOFF_SOON) == 2
    assert told("signoff_expires") == {board.cast.chloe, board.cast.farid}
    assert remind(at=signoff.expires_at - SOON) == 0
    notice = Notice.objects.filter(kind="signoff_expires").first()
    assert notice is not None and "asl-3-security-1 runs out on" in compose(notice).title


def test_a_sign_off_that_is_revoked_or_about_an_older_version_reminds_nobody(board: Board) -> None:
    implementation = board.build("asl-3-security-1")
    signoff = board.sign_off(board.cast.chloe, implementation)
    board.attach(implementation, b"More.")
    board.work()
    assert remind(at=signoff.expires_at - SIGNOFF_SOON) == 0


def test_a_release_that_runs_out_is_told_to_the_chair_once(board: Board) -> None:
    board.let_out()
    release = ReleaseDecision.objects.get()
    assert release.valid_until is not None
    Notice.objects.all().delete()
    remind(at=release.valid_until - DECISION_SOON)
    found = Notice.objects.filter(kind="decision_lapses", data__noun="release").select_related("subject")
    assert {(each.person_id, each.channel) for each in found} == {(board.cast.dan.pk, "inbox"), (board.cast.dan.pk, "mail")}
    assert compose(found[0]).title.startswith("A release of Heron runs out on")
    assert remind(at=release.valid_until - DECISION_SOON) == 0
