"""Work that was given up, that fails and is tried again, or that no worker takes: what an operator looks at when something does not come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q, QuerySet, Window
from django.db.models.functions import Coalesce
from django.urls import reverse

from evaluations.models import AssessmentDue, DueState, Upload, UploadState
from ledger.models import Cursor
from reviews.models import Delivery, Export, Notice
from reviews.models.notice import WorkState

MOST_SHOWN = 100
# A sweep looks every few seconds: what nobody has taken for so long, nobody takes.
STUCK_AFTER = timedelta(minutes=2)
LOST = "Nothing is known but that it did not end; the worker's log may say why."


class How(StrEnum):
    """Given up for good; due and taken by nobody; failed and to be tried again."""

    DEAD = "dead"
    STUCK = "stuck"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One row of work: what it is, how often it was tried, why it is not done in words fit for a page, and when it is tried next."""

    kind: str
    id: str
    title: str
    address: str
    how: How
    attempts: int
    cause: str
    since: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pile:
    """All of one kind: how many there are, how many of them were given up, how many nobody takes; and the first rows, those given up before the others."""

    kind: str
    title: str
    total: int
    given_up: int
    stuck: int
    rows: list[Unfinished]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where the rows of a kind lie and how one reads: title, address, cause."""

    title: str
    rows: QuerySet[Any]
    since: str
    dead: str
    waiting: str
    working: str
    told: Callable[[Any], tuple[str, str, str]]

    def pile(self, kind: str, at: datetime) -> Pile:
        late = at - STUCK_AFTER
        rows = self.rows.annotate(due_at=Coalesce("not_before", self.since))
        stuck = Q(state=self.waiting, due_at__lte=late) | Q(state=self.working, lease_until__lte=late)
        failing = Q(state=self.waiting, attempts__gt=0, not_before__gt=at)
        dead = Q(state=self.dead)
        # Counted over all rows, in the statement that gives the first of them: windows are worked out before the limit.
        counts = {"all_of_them": _count(), "given_up": _count(dead), "nobody_takes": _count(stuck)}
        found = list(rows.filter(dead | stuck | failing).annotate(**counts).order_by("state", self.since, "pk")[:MOST_SHOWN])
        if not found:
            return Pile(kind, self.title, 0, 0, 0, [])
        first = found[0]
        return Pile(
            kind, self.title, first.all_of_them, first.given_up, first.nobody_takes, [self._unfinished(kind, row, at) for row in found]
        )

    def _unfinished(self, kind: str, row: Any, at: datetime) -> Unfinished:
        title, address, cause = self.told(row)
        how = How.DEAD if row.state == self.dead else How.FAILING if row.state == self.waiting and row.due_at > at else How.STUCK
        if how == How.STUCK:
            cause = _why_stuck(row, at, cause, in_hand=row.state == self.working)
        since = getattr(row, self.since)
        return Unfinished(
            kind, str(row.pk), title, address, how, row.attempts, cause, since, row.not_before if how == How.FAILING else None
        )


def _count(which: Q | None = None) -> Window:
    return Window(Count("pk", filter=which))


def _why_stuck(row: Any, at: datetime, cause: str, *, in_hand: bool) -> str:
    if in_hand:
        return f"Its worker was lost: the lease ran out {_long(at - row.lease_until)} ago, and no other took it."
    again = "" if not row.attempts else f" again after attempt {row.attempts} ({cause.rstrip('.')})"
    return f"No worker took it{again} for {_long(at - row.due_at)}."


def _long(time: timedelta) -> str:
    """`4 min`, `3 h`, `2 days`: the larger unit alone."""
    minutes = int(time.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def piles(at: datetime) -> list[Pile]:
    """What does not end, kind by kind; kinds with nothing are left out. As many statements as there are kinds. `at` is the clock workers share."""
    found = [each.pile(kind, at) for kind, each in _KINDS.items()]
    consumers = [_consumer(row) for row in Cursor.objects.filter(attempts__gt=0)]
    return [pile for pile in (*found, Pile("consumer", "Consumers of the ledger", len(consumers), 0, 0, consumers)) if pile.rows]


def _upload(row: Upload) -> tuple[str, str, str]:
    cause = row.error_message or "The reader broke on it; the worker's log names the place."
    return f"{row.label}, {row.subject.name}", reverse("evaluations:upload", args=[row.pk]), cause


def _assessment(row: AssessmentDue) -> tuple[str, str, str]:
    where = reverse("reviews:subject-detail", args=[row.subject.slug])
    return f"{row.subject.name} under {row.framework_name}", where, row.error or LOST


def _notice(row: Notice) -> tuple[str, str, str]:
    title = f"{row.kind.replace('_', ' ').capitalize()}, to {row.person.name}"
    return title, reverse("people:person", args=[row.person_id]), row.last_error or LOST


def _delivery(row: Delivery) -> tuple[str, str, str]:
    return row.outlet.label, reverse("reviews:outlet", args=[row.outlet_id]), row.last_error or LOST


def _report(row: Export) -> tuple[str, str, str]:
    title = f"{row.get_kind_display()} of case {row.case.number}"
    return title, reverse("reviews:report", args=[row.case.number]), row.last_error or LOST


def _work(title: str, rows: QuerySet[Any], told: Callable[[Any], tuple[str, str, str]]) -> _Kind:
    return _Kind(title, rows, "made_at", WorkState.DEAD, WorkState.WAITING, WorkState.WORKING, told)


_KINDS = {
    "upload": _Kind(
        "Files to read",
        Upload.objects.select_related("subject"),
        "received_at",
        UploadState.DEAD,
        UploadState.RECEIVED,
        UploadState.PARSING,
        _upload,
    ),
    "assessment": _Kind(
        "Assessments to make",
        AssessmentDue.objects.select_related("subject"),
        "marked_at",
        DueState.DEAD,
        DueState.WAITING,
        DueState.WORKING,
        _assessment,
    ),
    "notice": _work("Notices to send", Notice.objects.select_related("person"), _notice),
    # What waited for an outlet that was stopped will not go out, and nobody need look at it.
    "delivery": _work("Deliveries to outlets", Delivery.objects.filter(outlet__stopped_at=None).select_related("outlet"), _delivery),
    "report": _work("Reports to make", Export.objects.select_related("case"), _report),
}
GIVEN_UP: dict[str, QuerySet[Any]] = {kind: each.rows.filter(state=each.dead) for kind, each in _KINDS.items()}


def _consumer(row: Cursor) -> Unfinished:
    where = reverse("ledger:entry", args=[row.position])
    cause = f"It cannot get past entry {row.position}: {row.error or LOST}"
    since = row.failed_at or row.not_before
    assert since is not None
    return Unfinished("consumer", row.consumer, row.consumer, where, How.FAILING, row.attempts, cause, since, row.not_before)
