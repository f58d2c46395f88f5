"""What entries are about, by name and address. The record holds ids only; the rooms that keep the things say what they are called.

A namer is given the things of a page at once (`subject:3f2a…`) and answers for those it knows: one question, however many there are. Everyone who
may read the record may see what namers name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Named:
    """`title` as it reads in a sentence after "the": `upload for Heron 3`; `address` may be empty, and is worked out where it is shown."""

    title: str
    address: str | Promise = ""


Namer = Callable[[frozenset[str]], Mapping[str, Named]]

_namers: dict[frozenset[str], Namer] = {}


def name_things(nouns: Iterable[str], namer: Namer) -> None:
    """Says who names the things of these nouns."""
    _namers[frozenset(nouns)] = namer


def is_named(noun: str) -> bool:
    """Whether some room names things of this noun."""
    return any(noun in nouns for nouns in _namers)


def named(things: Iterable[str]) -> dict[str, Named]:
    """The names of these things, as far as somebody knows them; one question a room."""
    wanted, found = set(things), dict[str, Named]()
    for nouns, namer in _namers.items():
        mine = frozenset(thing for thing in wanted if thing.partition(":")[0] in nouns)
        if mine:
            found |= namer(mine)
    return found


def ids(noun: str, things: Iterable[str]) -> list[UUID]:
    """The ids of the things of one noun; what is no id is nobody's name."""
    found = []
    for thing in things:
        kind, _, identity = thing.partition(":")
        if kind == noun:
            try:
                found.append(UUID(identity))
            except ValueError:
                continue
    return found
