"""One answer for pages and programs: as the gate sees it, as of any moment, at a cost that does not grow."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evaluations.models import Subject
from ledger.refusals import NotAllowed, NotNow
from reviews.models import Case, Notice
from reviews.services import boards
from reviews.status import portfolio, subject_status
from reviews.waiting import waiting_on
from tests.makers import make_snapshot, make_subject
from tests.reviews.conftest import Board


def test_an_unassessed_model_is_at_least_the_baseline_and_incomplete(board: Board) -> None:
    status = subject_status(board.subject, board.version, board.now())
    assert status.label == "at least D2 S2, incomplete"
    assert {scope.state for scope in status.scopes} == {"shut"}
    assert [turn.kind for turn in status.turns] == ["evidence"]
    assert (status.safeguards_signed, status.safeguards_required) == (0, 2)


def test_a_rise_is_shown_as_provisional_with_its_cause_its_case_and_whose_turn_it_is(board: Board) -> None:
    board.rise()
    status = subject_status(board.subject, board.version, board.now())
    assert status.label == "D3 S3, provisional" and status.case == board.case
    security = next(axis for axis in status.axes if axis.slug == "security")
    assert (security.required.slug, security.in_force, security.safeguards_required) == ("asl-3", None, 3)
    assert {(cause.kind, cause.threshold) for cause in security.because} == {("finding", "bio-3"), ("raised", "bio-3")}
    assert [(domain.slug, domain.outcome) for domain in status.domains] == [("cbrn", "cannot_rule_out"), ("cyber", "not_assessed")]
    voters = {turn.kind: turn.persons for turn in status.turns}
    assert set(voters["vote"]) == {str(board.cast.ben.pk), str(board.cast.chloe.pk)} and "sign_off" in voters


def test_what_is_decided_is_in_force_and_the_gate_is_the_gates_own_answer(board: Board) -> None:
    board.let_out()
    status = subject_status(board.subject, board.version, board.now())
    assert status.label == "D2 S2" and all(axis.met for axis in status.axes)
    scopes = {scope.scope: scope.state for scope in status.scopes}
    assert scopes["external"] == "open" and scopes["internal"] == "shut"
    assert not board.ask("internal").allowed and board.ask("external").allowed


def test_a_past_moment_is_shown_as_it_was(board: Board) -> None:
    before = board.now()
    board.rise()
    during = board.now()
    board.settle_thresholds()
    then = subject_status(board.subject, board.version, before)
    assert (then.label, then.case, then.assessment is None or not then.complete) == ("at least D2 S2, incomplete", None, True)
    assert subject_status(board.subject, board.version, during).label == "D3 S3, provisional"
    now = subject_status(board.subject, board.version, board.now())
    assert now.label == "D3 S3"
    known = subject_status(board.subject, board.version, board.now(), known_at=before)
    assert (known.label, known.case) == ("at least D2 S2, incomplete", None)


def test_the_portfolio_costs_the_same_for_one_model_and_for_four(board: Board) -> None:
    board.rise()
    few = cost(board)
    for slug in ("egret", "ibis", "stork"):
        subject = make_subject(board.cast, slug, at=board.now())
        make_snapshot(board.cast, subject, at=board.now(), names=(f"demo/{slug}",))
        board.subject = subject
        board.open_case()
    board.work()
    assert Case.objects.filter(state="open").count() == 4
    assert cost(board) == few <= 30


def cost(board: Board) -> int:
    subjects = list(Subject.objects.order_by("slug"))
    with CaptureQueriesContext(connection) as captured:
        whole = portfolio(subjects, board.version, board.now())
    assert len(whole.rows) == len(subjects)
    return len(captured)


def kinds(board: Board, person: object) -> list[str]:
    return [each.kind for each in waiting_on(person, board.now())]  # type: ignore[arg-type]


def test_what_waits_on_each_person(board: Board) -> None:
    board.rise()
    implementation = board.build("asl-2-security-1")
    assert kinds(board, board.cast.ada) == []
    assert kinds(board, board.cast.ben) == ["vote", "vote"]
    assert sorted(kinds(board, board.cast.chloe)) == ["sign_off", "vote", "vote"]
    assert kinds(board, board.cast.dan) == []
    question = board.question(threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    assert kinds(board, board.cast.dan) == ["declare"] and kinds(board, board.cast.ben) == ["vote"]
    board.sign_off(board.cast.chloe, implementation)
    assert "sign_off" not in kinds(board, board.cast.chloe)
    board.measure("bio_protocols", right=25)
    assert sorted(kinds(board, board.cast.ben)) == ["vote", "vote_again"]


def test_what_presses_equally_stands_in_an_order_a_reader_can_follow(board: Board) -> None:
    for slug in sorted((each.slug for each in board.version.document.safeguards), reverse=True):
        board.build(slug)
    found = [each.title for each in waiting_on(board.cast.chloe, board.now()) if each.kind == "sign_off"]
    assert len(found) > 2 and found == sorted(found)


def test_the_later_of_two_things_told_at_one_moment_stands_above(board: Board, client: Client) -> None:
    board.let_out()
    told = list(Notice.objects.filter(person=board.cast.ben, channel="inbox", withdrawn_at=None).values_list("made_at", "entry_seq"))
    assert len({seq for _, seq in told}) > len({at for at, _ in told})
    client.force_login(board.cast.ben.user)
    shown = client.get("/inbox/").context["notices"]
    assert [(notice.made_at, notice.entry_seq) for notice, _ in shown] == sorted(told, reverse=True)


def test_waiting_on_me_costs_the_same_however_many_cases_wait(board: Board) -> None:
    board.open_case()
    with CaptureQueriesContext(connection) as one:
        waiting_on(board.cast.ben, board.now())
    for slug in ("egret", "ibis"):
        board.subject = make_subject(board.cast, slug, at=board.now())
        board.open_case()
    with CaptureQueriesContext(connection) as three:
        found = waiting_on(board.cast.ben, board.now())
    assert len(found) == 6 and len(three) == len(one)


def test_a_seat_proposed_by_one_is_confirmed_by_another_and_a_case_pins_it(board: Board) -> None:
    cast, told = board.cast, {"at": board.now()}
    council = boards.found_board(slug="council", name="The council", framework_name="board", actor=cast.dan, **told)
    with pytest.raises(boards.BoardExists):
        boards.found_board(slug="other", name="Other", framework_name="board", actor=cast.dan, **told)
    seat = boards.propose_seat(board=council, person=cast.ben, role="reviewer", actor=cast.dan, **told)
    with pytest.raises(boards.SeatTaken):
        boards.propose_seat(board=council, person=cast.ben, role="reviewer", actor=cast.grace, **told)
    with pytest.raises(boards.RoleNotHeldForSeat):
        boards.propose_seat(board=council, person=cast.eve, role="reviewer", actor=cast.dan, **told)
    with pytest.raises(NotAllowed, match="somebody other"):
        boards.confirm_seat(seat=seat, actor=cast.dan, **told)
    assert "confirm_seat" in kinds(board, cast.grace)
    boards.confirm_seat(seat=seat, actor=cast.grace, at=board.now())
    case = board.open_case()
    assert [member["person"] for member in case.roster] == [str(cast.ben.pk)]
    boards.leave_seat(seat=seat, actor=cast.ben, at=board.now())
    with pytest.raises(NotNow, match="left already"):
        boards.leave_seat(seat=seat, actor=cast.ben, at=board.now())
    case.refresh_from_db()
    assert [member["person"] for member in case.roster] == [str(cast.ben.pk)]
