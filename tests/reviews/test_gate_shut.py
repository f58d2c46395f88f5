"""What never opens the gate: results that came before their indicator or binding, weights nobody confirmed."""

from evaluations.services import subjects
from ledger.canonical import digest
from tests.makers import adopt_framework, make_binding
from tests.reviews.conftest import FRAMEWORK, Board

SWAPPED = digest("other weights")


def test_an_indicator_registered_after_its_result_lets_nothing_out(board: Board) -> None:
    """A result that came in before its binding to the indicator was confirmed may raise, and never rules out; so may one under a later indicator."""
    board.measure("late_task")
    make_binding(board.cast, "bio-protocols", "late_task", at=board.now())
    board.measure("exploits")
    assert board.facts.outcomes["bio-3"] != "ruled_out"
    assert not board.ask().allowed


def test_a_line_moved_after_the_result_came_in_lets_nothing_out(board: Board) -> None:
    """The lab loosens an indicator after it saw the number: under the new line the old result never rules out."""
    board.measure("exploits")
    board.measure("bio_protocols", right=20)
    assert board.facts.outcomes["bio-3"] == "cannot_rule_out"
    looser = FRAMEWORK.replace(b"revision: 1", b"revision: 2").replace(b"at: 0.5", b"at: 0.9")
    board.version = adopt_framework(board.cast, looser, at=board.now())
    board.work()
    assert board.facts.outcomes["bio-3"] != "ruled_out" and board.required()["security"] == "asl-3"
    assert not board.ask().allowed


def test_a_snapshot_nobody_confirmed_is_denied(board: Board) -> None:
    raw = subjects.register_snapshot(
        subject=board.subject, label="raw", weights_digest=SWAPPED, actor=board.cast.ada, at=board.now(), model_names=["x"]
    )
    assert "snapshot_unconfirmed" in board.ask(artefact=raw.weights_digest).codes
