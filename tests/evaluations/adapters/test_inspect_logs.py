"""What an Inspect log says, and what it does not prove."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import read_eval_log

from evaluations import adapters
from evaluations.adapters.types import RejectedInput
from evaluations.elicitation import elicitation
from tests.evaluations.adapters.archives import DEFLATE, STORED, ZSTANDARD, Entry, members, pack, repacked
from tests.evaluations.adapters.headers import as_eval, codes, header, metric, number, read, run, scored

SAMPLES = Path(__file__).parents[2] / "samples"
LOGS = sorted((SAMPLES / "inspect_eval").glob("*.eval")) + sorted((SAMPLES / "inspect_json").glob("*.json"))


def _log(name: str) -> Path:
    return SAMPLES / "inspect_eval" / f"{name}.eval"


def _read_log(name: str) -> adapters.Reading:
    return adapters.read(_log(name).read_bytes())


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_our_reading_equals_inspects_own(path: Path) -> None:
    """Inspect itself is the second opinion."""
    (ours,) = adapters.read(path.read_bytes()).runs
    theirs = read_eval_log(str(path), header_only=True)
    assert (ours.model, ours.task, ours.status) == (theirs.eval.model, theirs.eval.task, theirs.status)
    assert ours.created == datetime.fromisoformat(theirs.eval.created)
    assert ours.revision.commit == theirs.eval.revision.commit
    assert ours.invalidated is theirs.invalidated
    assert dict(ours.external_ids)["run_id"] == theirs.eval.run_id
    results = theirs.results
    assert (ours.counts.total, ours.counts.completed) == ((results.total_samples, results.completed_samples) if results else (None, None))
    expected = {
        (score.reducer, key, value.value)
        for score in (results.scores if results else [])
        for key, value in score.metrics.items()
        if not (key == "stderr" and {"accuracy", "mean"} & set(score.metrics)) and value.group != "ci"
    }
    assert {(found.reducer, found.metric, float(found.value or "nan")) for found in ours.measurements} == expected


@pytest.mark.parametrize("method", [STORED, DEFLATE, ZSTANDARD])
def test_a_log_reads_the_same_whatever_its_compression(method: int) -> None:
    assert adapters.read(repacked(_log("plain"), method)) == _read_log("plain")


def test_the_two_forms_of_one_run_tell_the_same_and_share_their_identity() -> None:
    (packed,) = _read_log("twin").runs
    (plain,) = adapters.read((SAMPLES / "inspect_json" / "twin.json").read_bytes()).runs
    assert packed.identity == plain.identity
    assert [(one.value, one.stderr, one.n) for one in packed.measurements] == [(one.value, one.stderr, one.n) for one in plain.measurements]


def test_a_plain_log_is_accepted_with_value_error_and_n() -> None:
    reading = _read_log("plain")
    (found,) = reading.runs[0].measurements
    assert (reading.verdict, list(reading.all_warnings())) == ("accept", [])
    assert (found.scorer, found.metric, found.value, found.n, found.n_source) == ("exact", "accuracy", "0.25", 12, "reported")
    assert found.stderr == "0.1305582419667734"
    assert found.where == "header.json#/results/scores/0/metrics/accuracy"
    assert found.is_headline


def test_how_the_run_was_elicited_stands_in_flat_facts() -> None:
    facts = {fact.name: fact.value for fact in _read_log("plain").runs[0].facts}
    assert facts["metadata.elicitation.variant"] == "helpful-only"
    assert facts["metadata.elicitation.tools"] == "bash, python"
    assert facts["metadata.elicitation.safeguards_on"] == "false"
    assert facts["task_args.attempts"] == "4"
    assert facts["plan.solvers"] == "generate"


def test_a_second_word_on_elicitation_does_not_fall_off_behind_a_long_list() -> None:
    notes = {f"note_{index}": index for index in range(300)}
    found = run(eval__metadata={"safeguards_on": "false", **notes}, eval__task_args={"safeguards_on": True})
    told = elicitation([asdict(fact) for fact in found.facts], epochs=1, declared={}, countersigned=False)
    assert told.conflicts == ("safeguards_on",)
    (warning,) = found.warnings
    assert (warning.code, warning.where, warning.effect) == ("facts-left-out", "header.json#/eval/metadata/note_299", "holds")


def test_as_many_facts_as_are_kept_leave_none_out() -> None:
    notes = {f"note_{index}": index for index in range(298)}
    found = run(eval__metadata=notes)
    assert (len(found.facts), codes(found)) == (300, set())  # with the epochs and the one solver
    longer = run(eval__metadata=notes, eval__task_args={"tools": "bash"})
    assert codes(longer, "holds") == {"facts-left-out"}
    assert {fact.name for fact in longer.facts} >= {"task_args.tools"} and len(longer.facts) == 300


def test_credentials_among_the_settings_are_withheld_and_budgets_are_not() -> None:
    args = {"api_key": "x", "hf_token": "y", "note": "sk-abcdefghijklmnopqrstuvwx", "token_budget": 5000}
    facts = {fact.name: fact.value for fact in run(eval__task_args=args).facts}
    assert {facts[f"task_args.{name}"] for name in ("api_key", "hf_token", "note")} == {"(withheld)"}
    assert facts["task_args.token_budget"] == "5000"


def test_prompts_of_solvers_and_scorers_are_no_facts() -> None:
    secret = "how the hazardous step goes"
    found = run(plan={"steps": [{"solver": "system_message", "params": {"template": secret}}]}, eval__scorers=[{"options": {"t": secret}}])
    assert not any(secret in fact.value for fact in found.facts)


def test_with_epochs_n_counts_items_and_the_total_counts_answers() -> None:
    (found,) = _read_log("epochs").runs
    assert (found.epochs, found.counts.total, found.counts.scored, found.measurements[0].n) == (3, 15, 15, 5)
    older = run(
        eval__config={"epochs": 5}, results__total_samples=200, results__completed_samples=200, **scored(0.25, 0.0693375245, n=None)
    )
    assert (older.measurements[0].n, older.measurements[0].n_source) == (40, "recomputed")


def test_success_with_errored_samples_holds() -> None:
    reading = _read_log("some_errors")
    (found,) = reading.runs
    assert found.status == "success"
    assert (found.counts.total, found.counts.completed, found.counts.errored, found.measurements[0].n) == (10, 7, 3, 7)
    assert "samples-missing" in codes(found, "holds")
    assert reading.verdict == "accept-with-warning"


def test_success_with_unscored_samples_holds() -> None:
    (found,) = _read_log("some_unscored").runs
    assert (found.status, found.measurements[0].value, found.measurements[0].n) == ("success", "1", 5)
    assert "samples-unscored" in codes(found, "holds") and found.measurements[0].holds


def test_success_with_invalidated_samples_holds() -> None:
    (found,) = _read_log("invalidated").runs
    assert (found.status, found.invalidated) == ("success", True)
    assert "invalidated" in codes(found, "holds")


def test_a_run_that_ended_in_error_is_kept_and_not_scored() -> None:
    assert _read_log("stopped_by_error").verdict == "store-not-scored"
    with_results = read(status="error")
    assert with_results.verdict == "store-not-scored" and with_results.runs[0].measurements
    assert "status-error" in codes(with_results, "holds")


def test_a_cancelled_run_with_results_holds() -> None:
    reading = read(status="cancelled")
    assert reading.verdict == "accept-with-warning"
    assert "status-cancelled" in codes(reading, "holds")


def test_a_run_without_scorer_is_kept_and_not_scored() -> None:
    assert _read_log("no_scorer").verdict == "store-not-scored"


def test_a_run_over_part_of_its_data_set_holds() -> None:
    reading = _read_log("limited")
    assert "part-of-the-data-set" in codes(reading, "holds")
    assert "4 of the 10" in reading.runs[0].warnings[0].message


@pytest.mark.parametrize("narrowed", [{"limit": 40}, {"sample_id": ["a", "b"]}])
@pytest.mark.parametrize("unknown", ["eval__dataset", "results__total_samples"])
def test_a_narrowed_run_that_does_not_say_of_how_many_items_holds(narrowed: dict[str, Any], unknown: str) -> None:
    config = {"epochs": 1, **narrowed}
    assert "part-of-the-data-set" in codes(run(eval__config=config, **{unknown: None}), "holds")
    assert codes(run(eval__config=config)) == set()  # 40 of the 40
    assert "part-of-the-data-set" not in codes(run(**{unknown: None}))


def test_an_interval_of_the_file_is_taken_with_its_level() -> None:
    (found,) = _read_log("with_interval").runs[0].measurements
    assert (found.low, found.high, found.level) == ("0.19448117789062763", "0.8055188221093723", "0.9")


def test_numbers_of_single_groups_claim_no_n() -> None:
    first, second, whole, loose = _read_log("by_group").runs[0].measurements
    assert [(one.metric, one.group, one.n) for one in (first, second, whole)] == [
        ("first", "grouped", None),
        ("second", "grouped", None),
        ("all", "grouped", 10),
    ]
    assert loose.metric == "stderr"  # beside neither accuracy nor mean, it belongs to no number


@pytest.mark.parametrize("group", ["topic", "ci"])
def test_numbers_a_metric_gives_several_of_claim_no_n(group: str) -> None:
    """Of five items, taken for five of the forty, none wrong would show next to nothing and look like much."""
    several = {"bio": metric("accuracy", 0, group=group), "chem": metric("accuracy", 0.25, group=group)}
    found = run(results__scores=[{"name": "exact", "scorer": "exact", "scored_samples": 40, "metrics": several}])
    assert [(one.metric, one.group, one.n, one.n_source) for one in found.measurements] == [
        ("bio", group, None, None),
        ("chem", group, None, None),
    ]
    assert all("n-absent" in codes(one) for one in found.measurements)


def test_the_bounds_of_inspects_own_interval_are_over_the_whole_block() -> None:
    bounds = {"lower": metric("lower", 0.1, group="ci"), "upper": metric("upper", 0.4, group="ci")}
    assert [one.n for one in run(results__scores=[{"name": "e", "scored_samples": 40, "metrics": bounds}]).measurements] == [40, 40]


def test_each_reducer_gives_a_number_of_its_own() -> None:
    assert [one.reducer for one in _read_log("by_reducer").runs[0].measurements] == ["mean", "pass_at_2"]


def test_a_scorer_of_several_scores_names_each() -> None:
    assert [one.scorer for one in _read_log("several_scores").runs[0].measurements] == ["rubric.plan", "rubric.detail"]


def test_stderr_goes_to_accuracy_alone() -> None:
    metrics = {"precision": metric("precision", 0.5), "accuracy": metric("accuracy", 0.25), "stderr": metric("stderr", 0.0693375245)}
    found = run(results__scores=[{"name": "exact", "scorer": "exact", "scored_samples": 40, "metrics": metrics}])
    assert [(one.metric, one.stderr) for one in found.measurements] == [("precision", None), ("accuracy", "0.0693375245")]


def test_an_unfinished_run_is_kept_without_numbers() -> None:
    start = members(_log("plain"))["_journal/start.json"]
    reading = adapters.read(pack([Entry("_journal/start.json", start), Entry("samples/1_epoch_1.json", b"{}")]))
    assert (reading.verdict, reading.runs[0].status, reading.runs[0].model) == ("store-not-scored", "unfinished", "aurora/aurora-3")
    assert "run-unfinished" in codes(reading, "holds")


def test_a_journal_is_never_counted_through() -> None:
    start = members(_log("plain"))["_journal/start.json"]
    reading = adapters.read(pack([Entry("_journal/start.json", start), Entry("_journal/summaries/1000000000.json", b"[]")]))
    assert reading.verdict == "store-not-scored"


@pytest.mark.parametrize(
    ("version", "verdict"), [(1, "accept"), (2, "accept"), (3, "accept-with-warning"), (4, "store-not-scored"), (99, "store-not-scored")]
)
def test_the_schema_version_decides_how_far_a_log_is_trusted(version: int, verdict: str) -> None:
    reading = read(version=version)
    assert reading.verdict == verdict
    assert bool(reading.runs[0].measurements) is (verdict != "store-not-scored")


def test_a_log_without_schema_version_holds() -> None:
    assert "schema-version-absent" in codes(read(version=None), "holds")


@pytest.mark.parametrize("version", [-1, 0, 2.5, "2", True])
def test_a_schema_version_that_is_no_whole_number_is_refused(version: object) -> None:
    with pytest.raises(RejectedInput) as refused:
        read(version=version)
    assert refused.value.code == "schema-version-unusable"


def test_a_log_of_2024_with_one_scorer_is_read() -> None:
    results = {"scorer": {"name": "match"}, "metrics": {"accuracy": metric("accuracy", 0.5)}}
    found = run(version=1, results=results)
    assert [(one.scorer, one.metric, one.value, one.n) for one in found.measurements] == [("match", "accuracy", "0.5", None)]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("NaN", "value-not-a-number"),
        ("Infinity", "value-not-a-number"),
        ("1e400", "value-out-of-range"),
        ("1e308", "value-out-of-range"),
        ("9" * 400, "value-out-of-range"),
        ("true", "value-wrong-type"),
        ('"0.6"', "value-wrong-type"),
        ("null", "value-absent"),
        ("9.2", "off-scale"),
        ("-3", "off-scale"),
        ("73.4", "off-scale"),
    ],
)
def test_a_value_that_is_none_or_off_its_scale_holds(value: str, code: str) -> None:
    text = json.dumps(header()).replace('"value": 0.25', f'"value": {value}')
    (found,) = adapters.read(as_eval(text)).runs[0].measurements
    assert code in codes(found, "holds")
    assert (found.value is None) is code.startswith("value-")


def test_a_small_value_in_scientific_writing_becomes_plain_text() -> None:
    found = number(**scored(2.5e-05, n=40000))
    assert (found.value_raw, found.value) == ("2.5e-05", "0.000025")


@pytest.mark.parametrize(
    ("metric_name", "holds"), [("groundedness", True), ("horizon_minutes", False), ("uplift_ratio", False), ("perplexity", False)]
)
def test_beyond_one_a_metric_needs_a_unit_in_its_name(metric_name: str, holds: bool) -> None:
    assert ("scale-undeclared" in codes(number(**scored(42.5, name=metric_name)), "holds")) is holds


@pytest.mark.parametrize(
    ("stderr", "code"),
    [
        (-0.1, "stderr-negative"),
        ("N/A", "stderr-not-a-number"),
        (0, "stderr-zero"),
        (3.7e-17, "stderr-zero"),
        (True, "stderr-not-a-number"),
    ],
)
def test_an_impossible_standard_error_is_unknown_and_holds(stderr: object, code: str) -> None:
    found = number(**scored(0.25, stderr))
    assert (found.value, found.stderr) == ("0.25", None)
    assert code in codes(found, "holds")


@pytest.mark.parametrize("value", [0, 1])
def test_a_standard_error_of_zero_is_right_at_both_ends(value: int) -> None:
    assert codes(number(**scored(value, 0))) == set()


def test_n_and_standard_error_that_disagree_hold_and_say_the_implied_n() -> None:
    found = number(**scored(0.4, 0.019, n=5), results__total_samples=5, results__completed_samples=5)
    (warning,) = found.warnings
    assert (warning.code, warning.effect) == ("n-and-stderr-disagree", "holds")
    assert "666" in warning.message and found.implied_n == 666


def test_partial_credit_explains_a_smaller_standard_error() -> None:
    found = number(**scored(0.3, 0.2, n=5), results__total_samples=5, results__completed_samples=5)
    assert codes(found) == set()


def test_a_share_that_n_items_cannot_have_holds() -> None:
    assert "value-and-n-disagree" in codes(number(**scored(0.7208872458410351, n=5)), "holds")


@pytest.mark.parametrize("count", [-5, 1.5, 10**18, True, "40"])
def test_an_impossible_count_is_not_used_and_the_rest_is_kept(count: object) -> None:
    found = run(results__total_samples=count)
    assert found.counts.total is None and found.model == "aurora/aurora-3"
    assert "count-unusable" in codes(found, "holds")


def test_more_completed_than_there_were_is_not_believed() -> None:
    found = run(results__completed_samples=41)
    assert (found.counts.total, found.counts.completed) == (None, None)
    assert "count-unusable" in codes(found, "holds")


def test_zero_of_zero_is_no_result() -> None:
    found = number(**scored(0, 0, n=0))
    assert "nothing-scored" in codes(found, "holds")


@pytest.mark.parametrize(
    ("model", "code", "effect"),
    [
        ("none/none", "model-not-named", "holds"),
        ("...", "model-not-named", "holds"),
        ("mockllm/model", "model-is-a-mock", "info"),
        ("/srv/someone/weights", "model-is-a-path", "info"),
        ("C:\\weights\\aurora", "model-is-a-path", "info"),
        ("aurora/aurora\u200b-3", "name-has-marks", "holds"),
        ("aurora/\u202eaurora-3", "name-has-marks", "holds"),
        ("aurora/аurora-3", "name-has-marks", "holds"),
    ],
)
def test_a_model_name_that_names_no_model_or_hides_one_is_flagged(model: str, code: str, effect: str) -> None:
    found = run(eval__model=model)
    assert found.model == model
    assert code in codes(found, effect)


def test_a_model_name_of_absurd_length_is_refused_and_a_long_one_kept() -> None:
    assert run(eval__model="m" * 10_000).model == "m" * 10_000
    with pytest.raises(RejectedInput) as refused:
        read(eval__model="m" * 20_000)
    assert refused.value.code == "name-too-long"


@pytest.mark.parametrize(
    ("created", "at", "code"),
    [
        ("2026-03-02T09:30:00+02:00", datetime(2026, 3, 2, 7, 30, tzinfo=UTC), None),
        ("2026-03-02T09:30:00", None, "created-without-zone"),
        ("yesterday", None, "created-unreadable"),
        ("1970-01-01T00:00:00+00:00", None, "created-implausible"),
        ("2999-01-01T00:00:00+00:00", None, "created-implausible"),
    ],
)
def test_a_date_is_kept_as_given_and_believed_only_with_a_zone(created: str, at: datetime | None, code: str | None) -> None:
    found = run(eval__created=created)
    assert (found.created_raw, found.created) == (created, at)
    assert codes(found) == ({code} if code else set())


@pytest.mark.parametrize(
    ("revision", "code"),
    [
        (None, "revision-absent"),
        ({"commit": "4be1f02", "origin": "o", "dirty": True}, "revision-dirty"),
        ({"commit": "z" * 40, "origin": "o"}, "revision-unverified"),
    ],
)
def test_a_revision_that_reproduces_nothing_is_said(revision: object, code: str) -> None:
    found = read(eval__revision=revision)
    assert code in codes(found, "info") and found.verdict == "accept"


def test_a_stated_early_stop_and_later_edits_are_said() -> None:
    found = run(results__early_stopping={"manager": "m"}, log_updates=[{"edits": []}], config_updates=[{}])
    assert "stopped-early" in codes(found, "holds")
    assert {"log-edited", "settings-changed"} <= codes(found, "info") and found.has_log_updates


def test_a_hand_made_log_is_refused() -> None:
    with pytest.raises(RejectedInput) as refused:
        read(stats={"total_tokens": 0})
    assert (refused.value.code, refused.value.where) == ("not-an-inspect-log", "header.json#/stats")


def test_the_document_form_is_read_to_its_end() -> None:
    whole = (SAMPLES / "inspect_json" / "twin.json").read_bytes()
    assert adapters.read(whole).format == "inspect-json"
    for share in (0.3, 0.5, 0.9, 0.9999):
        with pytest.raises(RejectedInput) as refused:
            adapters.read(whole[: int(len(whole) * share)])
        assert (refused.value.code, refused.value.format) == ("incomplete", "inspect-json")


def test_the_document_form_reads_with_its_keys_in_any_order() -> None:
    document = json.loads((SAMPLES / "inspect_json" / "twin.json").read_bytes())
    turned = json.dumps(document, sort_keys=True).encode()
    assert adapters.read(turned).runs[0].measurements == adapters.read(json.dumps(document).encode()).runs[0].measurements


def test_a_key_given_twice_is_refused_wherever_it_stands() -> None:
    whole = (SAMPLES / "inspect_json" / "twin.json").read_text()
    for twice in (whole.rstrip()[:-1] + ', "status": "error"}', whole.replace('"epoch":', '"id": 7, "epoch":', 1)):
        with pytest.raises(RejectedInput) as refused:
            adapters.read(twice.encode())
        assert refused.value.code == "json-duplicate-key"


def test_items_lost_among_the_epochs_hold() -> None:
    whole = {"eval__config": {"epochs": 5}, "results__total_samples": 200, "results__completed_samples": 200}
    assert run(**whole, **scored(0.25, 0.0693375245, n=40)).warnings == ()
    assert "samples-unscored" in codes(run(**whole, **scored(0.25, 0.0693375245, n=39)), "holds")


@pytest.mark.parametrize("epochs", [-1, 0, "5", 2.5])
def test_epochs_that_cannot_be_counted_hold(epochs: object) -> None:
    """Taken for one epoch, the items would be counted several times over."""
    assert "count-unusable" in codes(run(eval__config={"epochs": epochs}), "holds")


@pytest.mark.parametrize("count", [-1, "0", 0.5])
def test_an_impossible_number_of_unscored_samples_holds(count: object) -> None:
    assert "count-unusable" in codes(number(**scored(0.25, 0.06933752452815364, unscored_samples=count)), "holds")


def test_success_that_carries_an_error_is_no_success() -> None:
    found = run(error={"message": "sandbox lost"})
    assert found.status == "unknown" and "status-unknown" in codes(found, "holds")


@pytest.mark.parametrize(("said", "is_so"), [(False, False), (None, False), (True, True), ("yes", True), (1, True)])
def test_only_a_plain_no_means_not_invalidated(said: object, is_so: bool) -> None:
    assert run(invalidated=said).invalidated is is_so
