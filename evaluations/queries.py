"""What others ask about evaluations: the latest assessment, what an upload changed, what is still to be computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import QuerySet

from evaluations import documents, evidence
from evaluations.models import AnnouncedRun, Assessment, AssessmentDue, Binding, Measurement, Subject, Supersession, Upload
from frameworks.engine.types import Outcome
from frameworks.finding_words import deciding_sentence
from frameworks.queries import in_force_versions
from ledger.delivery import awaits
from ledger.services import size


@dataclass(frozen=True, slots=True)
class Change:
    """One threshold whose finding moved: `cbrn-3`, before and after (before is empty for the first assessment)."""

    framework: str
    threshold: str
    title: str
    before: str
    after: str
    because: str = ""

    @property
    def rises(self) -> bool:
        return self.before == "" or Outcome(self.after).rank > Outcome(self.before).rank


def latest_assessment(
    subject: Subject, framework_name: str, *, as_of: datetime | None = None, ledger_size: int | None = None
) -> Assessment | None:
    """The newest assessment, or the newest as of a time and as known at a ledger size."""
    rows = Assessment.objects.filter(subject=subject, framework_name=framework_name, seq__isnull=False)
    if as_of is not None:
        rows = rows.filter(as_of__lte=as_of)
    if ledger_size is not None:
        rows = rows.filter(seq__lt=ledger_size)
    return rows.select_related("framework_version").order_by("-seq").first()


def changes(assessment: Assessment, *, titles: dict[str, str] | None = None, reasons: bool = False) -> list[Change]:
    """What differs from the assessment it supersedes, in the framework's order; with the bounds that made it so where they are asked for."""
    before = assessment.supersedes.summary if assessment.supersedes else {}
    names = titles if titles is not None else threshold_titles(assessment)
    why = _reasons(assessment) if reasons else {}
    return [
        Change(assessment.framework_name, slug, names.get(slug, slug), before.get(slug, ""), after, why.get(slug, ""))
        for slug, after in assessment.summary.items()
        if before.get(slug, "") != after
    ]


def _reasons(assessment: Assessment) -> dict[str, str]:
    """Threshold → the leaves that decided it, each with its bound, interval and n."""
    document = assessment.framework_version.document
    found = documents.content(assessment.assessment_digest)["thresholds"]
    return {finding["slug"]: deciding_sentence(finding, document) for finding in found}


def threshold_titles(assessment: Assessment) -> dict[str, str]:
    return {threshold.slug: threshold.title for threshold in assessment.framework_version.document.thresholds}


def assessments_of(upload: Upload) -> list[Assessment]:
    """The first assessment under each framework whose evidence names this upload; what it changed stands there."""
    reading = upload.readings.order_by("seq").last()
    if reading is None or reading.seq is None:
        return []
    rows = Assessment.objects.filter(subject=upload.subject_id, ledger_size__gt=reading.seq)
    first = rows.select_related("supersedes", "framework_version").order_by("framework_name", "seq").distinct("framework_name")
    # A later assessment that does not name it was made for another reason: this upload changed nothing there.
    return [assessment for assessment in first if str(upload.pk).encode() in documents.load(assessment.evidence_digest)]


def is_being_assessed(subject_id: UUID) -> bool:
    """Whether a newer assessment of the subject is on its way, or about to be asked for."""
    due = AssessmentDue.objects.filter(subject=subject_id, state__in=["waiting", "working"])
    return due.exists() or awaits(("evaluations.subject",), path="subject", values=[str(subject_id)])


@dataclass(frozen=True, slots=True)
class AnnouncedShown:
    """`state`: waiting (its indicator rules nothing out until it arrives), incomplete (until it arrives whole), arrived, signed_away."""

    announced: AnnouncedRun
    state: str
    signed_away: Supersession | None


def announced_runs(subject: Subject, *, at: datetime) -> list[AnnouncedShown]:
    """What was announced for a subject, the newest first, and whether it came, as the evidence of the frameworks in force has it."""
    missing = {
        announced.pk: reason
        for version in in_force_versions()
        for announced, reason in evidence.outstanding_runs(subject, version.document, at=at, ledger_size=size()).items()
    }
    rows = subject.announced_runs.select_related("announced_by").prefetch_related("set_aside__person").order_by("-seq", "id")
    return [_announced(row, missing.get(row.pk, "")) for row in rows]


def _announced(row: AnnouncedRun, missing: str) -> AnnouncedShown:
    gone = next(iter(row.set_aside.all()), None)
    states = {"": "arrived", "incomplete": "incomplete", "not-arrived": "waiting"}
    return AnnouncedShown(row, "signed_away" if gone else states[missing], gone)


def bindings_of(runs: Iterable[UUID]) -> dict[UUID, list[Binding]]:
    """The bindings each measurement of these runs reaches, proposed ones too, in two queries."""
    measurements = list(Measurement.objects.filter(run__in=list(runs)).select_related("run__reading"))
    found = Binding.objects.filter(
        family__in={measurement.run.reading.format for measurement in measurements},
        metric__in={measurement.metric for measurement in measurements},
    ).order_by("proposed_seq")
    by_selector: dict[tuple[str, ...], list[Binding]] = {}
    for binding in found:
        key = (binding.family, binding.task, binding.scorer, binding.metric, binding.reducer, binding.filter, binding.group)
        by_selector.setdefault(key, []).append(binding)
    return {measurement.pk: _for(measurement, by_selector) for measurement in measurements}


def _for(measurement: Measurement, by_selector: dict[tuple[str, ...], list[Binding]]) -> list[Binding]:
    run = measurement.run
    names = (measurement.scorer, measurement.metric, measurement.reducer, measurement.filter, measurement.group)
    candidates = by_selector.get((run.reading.format, run.task, *names), [])
    return [binding for binding in candidates if binding.task_version in {"", run.task_version}]


def supersessions_of(runs: Iterable[UUID]) -> dict[UUID, Supersession]:
    """What was superseded or set aside among these runs and their measurements, by the id of the thing."""
    ids = list(runs)
    rows = Supersession.objects.filter(measurement__run__in=ids) | Supersession.objects.filter(run__in=ids)
    return {thing: row for row in rows.select_related("person") for thing in (row.measurement_id, row.run_id) if thing is not None}


def subjects_touched_by(binding: Binding) -> QuerySet[Subject]:
    """The subjects with a result this binding names."""
    told = Measurement.objects.filter(
        scorer=binding.scorer,
        metric=binding.metric,
        reducer=binding.reducer,
        filter=binding.filter,
        group=binding.group,
        run__task=binding.task,
        run__reading__format=binding.family,
    )
    return Subject.objects.filter(pk__in=told.values("run__subject"))


def latest_of_subject(subject: Subject) -> list[Assessment]:
    """The newest assessment under each framework, in one query."""
    rows = Assessment.objects.filter(subject=subject, seq__isnull=False).select_related("framework_version")
    return list(rows.order_by("framework_name", "-seq").distinct("framework_name"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a measurement comes from: the day its file says it was measured (None: not known), and the file as it was received."""

    measured_on: date | None
    received_at: datetime
    upload: UUID
    filename: str
    sha256: str


def origins(ids: Iterable[str]) -> dict[str, Origin]:
    """The origin of each measurement an assessment names, by the name it has there; in one query."""
    asked = {each: each.partition("@")[0] for each in ids}
    fields = ("pk", "run__created", "run__upload__received_at", "run__upload_id", "run__upload__filename", "run__upload__blob_id")
    rows = {str(row[0]): row[1:] for row in Measurement.objects.filter(pk__in=set(asked.values())).values_list(*fields)}
    return {each: _origin(*rows[pk]) for each, pk in asked.items() if pk in rows}


def _origin(created: datetime | None, received_at: datetime, upload: UUID, filename: str, sha256: str) -> Origin:
    # A file that says it was made after it arrived says nothing about when.
    known = created if created is not None and created <= received_at else None
    return Origin(known.astimezone(UTC).date() if known else None, received_at, upload, filename, sha256)
