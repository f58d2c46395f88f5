"""Looking back: each row as it stood at an earlier moment, from what was kept when it changed.

`kept = of(row)` before a change and `keep(kept, at)` beside it; `as_it_stood` reads it. Rows that carry their own times (votes, sign-offs, decisions)
need none of this. What was changed before this was kept shows as it stood after its last change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model

from evaluations.models import Deployment, Snapshot, UploadState
from ledger.models import Entry
from reviews.models import Case, Determination, PastState, Question, SafeguardImplementation, ScopeState
from reviews.models.case import CaseState

Row = TypeVar("Row", bound=Model)

# What of a row moves after it was written, and has no time of its own.
MOVES: Mapping[type[Model], tuple[str, ...]] = {
    Case: ("kind",),
    Question: (
        *("state", "outcome", "proposal", "covered_by_id", "proposed_by_id", "proposal_note", "content", "content_digest"),
        *(
            "finding_digest",
            "finding_outcome",
            "raised",
            "quorum",
            "decided_at",
            "decided_by_id",
            "declaration_id",
            "declaration_note",
            "declaration_hazard",
        ),
    ),
    Determination: ("kept_for", "contradicted_for"),
    ScopeState: (
        "state",
        "enforcement",
        "observed_until",
        "observed_snapshot_id",
        "changed_at",
        "halted_at",
        "halted_by_id",
        "halt_reason",
    ),
    SafeguardImplementation: ("version", "version_digest", "changed_at"),
}
# What an entry about an upload made of it; the ledger keeps these for ever.
UPLOAD_BECAME = {
    "evaluations:upload:received": UploadState.RECEIVED,
    "evaluations:upload:retried": UploadState.RECEIVED,
    "evaluations:upload:parsed": UploadState.PARSED,
    "evaluations:upload:rejected": UploadState.REJECTED,
    "evaluations:upload:given-up": UploadState.DEAD,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """One row's values before a change."""

    row: UUID
    stood: Mapping[str, Any]


def of(row: Model) -> Kept:
    """How this row stands, before it is changed."""
    return Kept(row.pk, {name: getattr(row, name) for name in MOVES[type(row)]})


def keep(*several: Kept, at: datetime) -> None:
    """Writes down how these rows stood until now; in the transaction that changes them."""
    PastState.objects.bulk_create(PastState(row=each.row, until_at=at, stood=each.stood) for each in several)


def as_it_stood(rows: Iterable[Row], at: datetime) -> list[Row]:
    """The same rows with the values they had at that moment. One query."""
    several = list(rows)
    wanted = {row.pk for row in several}
    later = PastState.objects.filter(row__in=wanted, until_at__gt=at).order_by("row", "until_at", "id").distinct("row") if wanted else ()
    stood = {each.row: each.stood for each in later}
    for row in several:
        for name, value in stood.get(row.pk, {}).items():
            setattr(row, name, _concrete(row, name).to_python(value))
    return several


def _concrete(row: Model, attribute: str) -> Any:
    return next(field for field in row._meta.concrete_fields if field.attname == attribute)


def cases_as_they_stood(cases: Iterable[Case], at: datetime) -> list[Case]:
    """The same, and open where they were closed later. One query."""
    several = as_it_stood(cases, at)
    for case in several:
        if case.closed_at is not None and case.closed_at > at:
            case.state, case.closed_at, case.closed_by, case.closing_note = CaseState.OPEN, None, None, ""
    return several


def weights_as_they_stood(snapshots: Iterable[Snapshot], at: datetime) -> list[Snapshot]:
    """The same weights without what was confirmed or chosen later. One query."""
    several = list(snapshots)
    named = [each.candidate_seq for each in several if each.candidate_seq is not None]
    later = set(Entry.objects.filter(seq__in=named, recorded_at__gt=at).values_list("seq", flat=True)) if named else set()
    for each in several:
        if each.candidate_seq in later:
            each.candidate_seq = None
        if each.confirmed_at is not None and each.confirmed_at > at:
            each.confirmed_by = each.confirmed_at = each.confirmed_seq = None
    return several


def deployments_as_known(deployments: Iterable[Deployment], at: datetime) -> list[Deployment]:
    """The same, still running where their end was reported later; running ones first. One query."""
    several = list(deployments)
    named = [each.ended_seq for each in several if each.ended_seq is not None]
    later = set(Entry.objects.filter(seq__in=named, recorded_at__gt=at).values_list("seq", flat=True)) if named else set()
    for each in several:
        if each.ended_seq in later:
            each.until = each.ended_seq = None
    return sorted(several, key=lambda each: each.until is not None)


def upload_states(uploads: Iterable[UUID], at: datetime) -> dict[UUID, str]:
    """What had become of each file by then, as the ledger tells. One query."""
    things = {f"upload:{each}": each for each in uploads}
    told = (
        Entry.objects.filter(thing__in=things, kind__in=UPLOAD_BECAME, recorded_at__lte=at).order_by("thing", "-seq").distinct("thing")
        if things
        else Entry.objects.none()
    )
    return {things[thing]: UPLOAD_BECAME[kind] for thing, kind in told.values_list("thing", "kind")}
