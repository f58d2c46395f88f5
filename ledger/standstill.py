"""Has anything been written since? PostgreSQL's own answer, in one statement.

Every transaction that writes takes a number, and its end shows in the next snapshot: two equal snapshots see the same rows of every table. What was read
under one may therefore stand for as long as the snapshot does, and not an instant longer; no list of what a thing depends on has to be kept right.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

T = TypeVar("T")
MOST = 500


def snapshot() -> str | None:
    """What the database shows now, as a name; None in a transaction that has written, for it sees its own rows besides, and on a standby,
    whose snapshots do not name the transactions that are under way."""
    # Most requests ask this first, so it finds a connection that has died just as well as the statement Django would send ahead of it.
    unproven = connection.connection is not None and not connection.health_check_done  # type: ignore[attr-defined]
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _snapshot()
    except (InterfaceError, OperationalError):
        if not unproven or connection.in_atomic_block:
            raise
        connection.close()
        return _snapshot()


def _snapshot() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL AND NOT pg_is_in_recovery() THEN pg_current_snapshot()::text END"
        )
        row = cursor.fetchone()
    return None if row is None else row[0]


@contextmanager
def one_view() -> Iterator[None]:
    """What is read inside is read of one moment, whatever is written meanwhile; nothing can be written inside. In a transaction that is open already,
    what is seen is that transaction's."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class WhileNothingMoves(Generic[T]):
    """Keeps what was read, by key, until anything at all is written, or until the clock alone would read it otherwise."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._kept: tuple[str, dict[Hashable, tuple[datetime, datetime | None, T]]] = ("", {})

    def get(self, key: Hashable, *, at: datetime, read: Callable[[], tuple[T, datetime | None]], seen: str | None = None) -> T:
        """`read` answers the value, and the first instant at which time alone would change it (None: never).

        `seen` is a `snapshot()` that the same request took, which spares asking again: the answer is then of that moment, without what was written
        since, by oneself too.
        """
        before = seen or snapshot()
        if before is None:
            return read()[0]
        kept = self._of(before).get(key)
        if kept is not None and kept[0] <= at and (kept[1] is None or at < kept[1]):
            return kept[2]
        value, until = read()
        # What was written while we read may be in one half of it and not in the other.
        if (until is None or at < until) and snapshot() == before:
            self._keep(before, key, (at, until, value))
        return value

    def _keep(self, seen: str, key: Hashable, read: tuple[datetime, datetime | None, T]) -> None:
        """As the newest; where there is no more room, what was kept the longest goes."""
        kept = self._of(seen)
        kept.pop(key, None)
        for eldest in list(kept)[: max(0, len(kept) + 1 - self._most)]:
            kept.pop(eldest, None)
        kept[key] = read

    def _of(self, seen: str) -> dict[Hashable, tuple[datetime, datetime | None, T]]:
        # Looked at once: another thread may put in its own meanwhile, and what was read under one snapshot must not get among what another sees.
        kept = self._kept
        if kept[0] != seen:
            kept = self._kept = (seen, {})
        return kept[1]
