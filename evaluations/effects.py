"""What follows from an assessment in the rooms above: said on the receipt of the upload that brought it about.

This room does not know that cases exist. Who knows registers a teller, and the receipt asks it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from evaluations.models import Assessment
from people.queries import Actor


@dataclass(frozen=True, slots=True)
class Effect:
    """`words` say what was done, `address` leads there."""

    words: str
    address: str


Teller = Callable[[Sequence[Assessment], Actor], list[Effect]]

_tellers: list[Teller] = []


def set_teller(teller: Teller) -> None:
    """The last one set counts."""
    _tellers[:] = [teller]


def effects_of(assessments: Iterable[Assessment], actor: Actor) -> list[Effect]:
    """What this person may know of what followed."""
    several = list(assessments)
    return [effect for teller in _tellers for effect in teller(several, actor)] if several else []
