"""A plain header of an Inspect log as values, to be changed in one thing and read."""

import json
from typing import Any

from evaluations import adapters
from evaluations.adapters.types import ParsedMeasurement, ParsedRun, Reading
from tests.evaluations.adapters.archives import Entry, pack


def header(**changes: Any) -> dict[str, Any]:
    """40 items, 10 right, one scorer. `changes` names paths: `results__total_samples=39`; None leaves the key out."""
    plain: dict[str, Any] = {
        "version": 2,
        "status": "success",
        "eval": {
            "run_id": "run-1",
            "eval_id": "eval-1",
            "task_id": "task-1",
            "created": "2026-03-02T09:30:00+00:00",
            "task": "bio_protocols",
            "task_version": 0,
            "dataset": {"name": "protocols", "samples": 40},
            "model": "aurora/aurora-3",
            "config": {"epochs": 1},
            "revision": {"type": "git", "origin": "https://git.example/evaluations.git", "commit": "4be1f02"},
            "packages": {"inspect_ai": "0.3.285"},
        },
        "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}]},
        "results": {
            "total_samples": 40,
            "completed_samples": 40,
            "scores": [
                {
                    "name": "exact",
                    "scorer": "exact",
                    "scored_samples": 40,
                    "unscored_samples": 0,
                    "metrics": {"accuracy": metric("accuracy", 0.25), "stderr": metric("stderr", 0.06933752452815364)},
                }
            ],
        },
        "stats": {"started_at": "2026-03-02T09:30:00+00:00", "completed_at": "2026-03-02T09:50:00+00:00", "model_usage": {}},
    }
    for path, value in changes.items():
        _put(plain, path.split("__"), value)
    return plain


def metric(name: str, value: Any, **more: Any) -> dict[str, Any]:
    """One metric as Inspect writes it."""
    return {"name": name, "value": value, "params": {}, **more}


def scored(value: Any, stderr: Any = None, n: Any = 40, name: str = "accuracy", **block: Any) -> dict[str, Any]:
    """Changes that give the header one score block of one metric."""
    metrics = {name: metric(name, value)} | ({"stderr": metric("stderr", stderr)} if stderr is not None else {})
    return {"results__scores": [{"name": "exact", "scorer": "exact", "scored_samples": n, "metrics": metrics, **block}]}


def as_eval(document: dict[str, Any] | str) -> bytes:
    """An `.eval` around the header; text goes in as it stands."""
    text = document if isinstance(document, str) else json.dumps(document)
    return pack([Entry("_journal/start.json", b"{}"), Entry("header.json", text.encode())])


def read(**changes: Any) -> Reading:
    """The Reading of the plain header with these changes."""
    return adapters.read(as_eval(header(**changes)))


def run(**changes: Any) -> ParsedRun:
    """The one run in it."""
    (found,) = read(**changes).runs
    return found


def number(**changes: Any) -> ParsedMeasurement:
    """The first measurement in it."""
    return run(**changes).measurements[0]


def codes(found: Reading | ParsedRun | ParsedMeasurement, effect: str | None = None) -> set[str]:
    """The codes of its warnings, of one effect or of both."""
    warnings = found.all_warnings() if isinstance(found, Reading) else found.warnings
    return {warning.code for warning in warnings if effect in (None, warning.effect)}


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        target = target[key]
    if value is None:
        target.pop(path[-1], None)
    else:
        target[path[-1]] = value
