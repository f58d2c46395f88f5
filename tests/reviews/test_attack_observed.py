"""What goes on observed goes on by the board's word of now: a halt ends it, and no vote from before a halt or a rise begins it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.refusals import NotNow
from reviews.models import Motion, ScopeState
from reviews.queries import deployments_of
from reviews.services.observing import ObservingNotValid, sweep
from reviews.services.scopes import halt
from reviews.status import subject_status
from tests.reviews.conftest import Board
from tests.reviews.motions import answer, carry, observed_scope, put


def stop(board: Board) -> None:
    """Chloé halts the scope."""
    told = {"subject": board.subject, "framework_version": board.version, "scope": "external", "reason": "A jailbreak."}
    halt(**told, actor=board.cast.chloe, at=board.now())


def test_a_halt_ends_what_goes_on_observed(board: Board) -> None:
    carry(board, observed_scope(board))
    assert "observed" in {note["code"] for note in board.ask().notes}
    stop(board)
    said = board.ask()
    assert "scope_halted" in said.codes and "observed" not in {note["code"] for note in said.notes}
    assert [each.state for each in deployments_of(board.subject, "board")] == ["unauthorised"]
    scope = subject_status(board.subject, board.version, board.now()).scope("external")
    assert scope is not None and (scope.state, scope.enforcement) == ("halted", "enforce")
    assert Motion.objects.get().ended_at is not None and sweep(at=board.now()) == 0


def test_votes_of_before_a_halt_let_nothing_go_on_observed(board: Board) -> None:
    asks = observed_scope(board)
    motion = put(board, asks)
    answer(board, motion, board.cast.ben)
    stop(board)
    with pytest.raises(NotNow) as settled:
        answer(board, motion, board.cast.chloe)
    with pytest.raises(ObservingNotValid) as halted:
        put(board, asks)
    assert (settled.value.code, halted.value.code) == ("motion_settled", "scope_halted")
    assert not Motion.objects.get().carried and ScopeState.objects.get(scope="external").enforcement == "enforce"


def test_the_quorum_of_a_lower_tier_lets_nothing_go_on_after_a_rise(board: Board) -> None:
    motion = put(board, observed_scope(board))
    answer(board, motion, board.cast.ben)
    board.rise()
    settled = answer(board, motion, board.cast.chloe)
    assert not settled.is_open and not settled.carried
    assert "observed" not in {note["code"] for note in board.ask().notes}


def test_what_was_carried_anew_goes_on_when_the_earlier_one_is_over(board: Board) -> None:
    asks = observed_scope(board)
    carry(board, asks)
    later = replace(asks, until=asks.until + timedelta(days=10))
    carry(board, later)
    board.moment = asks.until
    assert sweep(at=board.now()) == 1
    assert ScopeState.objects.get(scope="external").observed_until == later.until
