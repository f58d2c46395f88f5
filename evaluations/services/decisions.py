"""What people decided in the room above, written downwards because the evidence of the next assessment needs it.

These verbs record; whether the decision was validly taken is asked and answered before they are called, in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from evaluations import entries
from evaluations.models import Coverage, Judgement, Snapshot, StandingRequirement, Subject
from frameworks.engine.types import Outcome
from people.models import Person


@transaction.atomic
def record_judgement(
    *,
    subject: Subject,
    framework_name: str,
    slug: str,
    outcome: str,
    record: UUID,
    decided_at: datetime,
    expires_at: datetime | None,
    actor: Person | None,
    at: datetime,
) -> Judgement:
    """The answer to a question the framework puts to people. `record` is the decision's id above; the same record twice is one judgement."""
    known = Judgement.objects.filter(subject=subject, framework_name=framework_name, slug=slug, record=record).first()
    if known is not None:
        return known
    judgement = Judgement(subject=subject, framework_name=framework_name, slug=slug, outcome=outcome, record=record, recorded_at=at)
    judgement.decided_at, judgement.expires_at = decided_at, expires_at
    judgement.save(force_insert=True)
    judgement.seq = entries.judgement_recorded(judgement, actor=actor, at=at).seq
    judgement.save(update_fields=["seq"])
    return judgement


@transaction.atomic
def end_judgement(*, record: UUID, actor: Person | None, at: datetime) -> list[Judgement]:
    """The decision these judgements were recorded with left force, so what they let go of is let go of no longer; what they hold up they go on holding up.

    A judgement is never changed: each is followed by the same with its end at this moment. One that was followed already is over. Safe to say twice.
    """
    ended = []
    for judgement in Judgement.objects.filter(record=record, outcome=Outcome.RULED_OUT).order_by("slug"):
        asked = Judgement.objects.filter(subject=judgement.subject_id, framework_name=judgement.framework_name, slug=judgement.slug)
        over = judgement.expires_at is not None and judgement.expires_at <= at
        if over or asked.filter(seq__gt=judgement.seq).exists():
            continue
        end = Judgement(
            subject=judgement.subject,
            framework_name=judgement.framework_name,
            slug=judgement.slug,
            outcome=judgement.outcome,
            record=uuid5(record, "ended"),
            decided_at=judgement.decided_at,
            expires_at=at,
            recorded_at=at,
        )
        end.save(force_insert=True)
        end.seq = entries.judgement_ended(end, decision=record, actor=actor, at=at).seq
        end.save(update_fields=["seq"])
        ended.append(end)
    return ended


@transaction.atomic
def record_requirement(
    *, subject: Subject, framework_name: str, axis: str, tier: str, actor: Person | None, at: datetime
) -> StandingRequirement | None:
    """The tier now in force for a subject on one axis, for those who inherit it; None when that is what stands already."""
    Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)
    rows = StandingRequirement.objects.filter(subject=subject, framework_name=framework_name, axis=axis)
    latest = rows.order_by("-seq").first()
    if latest is not None and latest.tier == tier:
        return None
    requirement = StandingRequirement(subject=subject, framework_name=framework_name, axis=axis, tier=tier, recorded_at=at)
    requirement.save(force_insert=True)
    requirement.seq = entries.requirement_recorded(requirement, actor=actor, at=at).seq
    requirement.save(update_fields=["seq"])
    return requirement


@transaction.atomic
def record_coverage(
    *,
    snapshot: Snapshot,
    covered_by: Snapshot,
    framework_name: str,
    threshold: str,
    decision: UUID,
    expires_at: datetime,
    actor: Person | None,
    at: datetime,
) -> Coverage:
    """A quorum found these weights bounded by others' results on one threshold until a day; it does not require their own cells so long."""
    known = Coverage.objects.filter(snapshot=snapshot, framework_name=framework_name, decision=decision).first()
    if known is not None:
        return known
    coverage = Coverage(snapshot=snapshot, covered_by=covered_by, framework_name=framework_name, threshold=threshold, decision=decision)
    coverage.recorded_at, coverage.expires_at = at, expires_at
    coverage.save(force_insert=True)
    coverage.seq = entries.coverage_recorded(coverage, subject=snapshot.subject, actor=actor, at=at).seq
    coverage.save(update_fields=["seq"])
    return coverage


@transaction.atomic
def end_coverage(*, decision: UUID, why: str, actor: Person | None, at: datetime) -> Coverage | None:
    """The determination a coverage comes from left force: the weights need their own results again. Safe to say twice; None where none was in force."""
    coverage = (
        Coverage.objects.select_for_update(no_key=True, of=("self",))
        .select_related("snapshot__subject")
        .filter(decision=decision, ended_at=None)
        .first()
    )
    if coverage is None:
        return None
    coverage.ended_at = at
    coverage.save(update_fields=["ended_at"])
    coverage.ended_seq = entries.coverage_ended(coverage, subject=coverage.snapshot.subject, why=why, actor=actor, at=at).seq
    coverage.save(update_fields=["ended_seq"])
    return coverage
