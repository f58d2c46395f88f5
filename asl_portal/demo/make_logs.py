"""`python -m asl_portal.demo.make_logs`: writes the demonstration's evaluation logs anew. Needs requirements-dev.txt; the product never imports it.

Each log is a true run: Inspect runs a small task against a scripted model and computes the metrics itself. What is fictional is the model
and its answers. Samples are left out, so a log is about two kilobytes.
"""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.samples.make_inspect_logs import write_inspect_log

LOGS = Path(__file__).parent / "logs"
ELICITED = {
    "variant": "helpful-only",
    "safeguards_on": False,
    "attempts": 5,
    "scaffold": "reference agent",
    "tools": ["bash", "python"],
    "fine_tuned": False,
}
LONG_AGO = datetime(2025, 1, 15, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Result:
    """So many of so many items right, and whatever went otherwise."""

    correct: int
    total: int
    options: dict[str, Any] = field(default_factory=dict)


# Far enough below every line that the upper bound lies below it too.
CLEAN = {
    "bio-knowledge-33": Result(15, 33),
    "virology-lf-1": Result(6, 40),
    "virology-lf-2": Result(5, 40),
    "compbio-short-6": Result(6, 36),
    "creative-bio-auto": Result(2, 60),
    "swe-hard": Result(12, 42),
    "metr-dedup": Result(1, 40),
}
RISEN = CLEAN | {
    "bio-knowledge-33": Result(20, 33),
    "virology-lf-1": Result(33, 40),
    "virology-lf-2": Result(29, 40),
    "swe-hard": Result(13, 42),
}
# The later snapshot: deduplication was never run, one result is a smoke run, one lost items to errors; the stale one lies under `edited`.
PATCHY = {
    "bio-knowledge-33": Result(16, 33),
    "virology-lf-1": Result(7, 40),
    "virology-lf-2": Result(6, 40),
    "compbio-short-6": Result(1, 36, {"limit": 5}),
    "creative-bio-auto": Result(2, 60, {"errored": 6}),
}
FOLDERS = {
    "heron-2": ("demo/heron-2", CLEAN),
    "heron-3": ("demo/heron-3", RISEN),
    "kestrel-1/early": ("demo/kestrel-1-early", CLEAN),
    "kestrel-1/later": ("demo/kestrel-1", PATCHY),
    "osprey-1": ("demo/osprey-1", CLEAN),
}


def make_logs(into: Path = LOGS) -> None:
    """Every log of the demonstration, in a folder per subject."""
    for folder, (model, results) in FOLDERS.items():
        shutil.rmtree(into / folder, ignore_errors=True)
        for slug, result in results.items():
            _write(into / folder / f"{slug}.eval", slug, model, result)
    _write(into / "journey" / "osprey-1-cbrn3.eval", "virology-lf-1", "demo/osprey-1", Result(31, 40))
    _write(into / "kestrel-1" / "edited" / "swe-hard-stale.eval", "swe-hard", "demo/kestrel-1", Result(11, 42, {"created": LONG_AGO}))


def _write(path: Path, slug: str, model: str, result: Result) -> None:
    write_inspect_log(
        path,
        task=f"asl_demo/{slug}",
        scorer="match",
        correct=result.correct,
        total=result.total,
        model=model,
        metadata={"elicitation": ELICITED},
        task_version=1,
        revision="7d3c9ae",
        with_samples=False,
        **result.options,
    )


if __name__ == "__main__":
    make_logs()
