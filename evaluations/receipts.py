"""An upload as programs read it: what the API answers and the command line prints. Decimal text only, no number that is not finite."""

from __future__ import annotations

from typing import Any

from evaluations.models import Measurement, Run, Upload, UploadState

# The words of the API: a file that was given up is still on its way, as far as a program is concerned, until an operator has looked.
STATES = {UploadState.DEAD: "received"}


def receipt(upload: Upload) -> dict[str, Any]:
    """State and percent; for a file that was read what it holds, for a refused one why and what to do. Takes two queries more when read."""
    told: dict[str, Any] = {
        "id": str(upload.pk),
        "address": f"/api/v1/evaluations/{upload.pk}",
        "page": f"/uploads/{upload.pk}/",
        "state": STATES.get(UploadState(upload.state), upload.state),
        "percent": upload.percent,
        "subject": upload.subject.slug,
        "snapshot": upload.snapshot.weights_digest if upload.snapshot else None,
        "filename": upload.filename,
        "sha256": upload.blob_id,
        "received_at": upload.received_at.isoformat(),
    }
    if upload.state == UploadState.PARSED:
        runs = upload.runs.select_related("reading").prefetch_related("measurements").order_by("reading__seq", "position")
        told |= {
            "format": upload.format,
            "verdict": upload.verdict,
            "runs": [_run(run) for run in runs],
            "warnings": [_warning(one) for one in upload.warnings],
        }
    if upload.state == UploadState.REJECTED:
        told["error"] = {
            "code": upload.error_code,
            "message": upload.error_message,
            "where": upload.error_where,
            "what_to_do": upload.error_what_to_do,
        }
        told |= told["error"]
    return told


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": str(run.pk),
        "harness": run.harness,
        "run_id": run.external_id or None,
        "twin_of": str(run.twin_of_id) if run.twin_of_id and not run.claimed_elsewhere else None,
        "model": run.model or None,
        "task": run.task or None,
        "task_version": run.task_version or None,
        "status": run.status,
        "counts": {
            "total": run.total,
            "completed": run.completed,
            "scored": run.scored,
            "errored": run.errored,
            "invalidated": run.invalidated_count,
        },
        "invalidated": run.invalidated,
        "epochs": run.epochs,
        "created": run.created_raw or None,
        "revision": {"commit": run.revision or None, "dirty": run.dirty, "verified": run.revision_looks_real},
        "measurements": [_measurement(measurement) for measurement in run.measurements.all()],
        "warnings": [_warning(one) for one in run.warnings],
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    return {
        "id": str(measurement.pk),
        "scorer": measurement.scorer or None,
        "metric": measurement.metric,
        "filter": measurement.filter or None,
        "reducer": measurement.reducer or None,
        "group": measurement.group or None,
        "value": measurement.value,
        "stderr": measurement.stderr,
        "n": measurement.n,
        "n_source": measurement.n_source or None,
        "interval": _interval(measurement),
        "where": measurement.where,
        "warnings": [_warning(one) for one in measurement.warnings],
    }


def _interval(measurement: Measurement) -> dict[str, Any] | None:
    if measurement.low is None and measurement.high is None:
        return None
    return {"low": measurement.low, "high": measurement.high, "level": measurement.level, "method": measurement.method or None}


def _warning(one: dict[str, str]) -> dict[str, str]:
    return {name: one.get(name, "") for name in ("code", "message", "where", "effect")}
