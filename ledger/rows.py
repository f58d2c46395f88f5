"""Rows that give power, held against the log: each must stand in it as it stands in its table, and what the log tells of must have its row.

The log seals what it was told, not what it was never told: a row written past the verbs, or taken away behind them, shows here and nowhere else. Each room
says in its module `rows` what its rows claim: `@told_as("reviews:vote:cast")` on a function that yields one `Told` for each row such an entry speaks of.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from django.db import connection, transaction

from ledger.canonical import Json, canonical, parse
from ledger.misfits import DoesNotFit
from ledger.models import Entry


@dataclass(frozen=True, slots=True)
class Told:
    """What one row says of itself. `fields`: what its entry must hold, at least; `if_told`: what it must hold where it tells of it, for earlier logs did
    not; `by`: who did it (None: not compared); `unsound`: what is wrong with the row
    by itself, such as a signature that does not stand under it."""

    row: str
    thing: str
    fields: Mapping[str, object]
    by: UUID | None = None
    unsound: str = ""
    if_told: Mapping[str, object] = field(default_factory=dict)


Tell = Callable[[], Iterable[Told]]
_tellers: dict[str, Tell] = {}


class KindTaken(ValueError):
    """Two functions speak for one kind of entry."""


def told_as(kind: str) -> Callable[[Tell], Tell]:
    def register(tell: Tell) -> Tell:
        if kind in _tellers:
            raise KindTaken(kind)
        _tellers[kind] = tell
        return tell

    return register


def kinds() -> frozenset[str]:
    """The kinds of entries that are held against rows."""
    return frozenset(_tellers)


def check() -> int:
    """How many rows were held against the log. Raises DoesNotFit for the first that does not stand there, or that is gone."""
    with _one_moment():
        return sum(_check(kind, tell) for kind, tell in sorted(_tellers.items()))


def _check(kind: str, tell: Tell) -> int:
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in Entry.objects.filter(kind=kind).prefetch_related("fields"):
        entries[entry.thing].append(entry)
    count = 0
    for told in tell():
        count += 1
        if told.unsound:
            raise DoesNotFit(None, "row_unsound", f"The {told.row} does not hold: {told.unsound}")
        found = next((each for each in entries[told.thing] if _says(each, told)), None)
        if found is None:
            raise DoesNotFit(None, "row_unaccounted", f"The {told.row} does not stand in the log as it stands in its table ({kind}).")
        entries[told.thing].remove(found)
    for left in (each for several in entries.values() for each in several):
        raise DoesNotFit(left.seq, "row_gone", f"The row it tells of is gone, or tells otherwise ({kind}).")
    return count


def _says(entry: Entry, told: Told) -> bool:
    if told.by is not None and entry.actor != told.by:
        return False
    claimed = cast(
        "dict[str, Json]", parse(canonical(dict(told.fields) | {path: told.if_told[path] for path in told.if_told if path in entry.values}))
    )
    # A value that was purged stands by its hash alone.
    purged = {field.path for field in entry.fields.all() if field.text is None}
    return all(path in purged or entry.values.get(path) == value for path, value in claimed.items())


@contextmanager
def _one_moment() -> Iterator[None]:
    """Rows and entries as of one snapshot: they are written in one transaction, and are to be read so."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
