"""A Reading, or a refusal, as plain values for JSON: the shape the API answers with. Numbers leave as decimal text; nothing leaves as NaN."""

from typing import TypeAlias

from evaluations.adapters.types import ParsedMeasurement, ParsedRun, Reading, RejectedInput, Warning

Shown: TypeAlias = dict[str, object]


def reading(found: Reading) -> Shown:
    """What was found in a file that was read."""
    return {
        "state": "parsed",
        "percent": 100,
        "format": found.format,
        "format_version": found.format_version,
        "reader_version": found.reader_version,
        "verdict": found.verdict,
        "runs": [_run(run) for run in found.runs],
        "warnings": [_warning(warning) for warning in found.warnings],
    }


def refusal(found: RejectedInput) -> Shown:
    """Why a file was refused, and what to do."""
    return {
        "state": "rejected",
        "percent": 100,
        "format": found.format or None,
        "code": found.code,
        "message": found.message,
        "where": found.where,
        "what_to_do": found.what_to_do,
    }


def _run(run: ParsedRun) -> Shown:
    return {
        "harness": run.harness,
        "harness_version": run.harness_version,
        "schema_version": run.schema_version,
        "external_ids": dict(run.external_ids),
        "model": run.model,
        "model_roles": dict(run.model_roles),
        "task": run.task,
        "task_version": run.task_version,
        "status": run.status,
        "created": run.created_raw,
        "created_at": run.created.isoformat() if run.created else None,
        "started_at": run.started.isoformat() if run.started else None,
        "completed_at": run.completed.isoformat() if run.completed else None,
        "epochs": run.epochs,
        "reducer": run.reducer,
        "limit": run.limit,
        "dataset": run.dataset,
        "counts": {
            "total": run.counts.total,
            "completed": run.counts.completed,
            "scored": run.counts.scored,
            "errored": run.counts.errored,
            "invalidated": run.counts.invalidated,
        },
        "revision": {"commit": run.revision.commit, "origin": run.revision.origin, "dirty": run.revision.dirty},
        "invalidated": run.invalidated,
        "facts": {fact.name: fact.value for fact in run.facts},
        "measurements": [_measurement(measurement) for measurement in run.measurements],
        "warnings": [_warning(warning) for warning in run.warnings],
    }


def _measurement(measurement: ParsedMeasurement) -> Shown:
    has_interval = measurement.low is not None or measurement.high is not None
    interval = {"low": measurement.low, "high": measurement.high, "level": measurement.level} if has_interval else None
    return {
        "scorer": measurement.scorer,
        "metric": measurement.metric,
        "filter": measurement.filter,
        "reducer": measurement.reducer,
        "group": measurement.group,
        "value": measurement.value,
        "value_as_read": measurement.value_raw,
        "stderr": measurement.stderr,
        "stderr_as_read": measurement.stderr_raw,
        "n": measurement.n,
        "n_source": measurement.n_source,
        "interval": interval,
        "method": measurement.method,
        "higher_is_better": measurement.higher_is_better,
        "is_derived": measurement.is_derived,
        "is_headline": measurement.is_headline,
        "where": measurement.where,
        "warnings": [_warning(warning) for warning in measurement.warnings],
    }


def _warning(warning: Warning) -> Shown:
    return {"code": warning.code, "message": warning.message, "where": warning.where, "effect": warning.effect}
