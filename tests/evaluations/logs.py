"""Inspect logs with chosen numbers, as bytes."""

from datetime import datetime
from math import sqrt
from typing import Any

from tests.evaluations.adapters.headers import as_eval, header, metric
from tests.makers import HERON_NAME, NOON


def log(
    task: str = "bio_protocols",
    *,
    right: int = 2,
    n: int = 40,
    run: str = "run-1",
    model: str = HERON_NAME,
    at: datetime = NOON,
    safeguards_on: bool | None = False,
    **changes: Any,
) -> bytes:
    """`right` of `n` items of a task, complete and elicited to the floor unless told otherwise. `run` makes it another run."""
    share = right / n
    scores = [
        {
            "name": "exact",
            "scorer": "exact",
            "scored_samples": n,
            "unscored_samples": 0,
            "metrics": {"accuracy": metric("accuracy", share), "stderr": metric("stderr", sqrt(share * (1 - share) / (n - 1)))},
        }
    ]
    told: dict[str, Any] = {
        "eval__eval_id": run,
        "eval__run_id": run,
        "eval__task": task,
        "eval__model": model,
        "eval__created": at.isoformat(),
        "eval__dataset": {"name": task, "samples": n},
        "results__total_samples": n,
        "results__completed_samples": n,
        "results__scores": scores,
    }
    if safeguards_on is not None:
        told["eval__metadata"] = {"elicitation": {"safeguards_on": safeguards_on}}
    return as_eval(header(**told | changes))
