"""News travels upward here: consumers turn entries into rows of their own room, each at its own pace.

A cursor per consumer says how far it has come. One entry is handled in one transaction together with its cursor's step, so that nothing
is lost and nothing is half done. An entry that cannot be handled stops its own consumer only: it is tried again, ever more slowly, and
the cursor shows where it stands.
"""

import logging
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from celery import Task, current_app
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from ledger.canonical import Json, canonical
from ledger.clock import holds, wait_is_over
from ledger.models import Cursor, Entry, Head, LedgerField

log = logging.getLogger(__name__)

Handler = Callable[[Entry], None]

DELIVER = "ledger.deliver"
STUCK_AFTER = 5
# Any number, known to this database alone.
THE_TURN = 6_962_001
LONGEST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True)
class Consumer:
    name: str
    kinds: tuple[str, ...]
    handle: Handler
    prompt: bool = False


_consumers: dict[str, Consumer] = {}

# People wait for a kick, and a frozen broker takes seconds to not answer: after one silence it is left alone for a while.
LEFT_ALONE_SECONDS = 15
_silent_until = 0.0


class NameTaken(ValueError):
    """Two consumers share a name, and would share a cursor."""


def consumer(name: str, *, kinds: Iterable[str], prompt: bool = False) -> Callable[[Handler], Handler]:
    """Registers a function that hears entries of these kinds in order. It must be safe to run twice and touch nothing outside the database.

    Those that are `prompt` hear first, for somebody waits for what they do. Of the others one is at work at a time, whatever the number of workers:
    the rest of them stay free for what is prompt.
    """

    def register(handle: Handler) -> Handler:
        if name in _consumers:
            raise NameTaken(f"There is a consumer named {name} already.")
        _consumers[name] = Consumer(name, tuple(kinds), handle, prompt)
        return handle

    return register


def consumers() -> tuple[Consumer, ...]:
    return tuple(_consumers.values())


def kick(task: Task, **kwargs: object) -> None:
    """Sends the task once this transaction has committed. A lost broker is logged, never raised: the row says what is to be done."""
    _kick_once(task.name, tuple(sorted(kwargs.items())))


def kick_delivery() -> None:
    _kick_once(DELIVER, ())


def _kick_once(name: str, items: tuple[tuple[str, object], ...]) -> None:
    send = partial(_send, name, items)
    waiting = (hook[1] for hook in connection.run_on_commit if isinstance(hook[1], partial))
    if not any(func.func is _send and func.args == send.args for func in waiting):
        transaction.on_commit(send, robust=True)


def _send(name: str, items: tuple[tuple[str, object], ...]) -> None:
    held = _held.get()
    if held is None or (held.names and name not in held.names):
        _send_now(name, items)
    else:
        held.waiting.setdefault((name, items))


def _send_now(name: str, items: tuple[tuple[str, object], ...]) -> None:
    global _silent_until  # noqa: PLW0603 - one process, one broker
    if time.monotonic() < _silent_until:
        return
    try:
        current_app.send_task(name, kwargs=dict(items), retry_policy={"max_retries": 1, "interval_start": 0})
    except OperationalError as error:
        _silent_until = time.monotonic() + LEFT_ALONE_SECONDS
        log.warning("The broker did not take %s (%s); the next sweep will do it.", name, type(error).__name__)


@dataclass
class Held:
    """The messages that wait for the end of a piece of work, in order and each once: those of these names, or all."""

    names: frozenset[str]
    waiting: dict[tuple[str, tuple[tuple[str, object], ...]], None] = field(default_factory=dict)

    def take(self, name: str, **kwargs: object) -> None:
        """Whoever holds it back does this itself, so it is not sent."""
        self.waiting.pop((name, tuple(sorted(kwargs.items()))), None)


_held: ContextVar[Held | None] = ContextVar("held", default=None)


@contextmanager
def held_back(*names: str) -> Iterator[Held]:
    """Keeps messages until the block ends, for a worker that goes on by itself with what they would ask another for.

    A worker lost meanwhile loses them, as a broker may: the rows are there, and a sweep finds them.
    """
    held = Held(frozenset(names))
    token = _held.set(held)
    try:
        yield held
    finally:
        _held.reset(token)
        for name, items in held.waiting:
            _send(name, items)


def listen_again() -> None:
    """Forgets that the broker was silent; the next kick asks it anew."""
    global _silent_until  # noqa: PLW0603 - one process, one broker
    _silent_until = 0.0


def run_pending(*, limit: int = 500, at: datetime | None = None, only: Collection[str] | None = None) -> int:
    """Lets every consumer, or `only` these, handle what waits for it, until nothing is left or `limit` entries are handled; returns how many were."""
    at = at or timezone.now()
    handled = 0
    while handled < limit:
        before = handled
        for name, last in _due(at, only):
            while handled < limit and (seq := _step(_consumers[name], at)) is not None:
                handled += 1
                if seq >= last:
                    break
        if handled == before:
            break
    return handled


def _due(at: datetime, only: Collection[str] | None) -> list[tuple[str, int]]:
    """The consumers for whom an entry waits and who are not waiting out a failure, prompt ones first, each with the last such entry.
    Those for whom none waits are taken to the head at once.
    """
    size = Head.objects.values_list("size", flat=True).first() or 0
    positions = _behind(at, size)
    asked = [each for each in _consumers.values() if each.name in positions and (only is None or each.name in only)]
    if not asked:
        return []
    newest = _newest(min(positions[each.name] for each in asked), size)
    last = {each.name: max((newest.get(kind, -1) for kind in each.kinds), default=-1) for each in asked}
    due = [each for each in asked if last[each.name] >= positions[each.name]]
    _catch_up({each.name: positions[each.name] for each in asked if each not in due}, size)
    prompt, others = [each for each in due if each.prompt], [each for each in due if not each.prompt]
    return [(each.name, last[each.name]) for each in (*prompt, *(others if others and _has_the_turn() else ()))]


def _behind(at: datetime, size: int) -> dict[str, int]:
    """Where the consumers stand that are behind the head and not waiting out a failure."""
    cursors = {cursor.consumer: cursor for cursor in Cursor.objects.all()}
    missing = [name for name in _consumers if name not in cursors]
    if missing:
        Cursor.objects.bulk_create([Cursor(consumer=name) for name in missing], ignore_conflicts=True)
    behind = dict.fromkeys(missing, 0) if size else {}
    for name, cursor in cursors.items():
        if cursor.position < size and not holds(cursor.not_before, at, LONGEST_WAIT):
            behind[name] = cursor.position
    return behind


def _newest(start: int, size: int) -> dict[str, int]:
    """The last entry of each kind from `start` on. Entries become visible in order, so below a size that was read first none is still to come."""
    found = Entry.objects.filter(seq__gte=start, seq__lt=size).order_by().values_list("kind").annotate(newest=Max("seq"))
    return dict(found)


@transaction.atomic
def _catch_up(behind: dict[str, int], size: int) -> None:
    """Takes cursors to the head for whose consumers nothing waits below it; one that another worker is at, or has moved, is left alone."""
    if not behind:
        return
    rows = Cursor.objects.select_for_update(skip_locked=True).filter(consumer__in=behind, position__lt=size)
    unmoved = [cursor.pk for cursor in rows if cursor.position == behind[cursor.consumer]]
    Cursor.objects.filter(pk__in=unmoved).update(position=size)


def _step(listener: Consumer, at: datetime) -> int | None:
    """Handles the consumer's next entry and gives its number; None when there is none, it failed, or another worker is at it."""
    with transaction.atomic():
        if not listener.prompt and not _has_the_turn():
            return None
        due = Cursor.objects.select_for_update(skip_locked=True).filter(wait_is_over(at, LONGEST_WAIT))
        cursor = due.filter(consumer=listener.name).first()
        if cursor is None:
            return None
        # Entries become visible in order, so below a size that was read first none is still to come.
        size = Head.objects.values_list("size", flat=True).first() or 0
        waiting = Entry.objects.filter(kind__in=listener.kinds, seq__gte=cursor.position, seq__lt=size)
        entry = waiting.order_by("seq").prefetch_related("fields").first()
        if entry is None:
            Cursor.objects.filter(pk=cursor.pk).update(position=max(size, cursor.position))
            return None
        return entry.seq if _handle(listener, cursor, entry, at) else None


def _has_the_turn() -> bool:
    """Whether no other worker lets a consumer that is not prompt handle an entry now; none does until this transaction ends. Whoever has the turn looks again
    at what is due after each entry, so what another leaves to it is heard; where its own entry fails, the next run hears the rest, in seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [THE_TURN])
        return bool(cursor.fetchone()[0])


def _handle(listener: Consumer, cursor: Cursor, entry: Entry, at: datetime) -> bool:
    try:
        with transaction.atomic():
            listener.handle(entry)
    except Exception as error:  # The boundary of a consumer: whatever it raises stops it alone, and is kept on its cursor.
        _fail(cursor, entry, error, at)
        return False
    Cursor.objects.filter(pk=cursor.pk).update(position=entry.seq + 1, attempts=0, not_before=None, error="", failed_at=None)
    return True


def _fail(cursor: Cursor, entry: Entry, error: Exception, at: datetime) -> None:
    attempts = cursor.attempts + 1
    place = _where(error)
    wait = min(timedelta(seconds=2 ** min(attempts, 20)), LONGEST_WAIT)
    Cursor.objects.filter(pk=cursor.pk).update(position=entry.seq, attempts=attempts, not_before=at + wait, error=place, failed_at=at)
    log.error("The consumer %s could not handle entry %s (attempt %s): %s", cursor.consumer, entry.seq, attempts, place)


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"


def awaits(names: Sequence[str], *, path: str, values: Iterable[Json]) -> bool:
    """Whether one of these consumers, stuck ones included, has still to handle an entry whose field at `path` holds one of `values`,
    or that has no such field: what says of nobody that it is about them may be about anybody.
    """
    positions = dict(Cursor.objects.filter(consumer__in=names).values_list("consumer", "position"))
    unheard = Q(pk__in=[])
    for name in names:
        unheard |= Q(kind__in=_consumers[name].kinds, seq__gte=positions.get(name, 0))
    said = LedgerField.objects.filter(entry=OuterRef("pk"), path=path)
    # A value that was purged is not known to be another's.
    mine = said.filter(Q(text__in=[canonical(value).decode() for value in values]) | Q(text=None))
    newest = Entry.objects.filter(seq__gte=min((positions.get(name, 0) for name in names), default=0))
    return newest.filter(unheard).filter(Exists(mine) | ~Exists(said)).exists()


def is_overtaken(entry: Entry, *, kinds: Sequence[str], path: str) -> bool:
    """Whether a later entry of these kinds holds the same at `path`. A consumer that only works something out from what stands now need not do so
    for each of them: the last one is heard too.
    """
    value = canonical(entry.values[path]).decode()
    later = Entry.objects.filter(seq__gt=entry.seq, kind__in=kinds)
    return later.filter(Exists(LedgerField.objects.filter(entry=OuterRef("pk"), path=path, text=value))).exists()


def try_now(name: str) -> None:
    """Lets a consumer that waits out a failure try its entry at once. Nothing is skipped."""
    Cursor.objects.filter(pk=name).update(not_before=None)
    kick_delivery()


def failing() -> list[Cursor]:
    """The consumers whose next entry could not be handled, whether or not they wait to try again."""
    return list(Cursor.objects.filter(attempts__gt=0))


def stuck() -> list[Cursor]:
    """Those that have failed so often that an operator should look. They go on trying; nothing is skipped."""
    return list(Cursor.objects.filter(attempts__gte=STUCK_AFTER))
