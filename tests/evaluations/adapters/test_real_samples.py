"""Every real file other projects wrote reads as its manifest says, or is refused by its name."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from evaluations import adapters
from evaluations.adapters.types import ParsedMeasurement, ParsedRun, RejectedInput

_READ = ("inspect-", "lm-eval", "eee-")
_FOLDER = Path(os.environ.get("ASL_SAMPLES_DIR") or "/nonexistent") / "evals"


def _manifest() -> list[dict[str, Any]]:
    path = _FOLDER / "manifest.json"
    # One that is named and cannot be read breaks the collection: nothing goes unread unseen.
    return json.loads(path.read_text())["files"] if os.environ.get("ASL_SAMPLES_DIR") else []


def _entries() -> list[Any]:
    chosen = [
        pytest.param(entry, id=f"{entry['id']}-{entry['format']}")
        for entry in _manifest()
        if entry["format"].startswith(_READ) and entry["verdict"] != "reject"
    ]
    return chosen or [pytest.param(None, marks=pytest.mark.skip("ASL_SAMPLES_DIR names no samples"))]


def _read(entry: dict[str, Any]) -> adapters.Reading:
    path = _FOLDER / entry["file"]
    with path.open("rb") as stream:
        return adapters.read(stream, filename=path.name)


@pytest.mark.parametrize("entry", _entries())
def test_a_real_file_reads_as_its_manifest_says(entry: dict[str, Any]) -> None:
    reading, expected = _read(entry), entry["expected"]
    assert (reading.format, reading.verdict) == (entry["format"], entry["verdict"])
    assert {run.model for run in reading.runs} == ({expected["model"]} if expected["model"] else set())
    _same_tasks(entry["format"], reading.runs, expected["task"])
    for run in reading.runs:
        _same_run(run, expected)


@pytest.mark.parametrize("entry", _entries())
def test_a_real_file_gives_every_number_of_its_manifest(entry: dict[str, Any]) -> None:
    reading, expected = _read(entry), entry["expected"]
    found = [(run, measurement) for run in reading.runs for measurement in run.measurements]
    assert len(found) == expected["metric_count"]
    for wanted in expected["metrics"]:
        candidates = [measurement for run, measurement in found if _is_it(run, measurement, wanted)]
        assert any(_same_number(measurement, wanted) for measurement in candidates), wanted


# Every sample that is not read, by the manifest's number: the stable code, the format it is known by, and the reason as the manifest tells it.
REFUSED = {
    "S001": ("git-lfs-pointer", "git-lfs-pointer", "a Git LFS pointer"),
    "S002": ("archive-of-a-folder", "inspect-eval", "a zipped folder with a log inside"),
    "S017": ("known-not-read", "inspect-evalset", "eval-set.json, which lists the runs"),
    "S018": ("not-an-inspect-log", "inspect-json", "was not written by Inspect"),
    "S031": ("known-not-read", "inspect-listing", "a listing that Inspect writes beside its logs"),
    "S041": ("known-not-read", "helm-run_spec", "holds no numbers"),
    **dict.fromkeys(("S042", "S043", "S044"), ("known-not-read", "helm-stats", "statistics of a HELM run, which do not name the model")),
    "S050": ("known-not-read", "openai-evals", "an OpenAI evals record"),
    **dict.fromkeys(("S051", "S052", "S053", "S054"), ("known-not-read", "openai-simple-evals", "names neither model nor n")),
    **dict.fromkeys(("S055", "S056"), ("known-not-read", "bigcode", "a bigcode-evaluation-harness result")),
    "S057": ("known-not-read", "bigcode-attempts", "without an aggregate"),
    "S058": ("known-not-read", "promptfoo-csv", "a promptfoo table export"),
    "S059": ("known-not-read", "promptfoo-list", "holds no verdicts"),
    "S060": ("known-not-read", "promptfoo-stub", "without its statistics"),
    **dict.fromkeys(("S061", "S062", "S063"), ("known-not-read", "promptfoo", "a promptfoo result;")),
    **dict.fromkeys(("S064", "S065", "S066"), ("known-not-read", "epoch-csv", "an Epoch AI table")),
    "S067": ("known-not-read", "metr-runs", "a METR table of runs"),
    "S068": ("known-not-read", "hf-model-index", "malformed"),
    "S069": ("known-not-read", "hf-model-index", "results copied from elsewhere"),
    "S070": ("known-not-read", "garak-hitlog", "a garak hit log"),
}


def _not_read() -> list[dict[str, Any]]:
    return [entry for entry in _manifest() if entry["verdict"] == "reject" or not entry["format"].startswith(_READ)]


@pytest.mark.parametrize(
    "entry",
    [pytest.param(entry, id=f"{entry['id']}-{entry['format']}") for entry in _not_read()]
    or [pytest.param(None, marks=pytest.mark.skip("ASL_SAMPLES_DIR names no samples"))],
)
def test_a_real_file_that_is_not_read_is_refused_for_its_reason(entry: dict[str, Any]) -> None:
    code, format, reason = REFUSED[entry["id"]]
    with pytest.raises(RejectedInput) as refused:
        _read(entry)
    assert (refused.value.code, refused.value.format) == (code, format)
    assert reason in refused.value.message and refused.value.what_to_do
    # Where the manifest tells versions of one format apart, the portal refuses the format.
    assert entry["format"].startswith(format)


def test_every_sample_that_is_not_read_has_its_reason() -> None:
    if _manifest():
        assert {entry["id"] for entry in _not_read()} == set(REFUSED)


def _same_tasks(format: str, runs: tuple[ParsedRun, ...], expected: str | None) -> None:
    tasks = {run.task for run in runs}
    if format.startswith("lm-eval") and expected:
        assert set(expected.split(",")) <= tasks  # the manifest lists the first six
    else:
        assert tasks == ({expected} if expected else set())


def _same_run(run: ParsedRun, expected: dict[str, Any]) -> None:
    if "status" in expected:
        assert run.status == expected["status"]
        assert run.epochs == expected["epochs"]
        # The manifest took the place of an absent count for zero.
        assert (run.counts.total or 0, run.counts.completed or 0) == (expected["total_samples"] or 0, expected["completed_samples"] or 0)
    if "revision" in expected:
        assert run.revision.commit == expected["revision"]
    version = expected.get("inspect_version", expected.get("harness_version"))
    assert version is None or run.harness_version == version
    if expected.get("schema_version") is not None:
        assert run.schema_version == str(expected["schema_version"])
    if isinstance(expected.get("created"), str):
        assert run.created_raw == expected["created"]
    elif expected.get("created") is not None:
        assert Decimal(run.created_raw or "0") == Decimal(repr(expected["created"]))
    if expected.get("limit") is not None:
        assert Decimal(run.limit or "0") == Decimal(str(expected["limit"]))


def _is_it(run: ParsedRun, measurement: ParsedMeasurement, wanted: dict[str, Any]) -> bool:
    return (
        measurement.metric == wanted["metric"]
        and run.task == wanted.get("task", run.task)
        and measurement.scorer == wanted.get("scorer", measurement.scorer)
        and measurement.filter == wanted.get("filter", measurement.filter)
        and measurement.reducer == wanted.get("reducer", measurement.reducer)
    )


def _same_number(measurement: ParsedMeasurement, wanted: dict[str, Any]) -> bool:
    same_n = "n" not in wanted or measurement.n == wanted["n"]
    same_direction = "lower_is_better" not in wanted or measurement.higher_is_better is (not wanted["lower_is_better"])
    return same_n and same_direction and _same(measurement.value, wanted["value"]) and _same(measurement.stderr, wanted["stderr"])


def _same(found: str | None, wanted: float | str | None) -> bool:
    if wanted is None or isinstance(wanted, str):  # "N/A", "inf", "nan": no number
        return found is None
    return found is not None and Decimal(found) == Decimal(repr(wanted))
