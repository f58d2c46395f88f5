"""What the framework's clocks do: begin a turn when its day comes near, and end it when somebody says that it was done."""

from datetime import datetime

from django.db import transaction

from frameworks.models import FrameworkVersion
from frameworks.queries import in_force_versions
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of
from reviews import clocks, entries, policies
from reviews.clocks import Due
from reviews.models import ClockTurn


class TurnAnswered(NotNow):
    code = "turn_answered"
    sentence = "This clock was answered already."


class NoteMissing(NotValid):
    code = "note_missing"
    sentence = "Say what was done and where it can be read."


def sweep(*, at: datetime) -> int:
    """Begins the turns whose day is near and ends those that new results answered. Doing it twice is doing it once. Answers how many moved."""
    # Most sweeps move nothing, and a look takes no lock.
    return sum(_move(version, at) for version in in_force_versions() if any(_moving(version, at)))


@transaction.atomic
def _move(version: FrameworkVersion, at: datetime) -> int:
    # Two sweeps at once would begin the same turn twice.
    FrameworkVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    over, near = _moving(version, at)
    for turn in over:
        turn.answered_at = at
        turn.save(update_fields=["answered_at"])
    begun = [_begin(each, at) for each in near]
    for turn in over:
        entries.clock_answered(turn, actor=None, at=at)
    for turn in begun:
        entries.clock_begun(turn, at=at)
    return len(over) + len(begun)


def _moving(version: FrameworkVersion, at: datetime) -> tuple[list[ClockTurn], list[Due]]:
    """The turns that are over, and those whose day is near and that have not begun. A new result puts a model's day off; a version that names
    the clock no more ends it."""
    standing = {(turn.clock, turn.subject_id): turn for turn in ClockTurn.objects.filter(framework_name=version.name, answered_at=None)}
    due = {(each.clock.slug, each.subject.pk if each.subject else None): each for each in clocks.due_of(version, at)}
    over = [turn for key, turn in standing.items() if key not in due or due[key].due_at > turn.due_at]
    return over, [each for key, each in due.items() if each.is_near(at) and (key not in standing or standing[key] in over)]


def _begin(due: Due, at: datetime) -> ClockTurn:
    return ClockTurn.objects.create(
        framework_name=due.version.name,
        clock=due.clock.slug,
        effect=due.clock.effect,
        subject=due.subject,
        begun_at=at,
        due_at=due.due_at,
    )


@transaction.atomic
def answer(*, turn: ClockTurn, note: str, actor: Person, at: datetime) -> ClockTurn:
    """Somebody who may says that it was done, and what came of it; the clock runs anew from here. Raises NotAllowed, TurnAnswered, NoteMissing."""
    turn = ClockTurn.objects.select_for_update(of=("self",)).get(pk=turn.pk)
    require(policies.may_answer_clock(actor_of(actor, at), turn))
    if not turn.is_open:
        raise TurnAnswered
    if not note.strip():
        raise NoteMissing
    turn.answered_at, turn.answered_by, turn.note = at, actor, note.strip()
    turn.save(update_fields=["answered_at", "answered_by", "note"])
    entries.clock_answered(turn, actor=actor, at=at)
    return turn
