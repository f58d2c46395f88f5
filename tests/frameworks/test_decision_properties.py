"""What holds for every evidence: order, worsening, removal, and one answer in the same bytes."""

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from frameworks.engine import reading
from frameworks.engine.decide import decide
from frameworks.engine.types import Outcome
from ledger.canonical import canonical
from tests.frameworks.evidence_maker import AS_OF, MEASURED, make_evidence, make_framework, make_indicator, make_measurement, make_snapshot

RULES: list[dict[str, Any]] = [
    {"indicator": "a"},
    {"all_of": [{"indicator": "a"}, {"indicator": "b"}]},
    {"any_of": [{"indicator": "a"}, {"all_of": [{"indicator": "b"}, {"indicator": "c"}]}]},
    {"k_of_n": {"k": "2", "of": [{"indicator": slug} for slug in "abc"]}},
    {"canary": [{"indicator": "a"}, {"indicator": "b"}]},
    {"all_of": [{"indicator": "a"}, {"band": "b", "only_raises": "true"}]},
]
BAND = {
    "rule_out": {"at": "0.5", "rules_out": "below", "inclusive": "false"},
    "rule_in": {"at": "0.8", "rules_in": "above", "inclusive": "false"},
}
INDICATORS = [
    make_indicator("a"),
    make_indicator("b", **BAND),
    make_indicator("c", rule_out={"at": "0.3", "rules_out": "below", "inclusive": "true"}),
]
FRAMEWORKS = [canonical(make_framework(rule, *INDICATORS)) for rule in RULES]
frameworks = st.sampled_from(FRAMEWORKS)

DEFECTS: list[dict[str, Any]] = [
    {"evaluated_at": None},
    {"evaluated_at": AS_OF - timedelta(days=200)},
    {"run_status": "cancelled"},
    {"counts": {"total": 900, "completed": 20}},
    {"counts": {"total": 900, "completed": 900, "invalidated": 1}},
    {"grade": "declared"},
    {"snapshot": None},
    {"binding_seq": None},
    {"received_seq": 2},
    {"elicitation": {}},
    {"elicitation": {"safeguards_on": {"value": "false", "origin": "declared"}}},
    {"warnings": [{"code": "odd", "message": "Odd.", "effect": "holds"}]},
    {"n": 5, "counts": {"total": 5, "completed": 5}},
    {"n": None},
    {"superseded": {"by": None, "reason": "withdrawn"}},
]


@st.composite
def measurements(draw: st.DrawFn, least: int = 0) -> list[dict[str, Any]]:
    """A few measurements, most of them sound, of three indicators on two snapshots."""
    found = []
    for index in range(draw(st.integers(least, 5))):
        n = draw(st.integers(20, 90))
        base = make_measurement(
            f"m{index}",
            indicator=draw(st.sampled_from("abc")),
            n=n,
            value=str(Decimal(draw(st.one_of(st.just(0), st.integers(0, n)))) / n),
            snapshot=draw(st.sampled_from(["snapshot-1", "snapshot-1", "snapshot-2"])),
            evaluated_at=MEASURED - timedelta(days=draw(st.integers(0, 60))),
        )
        found.append(base | draw(st.sampled_from([{}, {}, {}, *DEFECTS])))
    return found


def _document(framework: bytes, told: list[dict[str, Any]], **changes: Any) -> bytes:
    both = [make_snapshot(), make_snapshot("snapshot-2", required=False)]
    return canonical(make_evidence(framework, *told, **({"snapshots": both} | changes)))


def _outcome(framework: bytes, told: list[dict[str, Any]], **changes: Any) -> Outcome:
    answer: Any = reading.parse(decide(framework, _document(framework, told, **changes)))
    return Outcome(answer["thresholds"][0]["outcome"])


@given(framework=frameworks, told=measurements(), seed=st.integers())
@settings(max_examples=40, deadline=None)
def test_the_order_in_which_evidence_stands_never_matters(framework: bytes, told: list[dict[str, Any]], seed: int) -> None:
    evidence = make_evidence(framework, *told, snapshots=[make_snapshot(), make_snapshot("snapshot-2", required=False)])
    shuffled = {
        name: random.Random(seed).sample(value, len(value)) if isinstance(value, list) else value for name, value in evidence.items()
    }
    one, other = (reading.parse(decide(framework, canonical(each))) for each in (evidence, shuffled))
    assert isinstance(one, dict) and isinstance(other, dict)
    # The digest names the bytes that were read; everything else is the same.
    assert one | {"evidence_digest": ""} == other | {"evidence_digest": ""}


@given(framework=frameworks, told=measurements())
@settings(max_examples=40, deadline=None)
def test_the_same_documents_give_the_same_bytes(framework: bytes, told: list[dict[str, Any]]) -> None:
    document = _document(framework, told)
    assert decide(framework, document) == decide(bytes(bytearray(framework)), bytes(bytearray(document)))


@given(framework=frameworks, told=measurements(least=1), data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_worse_value_never_lowers_a_finding(framework: bytes, told: list[dict[str, Any]], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(told) - 1))
    before = Decimal(told[index]["value"])
    worse = data.draw(st.decimals(min_value=before, max_value=1, allow_nan=False, places=6).filter(lambda value: value >= before))
    moved = [*told[:index], told[index] | {"value": str(worse)}, *told[index + 1 :]]
    assert _outcome(framework, moved).rank >= _outcome(framework, told).rank


@given(framework=frameworks, told=measurements(least=1), defect=st.sampled_from(DEFECTS), data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_defect_never_brings_a_rule_out(
    framework: bytes, told: list[dict[str, Any]], defect: dict[str, Any], data: st.DataObject
) -> None:
    """Worsening the quality of one measurement never rules out what was not ruled out."""
    before = _outcome(framework, told)
    assume(before is not Outcome.RULED_OUT)
    index = data.draw(st.integers(0, len(told) - 1))
    # A measurement that decided by its bound alone and is now too small or incomplete may fall silent: then another must have qualified.
    spoiled = [*told[:index], told[index] | defect, *told[index + 1 :]]
    if set(defect) & {"n", "counts", "run_status", "elicitation"}:
        assume(not any(each["indicator"] == told[index]["indicator"] for each in [*told[:index], *told[index + 1 :]]))
    assert _outcome(framework, spoiled) is not Outcome.RULED_OUT


@given(framework=frameworks, told=measurements(), added=measurements(least=1))
@settings(max_examples=40, deadline=None)
def test_a_further_result_never_lowers_a_finding_whose_indicators_are_all_measured(
    framework: bytes, told: list[dict[str, Any]], added: list[dict[str, Any]]
) -> None:
    """Once every indicator has a qualifying result, nothing that is added makes the answer calmer, however good or spoiled it is."""
    sound = [make_measurement(f"sound-{slug}", indicator=slug) for slug in "abc"]
    both = [*told, *sound, *(each | {"id": f"added-{each['id']}"} for each in added)]
    assert _outcome(framework, both).rank >= _outcome(framework, [*told, *sound]).rank


@given(told=measurements(), drop=st.sampled_from("abc"), rule=st.sampled_from([0, 1]))
@settings(max_examples=40, deadline=None)
def test_without_the_last_qualifying_result_of_an_indicator_nothing_is_ruled_out(told: list[dict[str, Any]], drop: str, rule: int) -> None:
    assume(drop == "a" or (rule == 1 and drop == "b"))
    left = [each for each in told if each["indicator"] != drop]
    assert _outcome(FRAMEWORKS[rule], left) is not Outcome.RULED_OUT
    elsewhere = [each | {"snapshot": "snapshot-2"} if each["indicator"] == drop else each for each in told]
    assert _outcome(FRAMEWORKS[rule], elsewhere) is not Outcome.RULED_OUT


@given(told=measurements(), framework=frameworks, defect=st.sampled_from(DEFECTS))
@settings(max_examples=60, deadline=None)
def test_unusable_evidence_alone_never_rules_out(told: list[dict[str, Any]], framework: bytes, defect: dict[str, Any]) -> None:
    assert _outcome(framework, [each | defect for each in told]) is not Outcome.RULED_OUT


@given(told=measurements(), framework=frameworks, days=st.integers(0, 400))
@settings(max_examples=40, deadline=None)
def test_time_alone_never_lowers_a_finding(told: list[dict[str, Any]], framework: bytes, days: int) -> None:
    now, later = _outcome(framework, told), _outcome(framework, told, as_of=AS_OF + timedelta(days=days))
    assert later.rank >= now.rank


@given(told=measurements(least=1), framework=frameworks)
@settings(max_examples=40, deadline=None)
def test_the_answer_stays_until_the_instant_it_names(told: list[dict[str, Any]], framework: bytes) -> None:
    answer: Any = reading.parse(decide(framework, _document(framework, told)))
    if answer["valid_until"] is not None:
        last = reading.moment(answer["valid_until"]) - timedelta(microseconds=1)
        unchanged: Any = reading.parse(decide(framework, _document(framework, told, as_of=last)))
        assert unchanged["thresholds"] == answer["thresholds"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda evidence: evidence | {"format": "asl-evidence/9"},
        lambda evidence: evidence | {"framework_digest": "sha256:" + "0" * 64},
        lambda evidence: {name: value for name, value in evidence.items() if name != "clocks"},
        lambda evidence: evidence | {"as_of": "2026-05-22T09:00:00"},
        lambda evidence: evidence | {"measurements": [make_measurement("a"), make_measurement("a")]},
        lambda evidence: evidence | {"measurements": [make_measurement(value="NaN")]},
        lambda evidence: evidence | {"measurements": [make_measurement(value="Infinity")]},
        lambda evidence: evidence | {"measurements": [make_measurement(n=-1)]},
        lambda evidence: evidence | {"measurements": [make_measurement() | {"n": True}]},
        lambda evidence: evidence | {"indicators": [evidence["indicators"][0] | {"digest": "sha256:" + "0" * 64}]},
        lambda evidence: evidence | {"lineage": [{"kind": "resembles", "parent": "p", "requirement": {}, "outcomes": {}}]},
    ],
)
def test_evidence_that_is_not_what_it_should_be_is_refused_not_guessed(spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    framework = FRAMEWORKS[0]
    decide(framework, canonical(make_evidence(framework, make_measurement(indicator="a"))))
    with pytest.raises(reading.NotReadable):
        decide(framework, canonical(spoil(make_evidence(framework, make_measurement(indicator="a")))))


def test_a_parents_tier_this_framework_does_not_know_is_required_and_undefined() -> None:
    """The parent was decided under an earlier version that knew it: the child must not slip below for that."""
    lineage = {"lineage": [{"kind": "inherits", "parent": "p", "requirement": {"security": "asl-9"}, "outcomes": {}}]}
    framework = FRAMEWORKS[0]
    said: Any = reading.parse(decide(framework, canonical(make_evidence(framework, make_measurement(indicator="a")) | lineage)))
    assert (said["required"]["security"]["tier"], said["required"]["security"]["defined"]) == ("asl-9", False)
