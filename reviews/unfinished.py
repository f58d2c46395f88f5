"""Work that was given up, or that fails and is tried again: what an operator looks at when something does not come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from evaluations.models import AssessmentDue, DueState, Upload, UploadState
from ledger.models import Cursor
from reviews.models import Delivery, Export, Notice
from reviews.models.notice import WorkState

MOST_SHOWN = 100
LOST = "Nothing is known but that it did not end; the worker's log may say why."


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One row of work: what it is, how often it was tried, why it failed in words fit for a page, and when it is tried next."""

    kind: str
    id: str
    title: str
    address: str
    given_up: bool
    attempts: int
    cause: str
    since: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pile:
    """All of one kind: how many were given up, and the rows, those first."""

    kind: str
    title: str
    given_up: int
    rows: list[Unfinished]


def piles() -> list[Pile]:
    """What does not end, kind by kind; kinds with nothing are left out. As many statements as there are kinds."""
    found = (
        _pile("upload", "Files to read", map(_upload, _rows(_UPLOADS.select_related("subject"), "received_at"))),
        _pile("assessment", "Assessments to make", map(_assessment, _rows(_ASSESSMENTS.select_related("subject"), "marked_at"))),
        _pile("notice", "Notices to send", map(_notice, _rows(_NOTICES.select_related("person"), "made_at"))),
        _pile("delivery", "Deliveries to outlets", map(_delivery, _rows(_DELIVERIES.select_related("outlet"), "made_at"))),
        _pile("report", "Reports to make", map(_report, _rows(_REPORTS.select_related("case"), "made_at"))),
        _pile("consumer", "Consumers of the ledger", map(_consumer, Cursor.objects.filter(attempts__gt=0))),
    )
    return [pile for pile in found if pile.rows]


def _failing(dead: str, *waiting: str) -> Q:
    return Q(state=dead) | Q(state__in=waiting, attempts__gt=0, not_before__gt=Now())


_UPLOADS = Upload.objects.filter(_failing(UploadState.DEAD, UploadState.RECEIVED))
_ASSESSMENTS = AssessmentDue.objects.filter(_failing(DueState.DEAD, DueState.WAITING))
_NOTICES = Notice.objects.filter(_failing(WorkState.DEAD, WorkState.WAITING))
_DELIVERIES = Delivery.objects.filter(_failing(WorkState.DEAD, WorkState.WAITING))
_REPORTS = Export.objects.filter(_failing(WorkState.DEAD, WorkState.WAITING))
GIVEN_UP: dict[str, QuerySet[Any]] = {
    "upload": Upload.objects.filter(state=UploadState.DEAD),
    "assessment": AssessmentDue.objects.filter(state=DueState.DEAD),
    "notice": Notice.objects.filter(state=WorkState.DEAD),
    "delivery": Delivery.objects.filter(state=WorkState.DEAD),
    "report": Export.objects.filter(state=WorkState.DEAD),
}


def _rows(rows: QuerySet[Any], since: str) -> Iterable[Any]:
    return rows.order_by("state", since, "pk")[:MOST_SHOWN]  # "dead" comes before every other state


def _pile(kind: str, title: str, rows: Iterable[Unfinished]) -> Pile:
    listed = list(rows)
    return Pile(kind, title, sum(row.given_up for row in listed), listed)


def _upload(row: Upload) -> Unfinished:
    dead = row.state == UploadState.DEAD
    cause = row.error_message or "The reader broke on it; the worker's log names the place."
    title = f"{row.label}, {row.subject.name}"
    where = reverse("evaluations:upload", args=[row.pk])
    return Unfinished("upload", str(row.pk), title, where, dead, row.attempts, cause, row.received_at, _next(dead, row))


def _assessment(row: AssessmentDue) -> Unfinished:
    dead = row.state == DueState.DEAD
    title = f"{row.subject.name} under {row.framework_name}"
    where = reverse("reviews:subject-detail", args=[row.subject.slug])
    return Unfinished("assessment", str(row.pk), title, where, dead, row.attempts, row.error or LOST, row.marked_at, _next(dead, row))


def _notice(row: Notice) -> Unfinished:
    dead = row.state == WorkState.DEAD
    title = f"{row.kind.replace('_', ' ').capitalize()}, to {row.person.name}"
    where = reverse("people:person", args=[row.person_id])
    return Unfinished("notice", str(row.pk), title, where, dead, row.attempts, row.last_error or LOST, row.made_at, _next(dead, row))


def _delivery(row: Delivery) -> Unfinished:
    dead = row.state == WorkState.DEAD
    where = reverse("reviews:outlet", args=[row.outlet_id])
    return Unfinished(
        "delivery", str(row.pk), row.outlet.label, where, dead, row.attempts, row.last_error or LOST, row.made_at, _next(dead, row)
    )


def _report(row: Export) -> Unfinished:
    dead = row.state == WorkState.DEAD
    title = f"{row.get_kind_display()} of case {row.case.number}"
    where = reverse("reviews:report", args=[row.case.number])
    return Unfinished("report", str(row.pk), title, where, dead, row.attempts, row.last_error or LOST, row.made_at, _next(dead, row))


def _consumer(row: Cursor) -> Unfinished:
    where = reverse("ledger:entry", args=[row.position])
    cause = f"It cannot get past entry {row.position}: {row.error or LOST}"
    since = row.failed_at or row.not_before
    assert since is not None
    return Unfinished("consumer", row.consumer, row.consumer, where, False, row.attempts, cause, since, row.not_before)


def _next(dead: bool, row: Model) -> datetime | None:
    return None if dead else row.not_before  # type: ignore[attr-defined]
