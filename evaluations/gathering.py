"""Everything recorded about a subject below one ledger size, read once: what `evidence` then puts into words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from evaluations.corrected import corrections_of
from evaluations.models import Admission, Arms, Attestation, Binding, Correction, Measurement, Run, Snapshot, Subject, Supersession
from frameworks.engine.types import FrameworkDocument

Selector = tuple[str, str, str, str, str, str, str]


@dataclass(slots=True)
class Gathered:
    """Everything recorded about a subject below one ledger size, before it is put into words."""

    subject: Subject
    framework: FrameworkDocument
    at: datetime
    size: int
    snapshots: list[Snapshot] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    # The tellings of one run, by the first of them.
    told_together: dict[UUID, list[Run]] = field(default_factory=dict)
    measurements: dict[UUID, list[Measurement]] = field(default_factory=dict)
    bindings: dict[Selector, list[Binding]] = field(default_factory=dict)
    superseded: dict[UUID, Supersession] = field(default_factory=dict)
    set_aside: dict[UUID, Supersession] = field(default_factory=dict)
    admitted: dict[UUID, list[str]] = field(default_factory=dict)
    # Runs whose file somebody signed for, for the weights it was sent under.
    attested: set[UUID] = field(default_factory=set)
    arms: dict[UUID, Arms] = field(default_factory=dict)
    reached: dict[UUID, list[Binding]] = field(default_factory=dict)
    contested: set[UUID] = field(default_factory=set)
    # Uploads that count for other weights than they were sent under, by what two people said.
    corrections: dict[UUID, Correction] = field(default_factory=dict)
    # The active indicators that ask for a task.
    asked: dict[str, set[str]] = field(default_factory=dict)

    def known(self, seq: int | None) -> bool:
        return seq is not None and seq < self.size

    def asked_by(self, run: Run) -> set[str]:
        """The active indicators that ask for this run's task."""
        return self.asked.get(task_key(run.task), set())

    def weights(self, run: Run) -> Snapshot | None:
        """The snapshot a run counts for: the one it was sent under, or the one that was said to be right."""
        correction = self.corrections.get(run.upload_id)
        return run.snapshot if correction is None else correction.snapshot

    def tell_the_same(self, one: Run, other: Run) -> bool:
        """Whether two tellings of a run agree, the weights they count for included. Of the same bytes, read alike, only the weights can differ."""
        if self.corrections.keys().isdisjoint({one.upload_id, other.upload_id}):
            return one.content_digest == other.content_digest
        said, said_again = ((run.upload.blob_id, run.reading.reader_version, run.position) for run in (one, other))
        return self.weights(one) == self.weights(other) and (one.content_digest == other.content_digest or said == said_again)

    @property
    def sent_again(self) -> set[UUID]:
        """The uploads through which results go on speaking that were taken out because they were sent under the wrong weights."""
        return {each.sent_again_id for each in self.corrections.values() if each.sent_again_id is not None}

    def claimed_elsewhere(self, run: Run) -> bool:
        """Whether this run is told of another subject too: whoever claimed it first, it speaks for neither until one claim is signed away."""
        return run.claimed_elsewhere or (run.twin_of_id or run.pk) in self.contested


def gather(subject: Subject, framework: FrameworkDocument, at: datetime, size: int) -> Gathered:
    facts = Gathered(subject, framework, at, size)
    facts.snapshots = list(Snapshot.objects.filter(subject=subject, registered_seq__lt=size).order_by("registered_seq"))
    facts.contested = _contested(subject, size)
    facts.corrections = corrections_of(subject.pk, size)
    facts.bindings = _bindings(framework, size)
    asked: dict[str, set[str]] = defaultdict(set)
    for indicator in framework.indicators:
        for task in indicator.tasks if indicator.status == "active" else ():
            asked[task_key(task)].add(indicator.slug)
    facts.asked = dict(asked)
    signed = Attestation.objects.filter(upload=OuterRef("upload"), snapshot=OuterRef("snapshot"), seq__lt=size)
    speak = _runs_that_speak(facts).annotate(attested=Exists(signed)).select_related("upload", "reading", "snapshot")
    facts.runs = list(speak.order_by("reading__seq", "position"))
    # A file that two people moved to other weights was signed for the ones it was sent under.
    facts.attested = {run.pk for run in facts.runs if run.attested and run.upload_id not in facts.corrections}  # type: ignore[attr-defined]
    told_together: dict[UUID, list[Run]] = defaultdict(list)
    for run in facts.runs:
        for first in {run.pk, run.twin_of_id or run.pk}:
            told_together[first].append(run)
    facts.told_together = told_together
    facts.measurements = _bound_measurements(facts)
    about = Q(measurement__run__subject=subject) | Q(run__subject=subject) | Q(announced_run__subject=subject)
    for row in Supersession.objects.filter(about, seq__lt=size).select_related("replacement"):
        if row.measurement_id is not None:
            facts.superseded[row.measurement_id] = row
        for thing in (row.run_id, row.announced_run_id):
            if thing is not None:
                facts.set_aside[thing] = row
    admitted: dict[UUID, list[str]] = defaultdict(list)
    for admission in Admission.objects.filter(measurement__run__subject=subject, seq__lt=size):
        admitted[admission.measurement_id].append(admission.indicator_digest)
    facts.admitted = dict(admitted)
    facts.arms = _arms(facts)
    return facts


def _arms(facts: Gathered) -> dict[UUID, Arms]:
    """The confirmed arms of ratios, asked for only where some indicator that is reached is one."""
    ratios = {indicator.slug for indicator in facts.framework.indicators if indicator.kind == "ratio"}
    if not any(binding.indicator in ratios for several in facts.reached.values() for binding in several):
        return {}
    rows = Arms.objects.filter(measurement__run__subject=facts.subject, confirmed_seq__lt=facts.size)
    return {row.measurement_id: row for row in rows}


def _contested(subject: Subject, size: int) -> set[UUID]:
    """The runs told of this subject first that somebody told of another subject later, and nobody signed away there."""
    later = Run.objects.filter(twin_of__subject=subject, claimed_elsewhere=True, reading__seq__lt=size)
    return set(later.exclude(set_aside__seq__lt=size).order_by().values_list("twin_of_id", flat=True))


def _runs_that_speak(facts: Gathered) -> QuerySet[Run]:
    """The runs some indicator could hear of, by task, and every run told more than once. The others bear on no finding: however many a model has
    behind it, they are not read, so that the work of an assessment does not grow with them.
    """
    heard = {selector[1] for selector in facts.bindings}
    asked = {task_key(task) for indicator in facts.framework.indicators for task in indicator.tasks}
    tasks = [task for task in _tasks_of(facts.subject) if task in heard or task_key(task) in asked]
    twins = Run.objects.filter(subject=facts.subject, twin_of__isnull=False).order_by().values_list("pk", "twin_of")
    asked_for = Run.objects.filter(subject=facts.subject, task__in=tasks).order_by().values_list("pk", flat=True)
    # Their ids come first and by themselves: planning the whole at once, the database takes a task's share of all runs for its share of this
    # model's, and reads every file ever read instead of these few.
    several = {each for each in facts.contested.union(asked_for, *twins) if each is not None}
    return Run.objects.filter(pk__in=several, subject=facts.subject, reading__seq__lt=facts.size)


def _tasks_of(subject: Subject) -> list[str]:
    """The different tasks of a model's runs, each found by one step down the index: the cost is that of the tasks, not of the runs."""
    steps = """
        WITH RECURSIVE step AS (
            (SELECT task FROM evaluations_run WHERE subject_id = %(subject)s ORDER BY task LIMIT 1)
            UNION ALL
            SELECT (SELECT task FROM evaluations_run WHERE subject_id = %(subject)s AND task > step.task ORDER BY task LIMIT 1)
            FROM step WHERE step.task IS NOT NULL
        )
        SELECT task FROM step WHERE task IS NOT NULL"""
    with connection.cursor() as cursor:
        cursor.execute(steps, {"subject": subject.pk})
        return [task for (task,) in cursor.fetchall()]


def _bindings(framework: FrameworkDocument, size: int) -> dict[Selector, list[Binding]]:
    slugs = [indicator.slug for indicator in framework.indicators]
    found: dict[Selector, list[Binding]] = defaultdict(list)
    for binding in Binding.objects.filter(indicator__in=slugs, proposed_seq__lt=size).order_by("proposed_seq"):
        key = (binding.family, binding.task, binding.scorer, binding.metric, binding.reducer, binding.filter, binding.group)
        found[key].append(binding)
    return dict(found)


def _bound_measurements(facts: Gathered) -> dict[UUID, list[Measurement]]:
    """The measurements some binding names, by run. What no binding names reaches no indicator and is told by its run alone."""
    metrics = {selector[3] for selector in facts.bindings}
    found: dict[UUID, list[Measurement]] = defaultdict(list)
    runs = {run.pk: run for run in facts.runs}
    for measurement in Measurement.objects.filter(run__in=list(runs), metric__in=metrics).order_by("run_id", "position"):
        run = runs[measurement.run_id]
        bindings = reaching(run, measurement, facts)
        if bindings:
            facts.reached[measurement.pk] = bindings
            found[run.pk].append(measurement)
    return dict(found)


def reaching(run: Run, measurement: Measurement, facts: Gathered) -> list[Binding]:
    """One binding for each indicator it reaches, the first proposed first; among several to one indicator, the first confirmed."""
    names = (measurement.scorer, measurement.metric, measurement.reducer, measurement.filter, measurement.group)
    candidates = facts.bindings.get((run.reading.format, run.task, *names), [])
    best: dict[str, Binding] = {}
    for binding in candidates:
        if binding.task_version in {"", run.task_version}:
            other = best.get(binding.indicator)
            if other is None or _confirmed_order(binding, facts) < _confirmed_order(other, facts):
                best[binding.indicator] = binding
    return sorted(best.values(), key=lambda binding: binding.proposed_seq or 0)


def _confirmed_order(binding: Binding, facts: Gathered) -> tuple[bool, int]:
    return (False, binding.confirmed_seq or 0) if facts.known(binding.confirmed_seq) else (True, binding.proposed_seq or 0)


def task_key(task: str) -> str:
    """Tasks are compared without their package and loosely: a spelling must not hide a run."""
    return task.rsplit("/", 1)[-1].casefold().replace("-", "_").strip()
