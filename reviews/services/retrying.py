"""Another round of attempts for work that was given up. The row begins anew; what it is to do stays as it was."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from evaluations.models import AssessmentDue, Upload
from evaluations.services import assessments, uploads
from ledger import delivery
from ledger.models import Cursor
from ledger.refusals import NotKnown, NotNow, Refusal
from people.models import Person
from people.policies import require
from people.queries import actor_of
from reviews import entries, policies
from reviews.models import Delivery, Export, Notice
from reviews.models.notice import Work, WorkState
from reviews.services import outlets
from reviews.unfinished import GIVEN_UP


class WorkNotKnown(NotKnown):
    code = "work_not_known"
    sentence = "There is no such work."


class NotGivenUp(NotNow):
    code = "not_given_up"
    sentence = "This has not been given up: it is tried again by itself, or done."


class CountChanged(NotNow):
    code = "count_changed"
    what_to_do = "Look at the list again; then say so again."


def retry(*, kind: str, row_id: str, actor: Person, at: datetime) -> None:
    """Tries one piece of work again. Raises WorkNotKnown, NotAllowed, and NotGivenUp or what the row's own room refuses with."""
    require(policies.may_operate(actor_of(actor, at)))
    if kind not in _VERBS:
        raise WorkNotKnown
    _VERBS[kind](row_id, actor, at)


@dataclass(frozen=True, slots=True)
class Retried:
    """How many are tried again, and why the others are not: each sentence with how many it is true of."""

    done: int
    left_out: Mapping[str, int]


@transaction.atomic
def retry_all(*, kind: str, count: int, actor: Person, at: datetime) -> Retried:
    """Tries everything of a kind that was given up, if it is as much as the person was told. Raises CountChanged, WorkNotKnown, NotAllowed."""
    require(policies.may_operate(actor_of(actor, at)))
    if kind not in GIVEN_UP:
        raise WorkNotKnown
    ids = [str(pk) for pk in GIVEN_UP[kind].order_by("pk").values_list("pk", flat=True)]
    if len(ids) != count:
        raise CountChanged(f"You were told of {count}; there are {len(ids)} now.")
    return retry_each(kind=kind, row_ids=ids, actor=actor, at=at)


@transaction.atomic
def retry_each(*, kind: str, row_ids: Sequence[str], actor: Person, at: datetime) -> Retried:
    """Tries each of these; one that is refused stays as it was and takes nothing from the others. Raises NotAllowed."""
    require(policies.may_operate(actor_of(actor, at)))
    left_out = Counter[str]()
    for row_id in row_ids:
        try:
            with transaction.atomic():
                retry(kind=kind, row_id=row_id, actor=actor, at=at)
        except Refusal as refusal:
            left_out[refusal.sentence] += 1
    return Retried(len(row_ids) - left_out.total(), left_out)


@transaction.atomic
def retry_report(*, export: Export, actor: Person, at: datetime) -> None:
    """For whoever reads the board: a report that was given up is made once more. Raises NotAllowed, NotGivenUp."""
    require(policies.may_see_board(actor_of(actor, at)))
    _begin_anew(Export.objects.select_for_update(of=("self",)).get(pk=export.pk), "report", actor, at)


def _begin_anew(row: Work, kind: str, actor: Person, at: datetime) -> None:
    if row.state != WorkState.DEAD:
        raise NotGivenUp
    row.state, row.attempts, row.not_before, row.last_error = WorkState.WAITING, 0, at, ""
    row.save(update_fields=["state", "attempts", "not_before", "last_error"])
    entries.work_retried(kind, str(row.pk), actor=actor, at=at)


def _found(rows: QuerySet[Any], row_id: str) -> Any:
    try:
        row = rows.filter(pk=row_id).first()
    except ValidationError:  # no id at all
        row = None
    if row is None:
        raise WorkNotKnown
    return row


@transaction.atomic
def _own(rows: QuerySet[Any], kind: str, row_id: str, actor: Person, at: datetime) -> None:
    _begin_anew(_found(rows.select_for_update(of=("self",)), row_id), kind, actor, at)


@transaction.atomic
def _consumer(name: str, actor: Person, at: datetime) -> None:
    """It goes on at the entry it stands at; nothing is skipped."""
    if not Cursor.objects.filter(pk=name, attempts__gt=0).exists():
        raise NotGivenUp
    delivery.try_now(name)
    entries.work_retried("consumer", name, actor=actor, at=at)


_VERBS: dict[str, Callable[[str, Person, datetime], object]] = {
    "upload": lambda row_id, actor, at: uploads.retry(upload=_found(Upload.objects.all(), row_id), actor=actor, at=at),
    "assessment": lambda row_id, actor, at: assessments.retry(due=_found(AssessmentDue.objects.all(), row_id), actor=actor, at=at),
    "delivery": lambda row_id, actor, at: outlets.resend(delivery=_found(Delivery.objects.all(), row_id), actor=actor, at=at),
    "notice": lambda row_id, actor, at: _own(Notice.objects.all(), "notice", row_id, actor, at),
    "report": lambda row_id, actor, at: _own(Export.objects.all(), "report", row_id, actor, at),
    "consumer": _consumer,
}
