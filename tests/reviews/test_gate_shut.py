"""What never opens the gate: results that came before their indicator or binding, weights nobody confirmed."""

import pytest

from evaluations.services import subjects
from frameworks.services import load_framework
from ledger.canonical import digest
from reviews.services.decisions import VerdictNotNow
from tests.makers import adopt_framework, make_binding
from tests.reviews.conftest import FRAMEWORK, Board

SWAPPED = digest("other weights")
RENAMED = FRAMEWORK.replace(b"revision: 1", b"revision: 2").replace(b"bio-protocols", b"bio-fresh")


def test_an_indicator_registered_after_its_result_denies_until_the_result_comes_again(board: Board) -> None:
    """The one result older than its indicator holds the gate, and no vote goes round it; the same numbers received afterwards let it open."""
    load_framework(source=RENAMED, actor=None, at=board.now())
    make_binding(board.cast, "bio-fresh", "bio_protocols", at=board.now())
    board.clean()
    board.version = adopt_framework(board.cast, RENAMED, at=board.now())
    board.work()
    _is_denied_until_measured_again(board)


def test_a_result_that_came_before_its_binding_denies_until_it_comes_again(board: Board) -> None:
    board.version = adopt_framework(board.cast, RENAMED, at=board.now())
    board.clean()
    make_binding(board.cast, "bio-fresh", "bio_protocols", at=board.now())
    board.work()
    board.open_case()
    _is_denied_until_measured_again(board)


def test_a_line_moved_after_the_result_came_in_lets_nothing_out(board: Board) -> None:
    """The lab loosens an indicator after it saw the number: under the new line the old result never rules out."""
    board.measure("exploits")
    board.measure("bio_protocols", right=20)
    assert board.facts.outcomes["bio-3"] == "cannot_rule_out"
    looser = FRAMEWORK.replace(b"revision: 1", b"revision: 2").replace(b"at: 0.5", b"at: 0.9")
    board.version = adopt_framework(board.cast, looser, at=board.now())
    board.work()
    assert board.facts.outcomes["bio-3"] != "ruled_out" and board.required()["security"] == "asl-3"
    assert ("finding_not_answered", "bio-3") in _reasons(board)


def test_a_snapshot_nobody_confirmed_is_denied(board: Board) -> None:
    raw = subjects.register_snapshot(
        subject=board.subject, label="raw", weights_digest=SWAPPED, actor=board.cast.ada, at=board.now(), model_names=["x"]
    )
    assert "snapshot_unconfirmed" in board.ask(artefact=raw.weights_digest).codes


def _is_denied_until_measured_again(board: Board) -> None:
    assert board.facts.outcomes == {"bio-3": "not_assessed", "bio-4": "ruled_out"}
    board.safeguard()
    with pytest.raises(VerdictNotNow) as refused:
        board.settle(board.question(threshold="bio-3"), "not_crossed")
    assert refused.value.code == "finding_incomplete"
    assert ("finding_not_answered", "bio-3") in _reasons(board)
    board.measure("bio_protocols")
    board.settle_thresholds()
    board.settle_safeguards()
    board.release()
    board.work()
    assert board.ask().allowed


def _reasons(board: Board) -> set[tuple[str, str]]:
    return {(str(reason["code"]), str(reason["about"])) for reason in board.ask().reasons}
