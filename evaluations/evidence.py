"""The only place where rows become engine values: the evidence document of a subject under a framework, as of a time and a ledger size.

Nothing is filtered here but by ledger size: every row says by which entry it became true, so the same document can be collected again from
the same size, byte for byte, however much has happened since. What a result cannot bear is said beside it, never left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from evaluations.elicitation import elicitation
from evaluations.gathering import Gathered, gather
from evaluations.model_names import model_key
from evaluations.models import (
    AnnouncedRun,
    Arms,
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
)
from evaluations.undisturbed import undisturbed
from frameworks.engine.judging import completeness_defects
from frameworks.engine.types import FrameworkDocument
from frameworks.models import FrameworkVersion, IndicatorVersion
from ledger.canonical import canonical, digest, joined

FORMAT = "asl-evidence/2"
# A one-sided 90 % bound is weaker than a central one: every common spelling is known.
_ONE_SIDED = re.compile(r"(one|single|1)[\W_]*(sided|tailed|tail)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Collected:
    """The evidence document, its digests (with and without its own time and size), and when it would be collected otherwise by itself."""

    document: bytes
    digest: str
    inputs_digest: str
    changes_at: datetime | None
    reader_versions: tuple[str, ...]


class FormatNotCarried(LookupError):
    """An evidence document is of a form that this portal does not collect any more."""

    def __init__(self, form: str) -> None:
        self.form = form
        super().__init__(f"collected as {form}, which this portal does not carry")


def collect_again(evidence: Mapping[str, Any], subject: Subject, version: FrameworkVersion, *, at: datetime, ledger_size: int) -> Collected:
    """The evidence once more, in the form a stored document of it has. Raises FormatNotCarried."""
    form = str(evidence.get("format"))
    if form not in COLLECTORS:
        raise FormatNotCarried(form)
    return COLLECTORS[form](subject, version, at=at, ledger_size=ledger_size)


@undisturbed()
def collect(subject: Subject, version: FrameworkVersion, *, at: datetime, ledger_size: int) -> Collected:
    """All that bears on a subject under a framework version, told as of `at` from what the ledger held at `ledger_size`."""
    facts = gather(subject, version.document, at, ledger_size)
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
    written = {name: canonical(value) for name, value in document.items()}
    data = joined(written)
    inputs = digest(joined({name: value for name, value in written.items() if name not in {"as_of", "ledger_size"}}))
    readers = tuple(sorted({run.reading.reader_version for run in facts.runs}))
    return Collected(data, digest(data), inputs, changes_at, readers)


# Each form of the document that a released engine reads, and who collects it.
COLLECTORS: dict[str, Callable[..., Collected]] = {FORMAT: collect}


# --- Snapshots, indicators, judgements, lineage, clocks -------------------------------------------------------------------------------------


def _snapshots(facts: Gathered) -> tuple[list[dict[str, Any]], datetime | None]:
    """Each snapshot with its grade; released or candidate ones are required cells, but of the thresholds for which a coverage in force names them."""
    running = Deployment.objects.filter(snapshot__subject=facts.subject, seq__lt=facts.size)
    released = {deployment.snapshot_id for deployment in running if not facts.known(deployment.ended_seq)}
    decided = Coverage.objects.filter(snapshot__subject=facts.subject, framework_name=facts.framework.name, seq__lt=facts.size)
    in_force = [coverage for coverage in decided if not facts.known(coverage.ended_seq) and coverage.expires_at > facts.at]
    told = [
        {
            "id": snapshot.pk,
            "digest": snapshot.weights_digest,
            "label": snapshot.label,
            "grade": _snapshot_grade(snapshot, facts),
            "required": snapshot.pk in released or facts.known(snapshot.candidate_seq),
            "covered": sorted({coverage.threshold for coverage in in_force if coverage.snapshot_id == snapshot.pk}),
        }
        for snapshot in facts.snapshots
    ]
    return told, min((coverage.expires_at for coverage in in_force), default=None)


def _snapshot_grade(snapshot: Snapshot, facts: Gathered) -> str:
    return "confirmed" if facts.known(snapshot.confirmed_seq) else "declared"


def _indicators(facts: Gathered) -> list[dict[str, Any]]:
    """Every adopted version of every indicator the framework names, earlier ones too: an older result keeps its stricter outcome. A version that
    came back into force is told again where it did, so that what arrived since answers to it too."""
    slugs = [indicator.slug for indicator in facts.framework.indicators]
    versions = list(IndicatorVersion.objects.filter(slug__in=slugs, registered_seq__lt=facts.size).order_by("registered_seq", "digest"))
    told = [(version, version.registered_seq) for version in versions]
    if len(versions) > len({version.slug for version in versions}):
        told += _back_in_force({version.digest: version for version in versions}, facts)
    return [{"slug": version.slug, "digest": version.digest, "adopted_seq": seq, "definition": version.definition} for version, seq in told]


def _back_in_force(versions: Mapping[str, IndicatorVersion], facts: Gathered) -> Iterator[tuple[IndicatorVersion, int | None]]:
    """Each version of an indicator that a framework version put into force after another one, though it had been adopted before."""
    adopted = FrameworkVersion.objects.filter(name=facts.framework.name, adopted_seq__lt=facts.size).order_by("adopted_seq")
    in_force: dict[str, str] = {}
    for framework in adopted:
        for indicator in framework.document.indicators:
            version = versions.get(indicator.digest)
            if (
                version is not None
                and in_force.get(indicator.slug, indicator.digest) != indicator.digest
                and version.registered_seq != framework.adopted_seq
            ):
                yield version, framework.adopted_seq
            in_force[indicator.slug] = indicator.digest


def _judgements(facts: Gathered) -> list[dict[str, Any]]:
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


def _lineage(facts: Gathered) -> list[dict[str, Any]]:
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


def _clocks(facts: Gathered) -> list[dict[str, Any]]:
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


def _measurements_of(run: Run, facts: Gathered) -> Iterable[dict[str, Any]]:
    """A twin that tells the same is counted once and not told again; one that tells something else is told, and held."""
    if _is_a_mere_twin(run, facts) and run.upload_id not in facts.sent_again:
        return
    reached = {binding.indicator for measurement in facts.measurements.get(run.pk, []) for binding in facts.reached[measurement.pk]}
    about_run = [*run.reading.warnings, *run.warnings, *_findings_about(run, facts, reached)]
    told = elicitation(run.facts, epochs=run.epochs, declared=run.upload.declared, countersigned=facts.known(run.upload.countersigned_seq))
    about_run += [
        _held("elicitation-conflict", f"{name} is told differently in two places, so it counts as not told.") for name in told.conflicts
    ]
    for measurement in facts.measurements.get(run.pk, []):
        for binding in facts.reached[measurement.pk]:
            warnings = [*about_run, *measurement.warnings, *_unknown_clusters(measurement, binding, facts)]
            yield _measurement(measurement, run, binding, facts, warnings=warnings, told=told.facts)


def _is_a_mere_twin(run: Run, facts: Gathered) -> bool:
    """A later telling of a run that says nothing else than the first one."""
    if run.twin_of_id is None or run.claimed_elsewhere:
        return False
    first = next((other for other in facts.told_together.get(run.twin_of_id, ()) if other.pk == run.twin_of_id), None)
    return not run.conflicts if first is None else facts.tell_the_same(run, first)


def _measurement(
    measurement: Measurement,
    run: Run,
    binding: Binding,
    facts: Gathered,
    *,
    warnings: Iterable[Mapping[str, str]],
    told: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    weights, correction = facts.weights(run), facts.corrections.get(run.upload_id)
    return {
        "id": _name(measurement.pk, binding, facts),
        "run": run.pk,
        "snapshot": weights.pk if weights is not None else None,
        "moved_from": {"snapshot": run.snapshot_id} if correction is not None else None,
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
        "arms": _arms(facts.arms.get(measurement.pk)),
        "run_status": run.status,
        "counts": _counts(run),
        "evaluated_at": run.created if run.created is not None and run.created <= run.upload.received_at else None,
        "elicitation": told,
        "warnings": [{name: warning[name] for name in ("code", "message", "effect")} for warning in warnings],
        "superseded": _superseded(measurement, run, binding, facts),
        "place": {"upload": run.upload_id, "where": measurement.where},
    }


def _name(pk: UUID, binding: Binding, facts: Gathered) -> str:
    """A measurement's id; where it reaches several indicators, the later proposed ones carry their indicator behind it."""
    first = facts.reached[pk][0]
    return str(pk) if binding.indicator == first.indicator else f"{pk}@{binding.indicator}"


def _grade(run: Run, facts: Gathered) -> str:
    """Attested where somebody signed for exactly these weights. Confirmed when a second person vouched for the weights, and a second person for this run having been on them; a correction is the word of two."""
    weights = facts.weights(run)
    if weights is not None and run.pk in facts.attested:
        return "attested" if facts.known(weights.confirmed_seq) else "declared"
    if weights is None or not (run.upload_id in facts.corrections or facts.known(run.upload.countersigned_seq)):
        return "declared"
    return _snapshot_grade(weights, facts)


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


def _arms(arms: Arms | None) -> dict[str, Any] | None:
    """The arms two people vouched for, as the engine reads them."""
    if arms is None:
        return None
    return {
        "treatment": {"mean": arms.treatment_mean, "stderr": arms.treatment_stderr, "n": arms.treatment_n},
        "control": {"mean": arms.control_mean, "stderr": arms.control_stderr, "n": arms.control_n},
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


def _superseded(measurement: Measurement, run: Run, binding: Binding, facts: Gathered) -> dict[str, Any] | None:
    row = facts.superseded.get(measurement.pk)
    if row is not None:
        replacement = row.replacement_id or _same_sent_again(measurement, run, facts)
        return {"by": _name_of(replacement, binding, facts), "reason": row.reason}
    row = facts.set_aside.get(run.pk)
    if row is None:
        return None
    replacement = _same_sent_again(measurement, run, facts) or _same_of_counterpart(measurement, run, facts)
    return {"by": _name_of(replacement, binding, facts), "reason": row.reason}


def _name_of(pk: UUID | None, binding: Binding, facts: Gathered) -> str | None:
    """How the evidence names a replacement under the same indicator; one that does not reach it replaces nothing."""
    if pk is None or all(other.indicator != binding.indicator for other in facts.reached.get(pk, [])):
        return None
    return _name(pk, binding, facts)


def _same_sent_again(measurement: Measurement, run: Run, facts: Gathered) -> UUID | None:
    """The same metric in the same bytes, sent once more under the right weights, where a correction names that upload."""
    correction = facts.corrections.get(run.upload_id)
    if correction is None or correction.sent_again_id is None:
        return None
    told = facts.told_together.get(run.twin_of_id or run.pk, ())
    again = [other for other in told if other.upload_id == correction.sent_again_id and other.pk not in facts.set_aside]
    return _same_metric(measurement, [other for other in again if facts.tell_the_same(run, other)], facts)


def _same_of_counterpart(measurement: Measurement, run: Run, facts: Gathered) -> UUID | None:
    """The same metric in the twin that goes on speaking when one of two conflicting tellings was set aside."""
    return _same_metric(measurement, _counterparts(run, facts), facts)


def _same_metric(measurement: Measurement, runs: Iterable[Run], facts: Gathered) -> UUID | None:
    wanted = (measurement.scorer, measurement.metric, measurement.reducer, measurement.filter, measurement.group)
    for other in runs:
        for candidate in facts.measurements.get(other.pk, []):
            if (candidate.scorer, candidate.metric, candidate.reducer, candidate.filter, candidate.group) == wanted:
                return candidate.pk
    return None


def _counterparts(run: Run, facts: Gathered) -> Iterator[Run]:
    """The other tellings of the same run for this subject that say something else and were not set aside."""
    for other in facts.told_together.get(run.twin_of_id or run.pk, ()):
        if other.pk != run.pk and not other.claimed_elsewhere and other.pk not in facts.set_aside and not facts.tell_the_same(run, other):
            yield other


def _is_told_otherwise(run: Run, facts: Gathered) -> bool:
    """Whether there is a counterpart. The first one says so, however often the run was told."""
    return next(_counterparts(run, facts), None) is not None


# --- What holds a run, and what blocks a threshold ------------------------------------------------------------------------------------------


def _findings_about(run: Run, facts: Gathered, reached: set[str]) -> Iterable[dict[str, str]]:
    """What the rows beside a run say against it."""
    weights = facts.weights(run)
    if weights is not None and run.model not in weights.model_names:
        alike = {model_key(name) for name in weights.model_names}
        looks = " It only looks like a registered one." if run.model and run.model_key in alike else ""
        yield _held("model-not-registered", f"The file names a model that is not among the snapshot's registered names.{looks}")
    if facts.claimed_elsewhere(run):
        yield _held("run-claimed-elsewhere", "The same run was told of another model too, so it is not known whose it is.")
    elif _is_told_otherwise(run, facts):
        yield _held("twins-differ", "The same run was told twice with different contents.")
    asserted = run.upload.asserted_indicator
    if asserted and asserted not in reached and asserted in {indicator.slug for indicator in facts.framework.indicators}:
        yield _held("indicator-mismatch", "The uploader said that this file measures another indicator than it is bound to.")


def _unknown_clusters(measurement: Measurement, binding: Binding, facts: Gathered) -> Iterable[dict[str, str]]:
    """A mean is judged by Student's t with the items less one. Of a clustered standard error it would be the clusters less one, which no file says."""
    if measurement.stderr is None or "cluster" not in measurement.stderr_method.lower():
        return
    if any(each.slug == binding.indicator and each.kind in ("mean", "duration") for each in facts.framework.indicators):
        yield _held(
            "clusters-unknown",
            "The standard error is clustered and the file does not say of how many clusters, so how far it carries is not known.",
        )


def _held(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message, "effect": "holds"}


def _blocking(facts: Gathered) -> Iterable[dict[str, Any]]:
    """Runs whose task belongs to an active indicator and which do not reach it, and runs told in two ways."""
    for run in facts.runs:
        if _is_a_mere_twin(run, facts):
            continue
        bound = _bound_to(run, facts)
        unbound = sorted(facts.asked_by(run) - bound)
        if unbound:
            yield _block(run, unbound, "unbound", facts)
        if facts.claimed_elsewhere(run):
            yield _block(run, sorted(bound | facts.asked_by(run)), "claimed-elsewhere", facts)
        elif bound and _is_told_otherwise(run, facts):
            yield _block(run, sorted(bound | facts.asked_by(run)), "conflict", facts)


def _bound_to(run: Run, facts: Gathered) -> set[str]:
    """The indicators this run reaches by a confirmed binding; a mere proposal does not unblock anything."""
    bindings = (binding for measurement in facts.measurements.get(run.pk, []) for binding in facts.reached[measurement.pk])
    return {binding.indicator for binding in bindings if facts.known(binding.confirmed_seq)}


def _block(run: Run, indicators: list[str], reason: str, facts: Gathered) -> dict[str, Any]:
    signed_away = run.pk in facts.set_aside
    return {
        "run": run.pk,
        "upload": run.upload_id,
        "task": run.task,
        "indicators": indicators,
        "reason": reason,
        "signed_away": signed_away,
    }


def _not_arrived(facts: Gathered) -> Iterable[dict[str, Any]]:
    for announced, reason in _outstanding(facts):
        yield {
            "run": None,
            "upload": None,
            "task": announced.external_id,
            "indicators": [announced.indicator],
            "reason": reason,
            "signed_away": announced.pk in facts.set_aside,
        }


def _outstanding(facts: Gathered) -> Iterator[tuple[AnnouncedRun, str]]:
    """What was announced and has not come whole, and why. It arrives with a run that speaks of its indicator, ended as a success and finished every
    sample: another task under the same id is not what was announced, and one that was cut short may have been so because of what it showed.
    """
    several: dict[tuple[str, str, str], list[Run]] = defaultdict(list)
    for run in facts.runs:
        for indicator in _bound_to(run, facts) | facts.asked_by(run):
            several[run.harness, run.external_id, indicator].append(run)
    for announced in AnnouncedRun.objects.filter(subject=facts.subject, seq__lt=facts.size).order_by("seq"):
        came = several[announced.harness, announced.external_id, announced.indicator]
        if all(completeness_defects(run.status, _counts(run)) for run in came):
            yield announced, "incomplete" if came else "not-arrived"


def outstanding_runs(subject: Subject, framework: FrameworkDocument, *, at: datetime, ledger_size: int) -> dict[AnnouncedRun, str]:
    """The announced runs that have not arrived whole as far as the evidence under this framework goes, those signed away too, each with why."""
    return dict(_outstanding(gather(subject, framework, at, ledger_size)))
