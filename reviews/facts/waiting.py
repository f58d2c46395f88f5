"""What was sent or is asked for about a model and does not speak yet."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from evaluations.models import AssessmentDue, DueState, Subject, Supersession, Upload, UploadState
from frameworks.models import FrameworkVersion
from reviews import past
from reviews.models import Determination


@dataclass(frozen=True, slots=True)
class Unheard:
    """What was sent about a model and does not speak: not read yet, given up, or refused and not signed away."""

    pending: int = 0
    dead: int = 0
    refused: int = 0


def uploads_of(ids: list[UUID], at: datetime) -> dict[UUID, Unheard]:
    # What was signed away is the refusal: a file that is read again may speak yet.
    answered_for = Exists(Supersession.objects.filter(upload=OuterRef("pk"), at__lte=at))
    rows = (
        Upload.objects.filter(subject__in=ids, received_at__lte=at)
        .exclude(state=UploadState.PARSED)
        .order_by()
        .values("subject_id")
        .annotate(
            dead=Count("pk", filter=Q(state=UploadState.DEAD)),
            refused=Count("pk", filter=Q(state=UploadState.REJECTED) & ~Q(answered_for)),
            pending=Count("pk", filter=Q(state__in=[UploadState.RECEIVED, UploadState.PARSING])),
        )
    )
    return defaultdict(Unheard, {row["subject_id"]: Unheard(row["pending"], row["dead"], row["refused"]) for row in rows})


def uploads_then(ids: list[UUID], at: datetime) -> dict[UUID, Unheard]:
    """The same as of an earlier moment: what had become of each file by then stands in the ledger. Here too a refusal is what was signed away."""
    signed_away = Exists(Supersession.objects.filter(upload=OuterRef("pk"), at__lte=at))
    rows = Upload.objects.filter(subject__in=ids, received_at__lte=at).exclude(state=UploadState.PARSED, finished_at__lte=at).order_by()
    about = list(rows.annotate(answered_for=signed_away).values_list("pk", "subject_id", "answered_for"))
    states = past.upload_states([upload for upload, _, _ in about], at)
    counted: dict[UUID, Counter[str]] = defaultdict(Counter)
    for upload, subject, answered_for in about:
        state = states.get(upload, UploadState.RECEIVED)
        counted[subject][state] += not (answered_for and state == UploadState.REJECTED)
    return defaultdict(
        Unheard,
        {
            subject: Unheard(each[UploadState.RECEIVED], each[UploadState.DEAD], each[UploadState.REJECTED])
            for subject, each in counted.items()
        },
    )


def models_they_lean_on(
    subjects: Iterable[Subject], determinations: Mapping[UUID, Iterable[Determination]], version: FrameworkVersion, at: datetime
) -> dict[UUID, frozenset[UUID]]:
    """The models whose evidence bears on each of these: its parent and those that cover it, theirs, and so on up. What waits there may be a rise here."""
    above: dict[UUID, set[UUID]] = {}
    for subject in subjects:
        covering = {each.covered_by.subject_id for each in determinations[subject.pk] if each.covered_by is not None}
        above[subject.pk] = covering | ({subject.parent_id} if subject.parent_id is not None else set())
    asked = set[UUID]().union(*above.values()) - above.keys()
    while asked:
        above |= {each: set() for each in asked}
        covered = Determination.objects.in_force(at).filter(subject__in=asked, framework_name=version.name, covered_by__isnull=False)
        for one, other in (
            *Subject.objects.filter(pk__in=asked, parent__isnull=False).order_by().values_list("pk", "parent"),
            *covered.order_by().values_list("subject", "covered_by__subject"),
        ):
            above[one].add(other)
        asked = set[UUID]().union(*above.values()) - above.keys()
    return {subject: _all_above(subject, above) for subject in above}


def _all_above(subject: UUID, above: Mapping[UUID, set[UUID]]) -> frozenset[UUID]:
    found, asked = set[UUID](), set(above.get(subject, ()))
    while asked:
        found |= asked
        asked = set[UUID]().union(*(above[each] for each in asked)) - found
    return frozenset(found - {subject})


def due_for(ids: list[UUID], version: FrameworkVersion, then: datetime | None) -> set[UUID]:
    rows = AssessmentDue.objects.filter(subject__in=ids, framework_name=version.name).exclude(state=DueState.DONE)
    if then is not None:
        # Only what waits still is known to have waited then; a wait that is over is not kept.
        rows = rows.filter(marked_at__lte=then)
    return set(rows.order_by().values_list("subject_id", flat=True))
