"""The only place where rows become engine values: the evidence document of a subject under a framework, as of a time and a ledger size.

Nothing is filtered here but by ledger size: every row says by which entry it became true, so the same document can be collected again from
the same size, byte for byte, however much has happened since. What a result cannot bear is said beside it, never left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from evaluations.elicitation import elicitation
from evaluations.model_names import model_key
from evaluations.models import (
    Admission,
    AnnouncedRun,
    Assessment,
    Binding,
    Coverage,
    Deployment,
    Derivation,
    Judgement,
    Measurement,
    Run,
    Snapshot,
    StandingRequirement,
    Subject,
    Supersession,
)
from frameworks.engine.types import FrameworkDocument
from frameworks.models import FrameworkVersion, IndicatorVersion
from ledger.canonical import canonical, digest

FORMAT = "asl-evidence/1"
# A one-sided 90 % bound is weaker than a central one: every common spelling is known.
_ONE_SIDED = re.compile(r"(one|single|1)[\W_]*(sided|tailed|tail)", re.IGNORECASE)
Selector = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Collected:
    """The evidence document, its digests (with and without its own time and size), and when it would be collected otherwise by itself."""

    document: bytes
    digest: str
    inputs_digest: str
    changes_at: datetime | None
    reader_versions: tuple[str, ...]


@dataclass(slots=True)
class _Facts:
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
    reached: dict[UUID, list[Binding]] = field(default_factory=dict)
    contested: set[UUID] = field(default_factory=set)

    def known(self, seq: int | None) -> bool:
        return seq is not None and seq < self.size

    def claimed_elsewhere(self, run: Run) -> bool:
        """Whether this run is told of another subject too: whoever claimed it first, it speaks for neither until one claim is signed away."""
        return run.claimed_elsewhere or (run.twin_of_id or run.pk) in self.contested


def collect(subject: Subject, version: FrameworkVersion, *, at: datetime, ledger_size: int) -> Collected:
    """All that bears on a subject under a framework version, told as of `at` from what the ledger held at `ledger_size`."""
    facts = _gather(subject, version.document, at, ledger_size)
    snapshots, changes_at = _snapshots(facts)
    document: dict[str, Any] = {
        "format": FORMAT,
        "subject": subject.pk,
        "framework_digest": version.digest,
        "as_of": at,
        "ledger_size": ledger_size,
        "snapshots": snapshots,
        "indicators": _indicators(facts),
        "measurements": [item for run in facts.runs for item in _measurements_of(run, facts)],
        "blocking_runs": [*_blocking(facts), *_not_arrived(facts)],
        "judgements": _judgements(facts),
        "lineage": _lineage(facts),
        "clocks": _clocks(facts),
    }
    data = canonical(document)
    inputs = digest(canonical({name: value for name, value in document.items() if name not in {"as_of", "ledger_size"}}))
    readers = tuple(sorted({run.reading.reader_version for run in facts.runs}))
    return Collected(data, digest(data), inputs, changes_at, readers)


# --- Gathering rows -------------------------------------------------------------------------------------------------------------------------


def _gather(subject: Subject, framework: FrameworkDocument, at: datetime, size: int) -> _Facts:
    facts = _Facts(subject, framework, at, size)
    facts.snapshots = list(Snapshot.objects.filter(subject=subject, registered_seq__lt=size).order_by("registered_seq"))
    facts.contested = _contested(subject, size)
    facts.bindings = _bindings(framework, size)
    facts.runs = list(_runs_that_speak(facts).select_related("upload", "reading", "snapshot").order_by("reading__seq", "position"))
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
    return facts


def _contested(subject: Subject, size: int) -> set[UUID]:
    """The runs told of this subject first that somebody told of another subject later, and nobody signed away there."""
    later = Run.objects.filter(twin_of__subject=subject, claimed_elsewhere=True, reading__seq__lt=size)
    return set(later.exclude(set_aside__seq__lt=size).order_by().values_list("twin_of_id", flat=True))


def _runs_that_speak(facts: _Facts) -> QuerySet[Run]:
    """The runs some indicator could hear of, by task, and every run told more than once. The others bear on no finding: however many a model has
    behind it, they are not read, so that the work of an assessment does not grow with them.
    """
    heard = {selector[1] for selector in facts.bindings}
    asked = {_task_key(task) for indicator in facts.framework.indicators for task in indicator.tasks}
    tasks = [task for task in _tasks_of(facts.subject) if task in heard or _task_key(task) in asked]
    twins = Run.objects.filter(subject=facts.subject, twin_of__isnull=False).order_by().values_list("pk", "twin_of")
    several = facts.contested.union(*twins)
    # Named one by one, so that each half of the question is a step down an index and neither a walk along all runs.
    return Run.objects.filter(Q(task__in=tasks) | Q(pk__in=several), subject=facts.subject, reading__seq__lt=facts.size)


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


def _bound_measurements(facts: _Facts) -> dict[UUID, list[Measurement]]:
    """The measurements some binding names, by run. What no binding names reaches no indicator and is told by its run alone."""
    metrics = {selector[3] for selector in facts.bindings}
    found: dict[UUID, list[Measurement]] = defaultdict(list)
    runs = {run.pk: run for run in facts.runs}
    for measurement in Measurement.objects.filter(run__in=list(runs), metric__in=metrics).order_by("run_id", "position"):
        run = runs[measurement.run_id]
        bindings = _reaching(run, measurement, facts)
        if bindings:
            facts.reached[measurement.pk] = bindings
            found[run.pk].append(measurement)
    return dict(found)


def _reaching(run: Run, measurement: Measurement, facts: _Facts) -> list[Binding]:
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


def _confirmed_order(binding: Binding, facts: _Facts) -> tuple[bool, int]:
    return (False, binding.confirmed_seq or 0) if facts.known(binding.confirmed_seq) else (True, binding.proposed_seq or 0)


# --- Snapshots, indicators, judgements, lineage, clocks -------------------------------------------------------------------------------------


def _snapshots(facts: _Facts) -> tuple[list[dict[str, Any]], datetime | None]:
    """Each snapshot with its grade; released or candidate ones are required cells unless a coverage decision in force names them."""
    running = Deployment.objects.filter(snapshot__subject=facts.subject, seq__lt=facts.size)
    released = {deployment.snapshot_id for deployment in running if not facts.known(deployment.ended_seq)}
    decided = Coverage.objects.filter(snapshot__subject=facts.subject, framework_name=facts.framework.name, seq__lt=facts.size)
    covered = {coverage.snapshot_id: coverage.expires_at for coverage in decided.order_by("expires_at") if coverage.expires_at > facts.at}
    told = [
        {
            "id": snapshot.pk,
            "digest": snapshot.weights_digest,
            "label": snapshot.label,
            "grade": _snapshot_grade(snapshot, facts),
            "required": (snapshot.pk in released or facts.known(snapshot.candidate_seq)) and snapshot.pk not in covered,
        }
        for snapshot in facts.snapshots
    ]
    return told, min(covered.values(), default=None)


def _snapshot_grade(snapshot: Snapshot, facts: _Facts) -> str:
    return "confirmed" if facts.known(snapshot.confirmed_seq) else "declared"


def _indicators(facts: _Facts) -> list[dict[str, Any]]:
    """Every adopted version of every indicator the framework names, earlier ones too: an older result keeps its stricter outcome."""
    slugs = [indicator.slug for indicator in facts.framework.indicators]
    versions = IndicatorVersion.objects.filter(slug__in=slugs, registered_seq__lt=facts.size).order_by("registered_seq", "digest")
    return [
        {"slug": version.slug, "digest": version.digest, "adopted_seq": version.registered_seq, "definition": version.definition}
        for version in versions
    ]


def _judgements(facts: _Facts) -> list[dict[str, Any]]:
    rows = Judgement.objects.filter(subject=facts.subject, framework_name=facts.framework.name, seq__lt=facts.size).order_by("seq")
    return [
        {
            "slug": row.slug,
            "outcome": row.outcome,
            "seq": row.seq,
            "decided_at": row.decided_at,
            "expires_at": row.expires_at,
            "record": row.record,
        }
        for row in rows
    ]


def _lineage(facts: _Facts) -> list[dict[str, Any]]:
    """What stands for the parent: requirement in force (as decided above; before that, as computed) and outcomes."""
    subject = facts.subject
    if subject.parent_id is None:
        return []
    name = facts.framework.name
    latest = Assessment.objects.filter(subject=subject.parent_id, framework_name=name, seq__lt=facts.size).order_by("-seq").first()
    requirement = dict(latest.requirement) if latest is not None else {}
    rows = StandingRequirement.objects.filter(subject=subject.parent_id, framework_name=name, seq__lt=facts.size).order_by("seq")
    requirement |= {row.axis: row.tier for row in rows}
    kind = "equivalent_to" if subject.derivation == Derivation.QUANTISED else "inherits"
    outcomes = dict(latest.summary) if latest is not None else {}
    return [{"kind": kind, "parent": subject.parent_id, "requirement": requirement, "outcomes": outcomes}]


def _clocks(facts: _Facts) -> list[dict[str, Any]]:
    """How far training has gone on, by every snapshot: a later one that tells of less takes no growth back, one that does not say leaves it unknown."""
    grown: list[tuple[Decimal | None, datetime | None]] = [
        (snapshot.compute_factor, snapshot.registered_at) for snapshot in facts.snapshots
    ] or [(None, None)]
    return [
        {"slug": clock.slug, "factor": factor, "grown_at": grown_at}
        for clock in facts.framework.clocks
        if clock.effect == "stale" and clock.factor is not None
        for factor, grown_at in grown
    ]


# --- Measurements ---------------------------------------------------------------------------------------------------------------------------


def _measurements_of(run: Run, facts: _Facts) -> Iterable[dict[str, Any]]:
    """A twin that tells the same is counted once and not told again; one that tells something else is told, and held."""
    if run.twin_of_id is not None and not run.conflicts:
        return
    reached = {binding.indicator for measurement in facts.measurements.get(run.pk, []) for binding in facts.reached[measurement.pk]}
    about_run = [*run.reading.warnings, *run.warnings, *_findings_about(run, facts, reached)]
    told = elicitation(run.facts, epochs=run.epochs, declared=run.upload.declared, countersigned=facts.known(run.upload.countersigned_seq))
    about_run += [
        _held("elicitation-conflict", f"{name} is told differently in two places, so it counts as not told.") for name in told.conflicts
    ]
    for measurement in facts.measurements.get(run.pk, []):
        for binding in facts.reached[measurement.pk]:
            yield _measurement(measurement, run, binding, facts, warnings=[*about_run, *measurement.warnings], told=told.facts)


def _measurement(
    measurement: Measurement,
    run: Run,
    binding: Binding,
    facts: _Facts,
    *,
    warnings: Iterable[Mapping[str, str]],
    told: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    return {
        "id": _name(measurement.pk, binding, facts),
        "run": run.pk,
        "snapshot": run.snapshot_id,
        "grade": _grade(run, facts),
        "indicator": binding.indicator,
        "binding": binding.pk,
        "binding_seq": binding.confirmed_seq if facts.known(binding.confirmed_seq) else None,
        "received_seq": run.upload.received_seq,
        "received_at": run.upload.received_at,
        "admitted_under": sorted(facts.admitted.get(measurement.pk, [])),
        "value": measurement.value,
        "stderr": measurement.stderr,
        "n": measurement.n,
        "n_source": measurement.n_source or None,
        "epochs": run.epochs,
        "interval": interval_told(measurement),
        "arms": None,
        "run_status": run.status,
        "counts": _counts(run),
        "evaluated_at": run.created if run.created is not None and run.created <= run.upload.received_at else None,
        "elicitation": told,
        "warnings": [{name: warning[name] for name in ("code", "message", "effect")} for warning in warnings],
        "superseded": _superseded(measurement, run, binding, facts),
        "place": {"upload": run.upload_id, "where": measurement.where},
    }


def _name(pk: UUID, binding: Binding, facts: _Facts) -> str:
    """A measurement's id; where it reaches several indicators, the later proposed ones carry their indicator behind it."""
    first = facts.reached[pk][0]
    return str(pk) if binding.indicator == first.indicator else f"{pk}@{binding.indicator}"


def _grade(run: Run, facts: _Facts) -> str:
    """Confirmed when a second person vouched for the weights, and a second person for this run having been on them."""
    if run.snapshot is None or not facts.known(run.upload.countersigned_seq):
        return "declared"
    return _snapshot_grade(run.snapshot, facts)


def interval_told(measurement: Measurement) -> dict[str, Any] | None:
    """The file's own interval, if it states its level: without one it bounds nothing. With one bound only it is one-sided, whatever it says."""
    if measurement.level is None or (measurement.low is None and measurement.high is None):
        return None
    one_bound = measurement.low is None or measurement.high is None
    return {
        "low": measurement.low,
        "high": measurement.high,
        "level": measurement.level,
        "sided": "one-sided" if one_bound or _ONE_SIDED.search(measurement.method) else "central",
        "method": measurement.method,
    }


def _counts(run: Run) -> dict[str, int | None]:
    invalidated = run.invalidated_count
    if run.invalidated and not invalidated:
        # The file says that samples were invalidated and not how many: at least one.
        invalidated = 1
    return {
        "total": run.total,
        "completed": run.completed,
        "scored": run.scored,
        "errored": run.errored,
        "invalidated": invalidated,
    }


def _superseded(measurement: Measurement, run: Run, binding: Binding, facts: _Facts) -> dict[str, Any] | None:
    row = facts.superseded.get(measurement.pk)
    if row is not None:
        return {"by": _name_of(row.replacement_id, binding, facts), "reason": row.reason}
    row = facts.set_aside.get(run.pk)
    if row is None:
        return None
    return {"by": _name_of(_same_of_counterpart(measurement, run, facts), binding, facts), "reason": row.reason}


def _name_of(pk: UUID | None, binding: Binding, facts: _Facts) -> str | None:
    """How the evidence names a replacement under the same indicator; one that does not reach it replaces nothing."""
    if pk is None or all(other.indicator != binding.indicator for other in facts.reached.get(pk, [])):
        return None
    return _name(pk, binding, facts)


def _same_of_counterpart(measurement: Measurement, run: Run, facts: _Facts) -> UUID | None:
    """The same metric in the twin that goes on speaking when one of two conflicting tellings was set aside."""
    wanted = (measurement.scorer, measurement.metric, measurement.reducer, measurement.filter, measurement.group)
    for other in _counterparts(run, facts):
        for candidate in facts.measurements.get(other.pk, []):
            if (candidate.scorer, candidate.metric, candidate.reducer, candidate.filter, candidate.group) == wanted:
                return candidate.pk
    return None


def _counterparts(run: Run, facts: _Facts) -> list[Run]:
    """The other tellings of the same run for this subject that say something else and were not set aside."""
    original = run.twin_of_id or run.pk
    return [
        other
        for other in facts.told_together.get(original, ())
        if other.pk != run.pk
        and other.content_digest != run.content_digest
        and not other.claimed_elsewhere
        and other.pk not in facts.set_aside
    ]


# --- What holds a run, and what blocks a threshold ------------------------------------------------------------------------------------------


def _findings_about(run: Run, facts: _Facts, reached: set[str]) -> Iterable[dict[str, str]]:
    """What the rows beside a run say against it."""
    if run.snapshot is not None and run.model not in run.snapshot.model_names:
        alike = {model_key(name) for name in run.snapshot.model_names}
        looks = " It only looks like a registered one." if run.model and run.model_key in alike else ""
        yield _held("model-not-registered", f"The file names a model that is not among the snapshot's registered names.{looks}")
    if facts.claimed_elsewhere(run):
        yield _held("run-claimed-elsewhere", "The same run was told of another model too, so it is not known whose it is.")
    elif _counterparts(run, facts):
        yield _held("twins-differ", "The same run was told twice with different contents.")
    asserted = run.upload.asserted_indicator
    if asserted and asserted not in reached and asserted in {indicator.slug for indicator in facts.framework.indicators}:
        yield _held("indicator-mismatch", "The uploader said that this file measures another indicator than it is bound to.")


def _held(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message, "effect": "holds"}


def _blocking(facts: _Facts) -> Iterable[dict[str, Any]]:
    """Runs whose task belongs to an active indicator and which do not reach it, and runs told in two ways."""
    for run in facts.runs:
        if run.twin_of_id is not None and not run.conflicts:
            continue
        bound = _bound_to(run, facts)
        unbound = sorted(_asked_by(run, facts) - bound)
        if unbound:
            yield _block(run, unbound, "unbound", facts)
        if facts.claimed_elsewhere(run):
            yield _block(run, sorted(bound | _asked_by(run, facts)), "claimed-elsewhere", facts)
        elif bound and _counterparts(run, facts):
            yield _block(run, sorted(bound | _asked_by(run, facts)), "conflict", facts)


def _bound_to(run: Run, facts: _Facts) -> set[str]:
    """The indicators this run reaches by a confirmed binding; a mere proposal does not unblock anything."""
    bindings = (binding for measurement in facts.measurements.get(run.pk, []) for binding in facts.reached[measurement.pk])
    return {binding.indicator for binding in bindings if facts.known(binding.confirmed_seq)}


def _asked_by(run: Run, facts: _Facts) -> set[str]:
    own = _task_key(run.task)
    active = (indicator for indicator in facts.framework.indicators if indicator.status == "active")
    return {indicator.slug for indicator in active if any(_task_key(task) == own for task in indicator.tasks)}


def _task_key(task: str) -> str:
    """Tasks are compared without their package and loosely: a spelling must not hide a run."""
    return task.rsplit("/", 1)[-1].casefold().replace("-", "_").strip()


def _block(run: Run, indicators: list[str], reason: str, facts: _Facts) -> dict[str, Any]:
    signed_away = run.pk in facts.set_aside
    return {
        "run": run.pk,
        "upload": run.upload_id,
        "task": run.task,
        "indicators": indicators,
        "reason": reason,
        "signed_away": signed_away,
    }


def _not_arrived(facts: _Facts) -> Iterable[dict[str, Any]]:
    for announced in _outstanding(facts):
        yield {
            "run": None,
            "upload": None,
            "task": announced.external_id,
            "indicators": [announced.indicator],
            "reason": "not-arrived",
            "signed_away": announced.pk in facts.set_aside,
        }


def _outstanding(facts: _Facts) -> Iterator[AnnouncedRun]:
    """What was announced for an indicator arrives with a run that speaks of it: another task under the same id is not what was announced."""
    arrived = {
        (run.harness, run.external_id, indicator) for run in facts.runs for indicator in _bound_to(run, facts) | _asked_by(run, facts)
    }
    for announced in AnnouncedRun.objects.filter(subject=facts.subject, seq__lt=facts.size).order_by("seq"):
        if (announced.harness, announced.external_id, announced.indicator) not in arrived:
            yield announced


def outstanding_runs(subject: Subject, framework: FrameworkDocument, *, at: datetime, ledger_size: int) -> list[AnnouncedRun]:
    """The announced runs that have not arrived as far as the evidence under this framework goes, those signed away too."""
    return list(_outstanding(_gather(subject, framework, at, ledger_size)))
