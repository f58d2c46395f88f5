"""Records of the cross-harness schema, in every version seen."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluations import adapters
from evaluations.adapters.types import ParsedMeasurement, RejectedInput
from tests.evaluations.adapters.headers import codes

RECORD = Path(__file__).parents[2] / "samples" / "every_eval_ever" / "record.json"


def _read(**changes: Any) -> adapters.Reading:
    document = json.loads(RECORD.read_text()) | changes
    return adapters.read(json.dumps({key: value for key, value in document.items() if value is not None}).encode())


def _number(score: Any, uncertainty: dict[str, Any] | None = None, config: dict[str, Any] | None = None, **older: Any) -> ParsedMeasurement:
    details = {"score": score, **older} | ({"uncertainty": uncertainty} if uncertainty else {})
    config = config or {"lower_is_better": False, "metric_id": "accuracy", "min_score": 0, "max_score": 1}
    return _read(evaluation_results=[{"evaluation_name": "x", "metric_config": config, "score_details": details}]).runs[0].measurements[0]


def test_a_record_is_accepted_with_value_error_n_and_interval() -> None:
    reading = _read()
    (run,) = reading.runs
    first, second = run.measurements
    assert (reading.format, reading.verdict, run.harness, run.model) == ("eee-aggregate", "accept", "every-eval-ever", "aurora/aurora-3")
    assert (first.metric, first.value, first.stderr, first.stderr_method, first.n) == (
        "autonomy",
        "0.4",
        "0.0909717652294684",
        "analytic",
        30,
    )
    assert (first.low, first.high, first.level, first.method) == ("0.25", "0.55", "0.9", "wilson")
    assert (first.higher_is_better, first.scale_low, first.scale_high) == (True, "0", "1")
    assert (second.unit, second.scale_high, second.low, second.high, second.level) == ("minutes", None, "20.1", "90.7", None)
    assert run.created and run.created.isoformat() == "2026-03-02T09:30:00+00:00"
    assert {fact.name: fact.value for fact in run.facts}["generation_args.max_attempts"] == "3"


def test_when_a_figure_was_copied_is_not_when_it_was_measured() -> None:
    (run,) = _read(evaluation_timestamp=None).runs
    assert (run.created_raw, run.created) == ("1772530200", None)


def test_a_copy_of_a_published_figure_holds() -> None:
    reading = _read(source_metadata={"source_type": "documentation", "source_organization_name": "A board"})
    assert reading.verdict == "accept" and "reported-elsewhere" in codes(reading, "holds")
    assert "reported-elsewhere" not in codes(_read())


@pytest.mark.parametrize("version", ["0.0.1", "0.1.0", "0.2.0", "0.2.2", "0.3.0"])
def test_every_version_in_the_wild_is_read(version: str) -> None:
    reading = _read(schema_version=version)
    assert (reading.format_version, len(reading.runs[0].measurements)) == (version, 2)


def test_a_newer_version_is_kept_and_not_guessed_at() -> None:
    reading = _read(schema_version="0.4.0")
    assert (reading.verdict, reading.runs[0].measurements) == ("store-not-scored", ())
    assert "schema-version-newer" in codes(reading, "holds")


@pytest.mark.parametrize("version", ["", "new", "3", 7])
def test_a_version_that_is_none_is_refused(version: object) -> None:
    with pytest.raises(RejectedInput) as refused:
        _read(schema_version=version)
    assert refused.value.code == "schema-version-unusable"


def test_older_records_keep_the_spread_beside_the_score() -> None:
    found = _number(0.4, standard_error=0.0909717652294684, num_samples=30, confidence_interval={"lower": 0.2, "upper": 0.6})
    assert (found.stderr, found.n, found.low, found.high, found.level) == ("0.0909717652294684", 30, "0.2", "0.6", None)
    assert codes(found) == set()


def test_a_score_off_its_declared_scale_holds_and_one_on_it_does_not() -> None:
    hundred = {"lower_is_better": False, "min_score": 0, "max_score": 100}
    assert codes(_number(73.4, config=hundred), "holds") == set()
    assert "off-scale" in codes(_number(101, config=hundred), "holds")
    assert "off-scale" in codes(_number(73.4), "holds")


def test_an_interval_upside_down_is_left_out_and_holds() -> None:
    found = _number(0.4, {"confidence_interval": {"lower": 0.9, "upper": 0.1}})
    assert (found.low, found.high) == (None, None) and "interval-unusable" in codes(found, "holds")


def test_n_and_standard_error_that_disagree_hold() -> None:
    found = _number(0.431, {"standard_error": {"value": 0.019}, "num_samples": 5})
    assert "n-and-stderr-disagree" in codes(found, "holds")
    assert codes(_number(0.4, {"standard_error": {"value": 0.091}, "num_samples": 30})) == set()


def test_a_record_without_a_list_of_results_is_refused() -> None:
    with pytest.raises(RejectedInput) as refused:
        _read(evaluation_results={})
    assert refused.value.code == "not-an-eee-aggregate"


def test_a_cut_record_is_refused() -> None:
    with pytest.raises(RejectedInput) as refused:
        adapters.read(RECORD.read_bytes()[:900])
    assert refused.value.code == "incomplete"
