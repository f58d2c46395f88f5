"""What the clock makes worth telling: due, overdue and running out, each told once, and not to those it no longer concerns."""

from datetime import datetime, timedelta

import pytest

from evaluations.models import Assessment
from people import services as people
from people.models import Person
from people.words import Area, Scope
from reviews.models import Notice, ReleaseDecision
from reviews.models.notice import Channel
from reviews.notices.compose import compose
from reviews.notices.remind import CASE_SOON, DECISION_SOON, EVIDENCE_SOON, GRANT_SOON, SIGNOFF_SOON, TOKEN_SOON, remind
from reviews.services import votes
from tests.makers import make_token
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


def competence(board: Board, until: datetime | None) -> None:
    grant = people.grant_competence(person=board.cast.ben, area=Area.CYBER, actor=board.cast.ivo, at=board.now(), until_at=until)
    people.confirm_grant(grant=grant, actor=board.cast.jun, at=board.now())


def test_a_competence_that_runs_out_is_told_to_its_holder_and_the_chair_once(board: Board) -> None:
    until = board.now() + timedelta(days=60)
    competence(board, until)
    assert remind(at=until - GRANT_SOON - SOON) == 0
    assert remind(at=until - GRANT_SOON) == 2
    assert (told("grant_lapses"), told("grant_of_another_lapses")) == ({board.cast.ben}, {board.cast.dan})
    assert remind(at=until - SOON) == 0
    mine, another = (Notice.objects.filter(kind=kind).first() for kind in ("grant_lapses", "grant_of_another_lapses"))
    assert mine is not None and compose(mine).title.startswith("Your competence Cyber runs out on")
    assert another is not None and compose(another).path == f"/people/{board.cast.ben.pk}/"
    assert "Ben" not in compose(another).title + compose(another).why


def test_a_competence_without_an_end_and_one_that_is_over_remind_nobody(board: Board) -> None:
    competence(board, None)
    assert remind(at=board.now() + timedelta(days=10)) == 0
    assert remind(at=board.now() + timedelta(days=4000)) == 0


def test_a_token_that_runs_out_is_told_to_its_person_once_and_a_short_or_revoked_one_to_nobody(board: Board) -> None:
    at = board.now()
    make_token(board.cast.ada, Scope.GATE_READ, days=60, at=at)
    make_token(board.cast.ben, Scope.GATE_READ, days=3, at=at)
    make_token(board.cast.chloe, Scope.GATE_READ, days=60, at=at)
    people.revoke_token(token=board.cast.chloe.api_tokens.get(), actor=board.cast.chloe, at=board.now())
    ends = at + timedelta(days=60)
    assert remind(at=at + timedelta(days=1)) == 0
    assert remind(at=ends - TOKEN_SOON) == 1
    assert told("token_expires") == {board.cast.ada}
    assert remind(at=ends - SOON) == 0
    notice = Notice.objects.filter(kind="token_expires").first()
    prefix = board.cast.ada.api_tokens.get().prefix
    assert notice is not None and compose(notice).title.startswith(f"Your API token {prefix} runs out on")


def test_evidence_that_grows_stale_soon_is_told_once_though_it_is_assessed_anew(board: Board) -> None:
    board.clean()
    ends = Assessment.objects.get(superseded_by=None).valid_until
    assert ends is not None
    assert remind(at=ends - EVIDENCE_SOON - SOON) == 0
    remind(at=ends - EVIDENCE_SOON)
    assert told("evidence_ages") == {board.cast.ada, board.cast.dan}
    notice = Notice.objects.filter(kind="evidence_ages").select_related("subject").first()
    assert notice is not None and compose(notice).title.startswith("Heron: what its evidence supports changes by the clock alone on")
    board.measure("exploits", right=1)
    assert Assessment.objects.get(superseded_by=None).valid_until == ends
    assert remind(at=ends - EVIDENCE_SOON + SOON) == 0
