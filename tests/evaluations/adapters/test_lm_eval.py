"""Harness results of every generation."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluations import adapters
from evaluations.adapters.types import ParsedRun, RejectedInput
from tests.evaluations.adapters.headers import codes

SAMPLES = Path(__file__).parents[2] / "samples" / "lm_eval"


def _read(name: str) -> adapters.Reading:
    return adapters.read((SAMPLES / name).read_bytes(), filename=name)


def _new(**changes: Any) -> adapters.Reading:
    document = json.loads((SAMPLES / "results_new.json").read_text())
    return adapters.read(json.dumps(document | changes).encode())


def _run(reading: adapters.Reading, task: str) -> ParsedRun:
    return next(run for run in reading.runs if run.task == task)


def test_a_task_gives_a_run_with_its_number_its_n_and_its_direction() -> None:
    reading = _read("results_new.json")
    web = _run(reading, "cyber_web")
    (found,) = web.measurements
    assert (reading.format, web.harness, web.model, web.status) == ("lm-eval", "lm-eval", "aurora/aurora-3", "success")
    assert (found.metric, found.filter, found.value, found.n, found.n_source, found.higher_is_better) == (
        "acc",
        "none",
        "0.4",
        30,
        "reported",
        True,
    )
    assert (web.created_raw, web.created and web.created.isoformat()) == ("1772443800.25", "2026-03-02T09:30:00.250000+00:00")
    assert (web.task_version, web.dataset, web.revision.commit, web.harness_version) == ("1.0", "lab/cyber", "9f2b1c0", "0.4.9.2")
    assert codes(web) == set() == codes(found)


def test_truth_values_and_bookkeeping_are_no_metrics() -> None:
    assert [one.metric for one in _run(_read("results_new.json"), "cyber_web").measurements] == ["acc"]


def test_a_group_row_stands_beside_its_tasks_and_is_marked_derived() -> None:
    reading = _read("results_new.json")
    (group,) = _run(reading, "cyber").measurements
    assert (group.is_derived, group.n, group.value) == (True, None, "0.3")
    assert not _run(reading, "cyber_web").measurements[0].is_derived


def test_a_limited_task_holds_and_a_whole_one_does_not() -> None:
    reading = _read("results_new.json")
    assert "limited-run" in codes(_run(reading, "cyber_net"), "holds")
    assert "limited-run" not in codes(_run(reading, "cyber_web"))
    assert "20 of 400" in _run(reading, "cyber_net").warnings[0].message


def test_a_standard_error_that_is_a_text_is_unknown_and_holds() -> None:
    f1 = _run(_read("results_new.json"), "cyber_net").measurements[1]
    assert (f1.metric, f1.filter, f1.stderr_raw, f1.stderr) == ("f1", "strict", "N/A", None)
    assert "stderr-not-a-number" in codes(f1, "holds")


def test_settings_are_facts_and_credentials_are_not() -> None:
    facts = {fact.name: fact.value for fact in _run(_read("results_new.json"), "cyber_web").facts}
    assert (facts["n-shot"], facts["model_source"], facts["generation_kwargs.temperature"]) == ("5", "vllm", "0.0")
    assert "never shown" not in facts.values()


def test_what_a_task_tells_of_elicitation_does_not_fall_off_behind_a_long_list() -> None:
    told = {**{f"note_{index}": index for index in range(400)}, "tools": "bash"}
    reading = _new(configs={"cyber_web": {"metadata": told}})
    web, other = _run(reading, "cyber_web"), next(run for run in reading.runs if run.task != "cyber_web")
    assert ("metadata.tools", "bash") in {(fact.name, fact.value) for fact in web.facts} and len(web.facts) == 301
    assert "facts-left-out" in codes(web, "holds") and "facts-left-out" not in codes(other)


def test_infinity_and_nan_are_read_as_no_numbers() -> None:
    reading = _new(results={"t": {"mae,none": float("inf"), "mae_stderr,none": float("nan")}})
    (found,) = reading.runs[0].measurements
    assert (found.value_raw, found.value, found.stderr) == ("Infinity", None, None)
    assert "value-not-a-number" in codes(found, "holds")


def test_a_number_as_text_is_not_taken_for_a_number() -> None:
    (found,) = _new(results={"t": {"acc,none": "0.6", "acc_stderr,none": 0.1}}).runs[0].measurements
    assert found.value is None and "value-wrong-type" in codes(found, "holds")


def test_an_accuracy_that_its_n_cannot_have_holds() -> None:
    disagreeing = {"results": {"t": {"acc,none": 0.431, "acc_stderr,none": 0.019}}, "n-samples": {"t": {"original": 5, "effective": 5}}}
    (found,) = _new(**disagreeing).runs[0].measurements
    assert "n-and-stderr-disagree" in codes(found, "holds")


def test_the_first_generation_names_its_model_in_the_arguments_and_no_n() -> None:
    reading = _read("results_old.json")
    (web,) = reading.runs
    assert (reading.format, reading.verdict, web.model, web.created_raw) == ("lm-eval-old", "accept-with-warning", "aurora/aurora-2", None)
    assert web.status == "unknown"
    assert [(one.metric, one.value, one.n, one.implied_n) for one in web.measurements] == [
        ("acc", "0.4", None, 30),
        ("ppl", "12.5", None, None),
    ]
    assert {"created-absent", "revision-absent"} <= codes(web)


def test_the_list_form_keeps_each_prompt_apart() -> None:
    reading = _read("results_list.json")
    (web,) = reading.runs
    assert (reading.format, web.model, web.task) == ("lm-eval-list", "aurora/aurora-1", "cyber_web")
    assert [(one.metric, one.group, one.value) for one in web.measurements] == [("acc", "plain", "0.4"), ("acc", "polite", "0.5")]


def test_single_samples_are_kept_and_say_where_the_results_are() -> None:
    reading = _read("samples_cyber_web.jsonl")
    assert (reading.format, reading.verdict, reading.runs) == ("lm-eval-samples", "store-not-scored", ())
    assert "results_" in reading.warnings[0].message


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_cut_results_file_is_refused(share: float) -> None:
    data = (SAMPLES / "results_new.json").read_bytes().rstrip()
    with pytest.raises(RejectedInput) as refused:
        adapters.read(data[: int(len(data) * share)])
    assert refused.value.code == "incomplete"


def test_a_model_named_by_a_path_is_kept_and_flagged() -> None:
    reading = _new(model_name="/data/models/aurora")
    assert "model-is-a-path" in codes(reading.runs[0])


@pytest.mark.parametrize("effective", [-3, 31, 2.5, "30"])
def test_an_impossible_count_holds(effective: object) -> None:
    reading = _new(**{"n-samples": {"cyber_web": {"original": 30, "effective": effective}}})
    assert "count-unusable" in codes(_run(reading, "cyber_web"), "holds")
