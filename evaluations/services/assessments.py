"""Computing what the evidence supports, and the rows that say when it must be computed again."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q

from evaluations import documents, entries
from evaluations.breakage import place_of
from evaluations.evidence import Collected, collect
from evaluations.models import Assessment, AssessmentDue, DueState, Subject
from frameworks import queries as frameworks
from frameworks.engine.versions import ENGINES, Versions
from frameworks.models import FrameworkVersion
from ledger.canonical import parse
from ledger.clock import holds, lease_is_over, wait_is_over
from ledger.refusals import NotNow
from ledger.services import size
from people.models import Person

log = logging.getLogger(__name__)

LEASE = settings.WORK_LEASE
MAX_ATTEMPTS = 6
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = FIRST_WAIT * 4 ** (MAX_ATTEMPTS - 1)
# What stops the work without being the subject's fault: the ledger takes nothing now, or the database went away. It costs no attempt.
NOT_THE_SUBJECT = (NotNow, OperationalError, InterfaceError)


@transaction.atomic
def assess(*, subject: Subject, framework_version: FrameworkVersion, at: datetime, engines: Versions = ENGINES) -> Assessment | None:
    """Collects the evidence, lets the engine decide, and stores documents and answer; None where inputs and findings are those of before.

    An assessment whose own time has run out is made anew even when nothing moved, so that its clock goes on; so is one of an earlier engine.
    """
    Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)
    collected = collect(subject, framework_version, at=at, ledger_size=size())
    answer = engines.now(framework_version.canonical, collected.document)
    decided = cast(dict[str, Any], parse(answer))
    latest = _latest(subject, framework_version.name)
    if latest is not None and _says_the_same(latest, framework_version, collected, decided, at):
        return None
    assessment = _told(subject, framework_version, collected, at=at, answer=answer, supersedes=latest)
    assessment.save(force_insert=True)
    assessment.seq = entries.assessment_made(assessment, was=latest.summary if latest else {}, at=at).seq
    assessment.save(update_fields=["seq"])
    return assessment


def mark_due(*, subjects: Iterable[UUID], reason: str, at: datetime, framework_names: Iterable[str] | None = None) -> list[UUID]:
    """Asks for new assessments; many asks before one is made are one. Answers the ids of the rows."""
    names = list(framework_names) if framework_names is not None else list(frameworks.in_force_versions().values_list("name", flat=True))
    rows = [
        AssessmentDue(subject_id=subject, framework_name=name, reason=reason[:200], marked_at=at)
        for subject in sorted(set(subjects))
        for name in names
    ]
    if not rows:
        return []
    # One statement for all: a row that is there is asked once more, whatever state it is in.
    with transaction.atomic():
        AssessmentDue.objects.bulk_create(rows, ignore_conflicts=True)
        asked = AssessmentDue.objects.filter(subject__in={row.subject_id for row in rows}, framework_name__in=names)
        fresh = {row.pk for row in rows}
        known = asked.exclude(pk__in=fresh)
        known.filter(state=DueState.WORKING).update(mark=F("mark") + 1)
        known.exclude(state=DueState.WORKING).update(
            mark=F("mark") + 1, state=DueState.WAITING, reason=reason[:200], marked_at=at, attempts=0, not_before=None, error=""
        )
        return list(asked.values_list("pk", flat=True))


def due(*, at: datetime, subject_id: UUID | None = None, limit: int = 200) -> list[UUID]:
    """Rows that wait to be computed, or whose worker has gone silent; of all subjects, or of one."""
    ready = Q(state=DueState.WAITING) & wait_is_over(at, LONGEST_WAIT)
    silent = Q(state=DueState.WORKING) & lease_is_over(at, LEASE)
    about = Q() if subject_id is None else Q(subject=subject_id)
    return list(AssessmentDue.objects.filter(ready | silent, about).order_by("marked_at", "pk").values_list("pk", flat=True)[:limit])


def work(*, due_id: UUID, at: datetime) -> Assessment | None:
    """Does what one row asks for. Safe to run twice; a failure gives the row back, and after some attempts up."""
    row = _claim(due_id, at)
    if row is None:
        return None
    version = frameworks.in_force(row.framework_name)
    try:
        made = assess(subject=row.subject, framework_version=version, at=at) if version is not None else None
    except NOT_THE_SUBJECT as error:
        log.warning("The assessment of %s under %s must wait (%s)", row.subject_id, row.framework_name, place_of(error))
        if not isinstance(error, NotNow):
            connection.close()  # the next statement asks for a new one
        _give_back(row, place_of(error), at, spent=False)
        return None
    except Exception as error:  # The boundary of a worker: one subject that cannot be computed must not stop the others.
        place = place_of(error)
        log.error("The assessment of %s under %s failed (%s, attempt %s)", row.subject_id, row.framework_name, place, row.attempts)
        _give_back(row, place, at)
        return None
    _finish(row, at)
    return made


def waits_again(*, due_id: UUID) -> bool:
    """Whether it was asked for while it was being made; a failure that is waited out is something else."""
    return AssessmentDue.objects.filter(pk=due_id, state=DueState.WAITING, not_before=None).exists()


class NothingToRetry(NotNow):
    code = "nothing_to_retry"
    sentence = "This assessment has not been given up."


@transaction.atomic
def retry(*, due: AssessmentDue, actor: Person, at: datetime) -> AssessmentDue:
    """Another round of attempts for an assessment that was given up. Whether this person may is the caller's to ask. Raises NothingToRetry."""
    row = AssessmentDue.objects.select_for_update(of=("self",)).get(pk=due.pk)
    if row.state != DueState.DEAD:
        raise NothingToRetry
    row.state, row.attempts, row.not_before, row.error = DueState.WAITING, 0, at, ""
    row.save(update_fields=["state", "attempts", "not_before", "error"])
    entries.assessment_retried(row, actor=actor, at=at)
    return row


def mark_what_the_clock_changed(*, at: datetime) -> list[UUID]:
    """Assessments whose answer changes by itself by now are due again."""
    over = Assessment.objects.filter(valid_until__lte=at, superseded_by=None, seq__isnull=False)
    marked: list[UUID] = []
    for subject, name in over.exclude(_asked_for()).values_list("subject_id", "framework_name").distinct():
        marked += mark_due(subjects=[subject], framework_names=[name], reason="time", at=at)
    return marked


def dependents(subject_id: UUID) -> list[UUID]:
    """The subjects that lean on this one directly; theirs follow when their own assessment moves."""
    return list(Subject.objects.filter(parent=subject_id).values_list("pk", flat=True))


def _asked_for() -> Q:
    rows = AssessmentDue.objects.filter(state__in=[DueState.WAITING, DueState.WORKING, DueState.DEAD])
    return Q(subject__in=rows.values("subject"), framework_name__in=rows.values("framework_name"))


def _latest(subject: Subject, framework_name: str) -> Assessment | None:
    return Assessment.objects.filter(subject=subject, framework_name=framework_name).order_by("-seq").first()


def _says_the_same(latest: Assessment, version: FrameworkVersion, collected: Collected, decided: Mapping[str, Any], at: datetime) -> bool:
    over = latest.valid_until is not None and latest.valid_until <= at
    inputs = (latest.framework_digest, latest.inputs_digest, latest.engine_version)
    same = inputs == (version.digest, collected.inputs_digest, decided["engine_version"])
    return same and not over and latest.finding_digests == _finding_digests(decided)


def _told(
    subject: Subject, version: FrameworkVersion, collected: Collected, *, at: datetime, answer: bytes, supersedes: Assessment | None
) -> Assessment:
    """The row of an answer, its three documents filed."""
    decided = cast(dict[str, Any], parse(answer))
    return Assessment(
        id=uuid4(),
        subject=subject,
        framework_version=version,
        framework_name=version.name,
        as_of=at,
        known_at=at,
        ledger_size=decided["ledger_size"],
        framework_digest=documents.store("framework", version.canonical, at=at),
        evidence_digest=documents.store("evidence", collected.document, at=at),
        assessment_digest=documents.store("assessment", answer, at=at),
        engine_version=decided["engine_version"],
        reader_versions=list(collected.reader_versions),
        inputs_digest=collected.inputs_digest,
        summary={threshold["slug"]: threshold["outcome"] for threshold in decided["thresholds"]},
        finding_digests=_finding_digests(decided),
        requirement={axis: required["tier"] for axis, required in decided["required"].items()},
        made_at=at,
        supersedes=supersedes,
        valid_until=_earliest(_moment(decided["valid_until"]), collected.changes_at),
    )


def _finding_digests(decided: Mapping[str, Any]) -> dict[str, str]:
    return {threshold["slug"]: threshold["finding_digest"] for threshold in decided["thresholds"]}


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


@transaction.atomic
def _claim(due_id: UUID, at: datetime) -> AssessmentDue | None:
    rows = AssessmentDue.objects.select_for_update(skip_locked=True, of=("self",)).select_related("subject")
    row = rows.filter(pk=due_id).first()
    if row is None or row.state in {DueState.DONE, DueState.DEAD} or holds(row.lease_until, at, LEASE):
        return None
    if row.attempts >= MAX_ATTEMPTS:  # it may be the row that kills
        row.state, row.lease_until, row.lease_token, row.error = DueState.DEAD, None, None, "Its worker was lost at every try."
        row.save(update_fields=["state", "lease_until", "lease_token", "error"])
        return None
    row.state, row.attempts = DueState.WORKING, row.attempts + 1
    row.lease_until, row.lease_token = at + LEASE, uuid4()
    row.save(update_fields=["state", "attempts", "lease_until", "lease_token"])
    return row


def _finish(row: AssessmentDue, at: datetime) -> None:
    """Done, unless something was asked for meanwhile: then it waits once more."""
    mine = AssessmentDue.objects.filter(pk=row.pk, lease_token=row.lease_token)
    done = {"done_mark": row.mark, "lease_until": None, "lease_token": None, "attempts": 0, "not_before": None, "error": ""}
    if not mine.filter(mark=row.mark).update(state=DueState.DONE, **done):
        mine.update(state=DueState.WAITING, **done)


def _give_back(row: AssessmentDue, error: str, at: datetime, *, spent: bool = True) -> None:
    wait = min(FIRST_WAIT * 4 ** (row.attempts - 1), LONGEST_WAIT)
    state = DueState.DEAD if spent and row.attempts >= MAX_ATTEMPTS else DueState.WAITING
    mine = AssessmentDue.objects.filter(pk=row.pk, lease_token=row.lease_token)
    mine.update(state=state, attempts=row.attempts - (not spent), lease_until=None, lease_token=None, not_before=at + wait, error=error)
