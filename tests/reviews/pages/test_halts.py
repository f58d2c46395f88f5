"""A halt is somebody's next work until the board is asked whether to go on, and every page that says "halted" says by whom and why."""

from django.urls import reverse

from people.models import Person
from reviews.services import cases, scopes
from reviews.views.inbox import address_of
from reviews.waiting import waiting_on
from tests.makers import client_of
from tests.reviews.conftest import Board


def halt(board: Board) -> None:
    told = {"subject": board.subject, "framework_version": board.version, "reason": "A filter was found open."}
    scopes.halt(scope="external", actor=board.cast.ben, at=board.now(), **told)
    board.work()


def page(person: Person, address: str) -> str:
    client = client_of(person)
    return client.get(address).text


def kinds(board: Board, person: Person) -> list[str]:
    return [each.kind for each in waiting_on(person, board.now())]


def test_a_halt_waits_on_the_chair_before_everything_else_until_the_board_is_asked(open_board: Board) -> None:
    board = open_board
    assert "answer_halt" not in kinds(board, board.cast.dan)
    halt(board)
    found = waiting_on(board.cast.dan, board.now())[0]
    assert (found.kind, found.title) == ("answer_halt", "Heron to external")
    assert found.why == "Halted by Ben: A filter was found open. Going on takes a release decision of the board."
    assert address_of(found) == reverse("reviews:subject-detail", args=[board.subject.slug])
    assert "answer_halt" not in kinds(board, board.cast.chloe)
    board.open_case("re_approval", release_to="external")
    assert "answer_halt" not in kinds(board, board.cast.dan)
    # Withdrawn without an answer, the halt is the chair's to answer again.
    cases.withdraw_case(case=board.case, note="Asked too early.", actor=board.cast.dan, at=board.now())
    assert "answer_halt" in kinds(board, board.cast.dan)
    board.release_anew()
    assert "answer_halt" not in kinds(board, board.cast.dan)


def test_the_gate_and_the_model_say_who_halted_and_why(open_board: Board) -> None:
    board = open_board
    gate, model = f"{reverse('reviews:gate')}?subject=heron&scope=external", reverse("reviews:subject-detail", args=["heron"])
    assert not any("A filter was found open." in page(board.cast.hana, each) for each in (gate, model))
    halt(board)
    for each in (gate, model):
        shown = page(board.cast.hana, each)
        assert 'alted by <span class="person">Ben</span>' in shown and "A filter was found open." in shown
