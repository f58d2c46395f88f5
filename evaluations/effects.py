"""What follows from an assessment in the rooms above: said on the receipt of the upload that brought it about.

This room does not know that cases exist. Who knows registers a teller, and the receipt asks it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from evaluations.models import Assessment
from people.queries import Actor


@dataclass(frozen=True, slots=True)
class Effect:
    """`words` say what was done, `address` leads there."""

    words: str
    address: str


Teller = Callable[[Sequence[Assessment], Actor], list[Effect]]

# Whether something may still follow for a model that the teller does not know of yet.
Expecting = Callable[[UUID], bool]

_tellers: list[Teller] = []
_expecting: list[Expecting] = []


def set_teller(teller: Teller, expecting: Expecting) -> None:
    """The last one set counts."""
    _tellers[:], _expecting[:] = [teller], [expecting]


def more_may_follow(subject_id: UUID) -> bool:
    return any(expecting(subject_id) for expecting in _expecting)


def effects_of(assessments: Iterable[Assessment], actor: Actor) -> list[Effect]:
    """What this person may know of what followed."""
    several = list(assessments)
    return [effect for teller in _tellers for effect in teller(several, actor)] if several else []
