"""How cases open, what they ask, and how votes stay bound to what was shown."""

from reviews.models import Case
from tests.reviews.conftest import Board


def test_a_finding_that_cannot_be_ruled_out_opens_an_elevation_case_and_raises_provisionally(board: Board) -> None:
    case = board.rise()
    assert (case.kind, case.opened_by) == ("elevation", None)
    assert board.required() == {"deployment": "asl-3", "security": "asl-3"}
    assert all(required.provisional for required in board.facts.required.values())
    assert board.question(threshold="bio-3").proposal == "treated_as_crossed"
    assert {question.kind for question in case.questions.all()} == {"threshold", "safeguards"}


def test_clean_evidence_opens_no_case(board: Board) -> None:
    board.clean()
    assert not Case.objects.exists()
    assert board.required() == {"deployment": "asl-2", "security": "asl-2"}


def test_the_whole_road_from_clean_evidence_to_an_open_gate(board: Board) -> None:
    board.let_out()
    assert board.ask().codes == []
    assert not Case.objects.filter(state="open").exists()


def test_the_whole_road_of_an_elevation(board: Board) -> None:
    board.safeguard()
    board.rise()
    board.settle_thresholds()
    assert board.required() == {"deployment": "asl-3", "security": "asl-3"}
    board.settle_safeguards()
    board.release()
    board.work()
    assert board.ask().allowed
