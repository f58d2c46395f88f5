"""Turns of the clocks a framework names."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from people.models import Person
from reviews.entries.writing import append_by
from reviews.models import ClockTurn


def clock_begun(turn: ClockTurn, *, at: datetime) -> Entry:
    return append_by("reviews:clock:begun", _turn(turn), None, at, _clock(turn))


def clock_answered(turn: ClockTurn, *, actor: Person | None, at: datetime) -> Entry:
    """`actor` None: new results answered it, or no version in force names the clock any more."""
    return append_by("reviews:clock:answered", _turn(turn), actor, at, _clock(turn))


def _turn(turn: ClockTurn) -> str:
    return f"clockturn:{turn.pk}"


def _clock(turn: ClockTurn) -> dict[str, Any]:
    return {
        "framework": turn.framework_name,
        "clock": turn.clock,
        "effect": turn.effect,
        "subject": turn.subject_id,
        "due_at": turn.due_at,
    }


describe("reviews:clock:begun", "The clock {clock} of {framework} comes round on {due_at:day} ({effect}).")
describe("reviews:clock:answered", "{actor} answered the clock {clock} of {framework}, due {due_at:day}.")
