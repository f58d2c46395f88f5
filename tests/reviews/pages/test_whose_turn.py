"""Lists say whose turn it is, what is overdue, and what to do where nobody was asked."""

from datetime import timedelta

import pytest
from django.urls import reverse

from people.models import Person
from reviews.models import Case
from reviews.queries import case_lines
from reviews.services import scopes
from reviews.status import subject_status
from reviews.waiting import waiting_on
from tests.makers import client_of
from tests.reviews.conftest import Board


def page(person: Person, address: str) -> str:
    client = client_of(person)
    return client.get(address).content.decode()


def test_the_case_list_names_whose_turn_it_is(board: Board) -> None:
    board.rise()
    text = page(board.cast.hana, "/cases/")
    assert "Ben, Chloe: vote" in text


@pytest.mark.parametrize(("late", "overdue"), [(False, False), (True, True)])
def test_a_case_is_overdue_once_its_time_has_run_out(board: Board, late: bool, overdue: bool) -> None:
    case = board.rise()
    at = case.due_at if late else case.due_at - timedelta(seconds=1)
    (line,) = case_lines([case], at)
    assert (line.overdue, case.is_overdue(at)) == (overdue, overdue)


def test_an_overdue_case_says_so_in_the_list_on_its_page_and_in_the_portfolio(board: Board) -> None:
    case = board.rise()
    addresses = ("/cases/", reverse("reviews:case-detail", args=[case.number]), "/portfolio/")
    assert case.due_at is not None
    # The world of the tests lies in the past, so that its cases are overdue by the clock; this one gets time.
    assert all("Overdue" in page(board.cast.hana, address) for address in addresses)
    Case.objects.update(due_at=case.due_at + timedelta(days=365 * 100))
    assert not any("Overdue" in page(board.cast.hana, address) for address in addresses)


def test_where_every_gate_is_shut_and_nobody_was_asked_a_clearance_case_is_offered(board: Board) -> None:
    board.clean()
    assert [turn.kind for turn in subject_status(board.subject, board.version, board.now()).turns] == ["open_case"]
    offered = "Open a clearance case"
    assert offered in page(board.cast.ben, "/subjects/heron/") and offered not in page(board.cast.hana, "/subjects/heron/")
    form = page(board.cast.ben, "/subjects/heron/cases/open/?kind=clearance")
    assert 'value="clearance" required id="id_kind_0" checked' in form or "checked" in form
    board.open_case()
    assert offered not in page(board.cast.ben, "/subjects/heron/")


def test_why_somebody_votes_on_none_of_the_questions_is_said_once(board: Board) -> None:
    case = board.rise()
    text = page(board.cast.hana, reverse("reviews:case-detail", args=[case.number]))
    assert text.count("You were not on the board&#x27;s roster") == 1
    assert case.questions.filter(state="open").count() > 1


def test_where_a_safeguard_is_not_built_it_is_its_owners_turn_before_the_reviewers(board: Board) -> None:
    board.rise()
    asked = [(turn.kind, turn.role) for turn in subject_status(board.subject, board.version, board.now()).turns if turn.question]
    assert asked.index(("attach_evidence", "safeguard_owner")) < asked.index(("sign_off", "reviewer"))
    assert "Attach evidence: Are the ASL-3 safeguards on" in page(board.cast.farid, "/inbox/")
    assert "Attach evidence: Are the ASL-3 safeguards on" not in page(board.cast.ben, "/inbox/")
    for each in board.version.document.safeguards:
        board.build(each.slug)
    assert "attach_evidence" not in {turn.kind for turn in subject_status(board.subject, board.version, board.now()).turns}


def test_one_safeguard_is_and_several_are(board: Board) -> None:
    board.rise()
    built = {each.slug: board.build(each.slug) for each in board.version.document.safeguards}
    last = built.pop("asl-3-security-1")
    for implementation in built.values():
        board.sign_off(board.cast.chloe, implementation)
    said = {turn.why for turn in subject_status(board.subject, board.version, board.now()).turns if turn.kind == "sign_off"}
    assert len(said) == 1 and " safeguards is not signed off." in said.pop()
    board.sign_off(board.cast.chloe, last)
    assert "sign_off" not in {turn.kind for turn in subject_status(board.subject, board.version, board.now()).turns}


def test_a_model_without_a_case_waits_for_who_answers_a_halt_or_a_refused_file(board: Board) -> None:
    def turns() -> list[tuple[str, str]]:
        return [(turn.kind, turn.role) for turn in subject_status(board.subject, board.version, board.now()).turns]

    board.clean()
    board.send(b"Bread and milk.")
    board.work()
    assert turns()[0] == ("set_aside_upload", "reviewer")
    told = {"subject": board.subject, "framework_version": board.version, "scope": "external", "reason": "A filter was found open."}
    scopes.halt(actor=board.cast.ben, at=board.now(), **told)
    assert turns()[:2] == [("answer_halt", "chair"), ("set_aside_upload", "reviewer")]
    assert "chair: answer halt" in page(board.cast.hana, "/portfolio/")
    # The inbox tells each halt and each file by itself, and not a second time as the model's.
    for person, mine in ((board.cast.ben, (0, 1)), (board.cast.dan, (1, 1))):
        kinds = [each.kind for each in waiting_on(person, board.now())]
        assert (kinds.count("answer_halt"), kinds.count("set_aside_upload")) == mine
