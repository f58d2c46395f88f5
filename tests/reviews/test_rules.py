"""What follows from findings and decisions, without a database."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frameworks.documents import read
from reviews.rules import OPPOSITE, Standing, gaps, is_strict, judgements_in, required_tiers, verdict_refused, worsenings
from tests.reviews.conftest import FRAMEWORK

DOCUMENT = read(FRAMEWORK)
OUTCOMES = ["ruled_out", "not_assessed", "cannot_rule_out", "ruled_in"]
CLEAN = {"bio-3": "ruled_out", "bio-4": "ruled_out"}


def required(findings: dict[str, str] | None = None, standings: dict[str, Standing] | None = None, **more: Any) -> dict[str, str]:
    found = required_tiers(DOCUMENT, findings=CLEAN | (findings or {}), standings=standings or {}, **more)
    return {axis: each.tier.slug for axis, each in found.items()}


def test_the_baseline_holds_for_every_model() -> None:
    assert required() == {"deployment": "asl-2", "security": "asl-2"}


@pytest.mark.parametrize("outcome", ["cannot_rule_out", "ruled_in"])
def test_a_finding_that_rises_requires_its_tier_and_not_assessed_requires_none(outcome: str) -> None:
    assert required({"bio-3": outcome}) == {"deployment": "asl-3", "security": "asl-3"}
    assert required({"bio-3": "not_assessed"}) == {"deployment": "asl-2", "security": "asl-2"}


def test_only_a_not_crossed_in_force_answers_a_finding() -> None:
    assert required({"bio-3": "cannot_rule_out"}, {"bio-3": Standing("not_crossed")})["deployment"] == "asl-2"
    assert required({"bio-3": "cannot_rule_out"}, {"bio-3": Standing("covered_by")})["deployment"] == "asl-3"
    assert required({"bio-3": "cannot_rule_out"}, {"bio-4": Standing("not_crossed")})["deployment"] == "asl-3"


@pytest.mark.parametrize("verdict", ["treated_as_crossed", "crossed"])
def test_a_strict_determination_holds_whatever_the_finding_says(verdict: str) -> None:
    assert required({"bio-3": "ruled_out"}, {"bio-3": Standing(verdict)})["security"] == "asl-3"


def test_what_an_open_question_holds_up_and_what_a_parent_requires_count_too() -> None:
    assert required(raised=[("bio-3", {"security": "asl-3"})]) == {"deployment": "asl-2", "security": "asl-3"}
    assert required(inherited=[{"deployment": "asl-3"}]) == {"deployment": "asl-3", "security": "asl-2"}
    assert required(standings={"bio-3": Standing("covered_by", covers={"security": "asl-3"})})["security"] == "asl-3"


def test_a_requirement_is_provisional_until_people_decided_it() -> None:
    risen = required_tiers(DOCUMENT, findings=CLEAN | {"bio-3": "cannot_rule_out"}, standings={})
    decided = required_tiers(DOCUMENT, findings=CLEAN | {"bio-3": "cannot_rule_out"}, standings={"bio-3": Standing("treated_as_crossed")})
    assert risen["security"].provisional and not decided["security"].provisional


FINDINGS = st.fixed_dictionaries({slug: st.sampled_from(OUTCOMES) for slug in CLEAN})
STANDINGS = st.dictionaries(
    st.sampled_from(sorted(CLEAN)), st.sampled_from(["not_crossed", "treated_as_crossed", "crossed", "covered_by"]).map(Standing)
)
RAISED = st.lists(st.sampled_from([("bio-3", {"security": "asl-3"}), ("bio-4", {"deployment": "asl-4"})]), max_size=2)


def ordinals(found: dict[str, str]) -> list[int]:
    return [DOCUMENT.tier(axis, tier).ordinal for axis, tier in sorted(found.items())]


def no_lower(after: dict[str, str], before: dict[str, str]) -> bool:
    return all(one >= other for one, other in zip(ordinals(after), ordinals(before), strict=True))


@given(FINDINGS, STANDINGS, RAISED, st.sampled_from(sorted(CLEAN)))
def test_a_worse_finding_never_lowers_a_requirement(findings: dict, standings: dict, raised: list, slug: str) -> None:
    rank = OUTCOMES.index(findings[slug])
    for worse in OUTCOMES[rank:]:
        after = required(findings | {slug: worse}, standings, raised=raised)
        assert no_lower(after, required(findings, standings, raised=raised))


@given(FINDINGS, STANDINGS, RAISED, st.sampled_from(sorted(CLEAN)), st.sampled_from(["treated_as_crossed", "crossed"]))
def test_a_strict_determination_never_lowers_a_requirement(findings: dict, standings: dict, raised: list, slug: str, verdict: str) -> None:
    after = required(findings, standings | {slug: Standing(verdict)}, raised=raised)
    assert no_lower(after, required(findings, standings, raised=raised))


@given(FINDINGS, STANDINGS, RAISED, st.sampled_from(sorted(CLEAN)))
def test_losing_a_determination_that_let_go_never_lowers_a_requirement(findings: dict, standings: dict, raised: list, slug: str) -> None:
    before = required(findings, standings | {slug: Standing("not_crossed")}, raised=raised)
    without = {other: standing for other, standing in standings.items() if other != slug}
    assert no_lower(required(findings, without, raised=raised), before)


# findings as assessment documents


def leaf(name: str, outcome: str = "ruled_out", **more: Any) -> dict[str, Any]:
    return {
        "kind": "indicator",
        "indicator": name,
        "outcome": outcome,
        "counts": True,
        "children": [],
        "missing": False,
        "stale": False,
        "qualifying": ["m1"],
        "bound": "0.2",
        "direction": "higher",
    } | more


def node(kind: str, outcome: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": kind, "outcome": outcome, "counts": True, "children": list(children)} | more


def assessed(tree: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    trees = {"bio-3": tree, **others}
    return {"thresholds": [{"slug": slug, "outcome": each["outcome"], "tree": each} for slug, each in trees.items()]}


NO_EVIDENCE = {"missing": True, "qualifying": [], "bound": None}


@pytest.mark.parametrize(
    ("tree", "lacking"),
    [
        (leaf("a"), ()),
        (leaf("a", "cannot_rule_out"), ()),
        (leaf("a", "cannot_rule_out", missing=True), ("a",)),
        (leaf("a", "cannot_rule_out", stale=True), ("a",)),
        (leaf("a", "not_assessed", **NO_EVIDENCE), ("a",)),
        (node("all_of", "cannot_rule_out", leaf("a", "cannot_rule_out"), leaf("b", "not_assessed", **NO_EVIDENCE)), ("b",)),
        (node("any_of", "ruled_out", leaf("a"), leaf("b", "not_assessed", **NO_EVIDENCE)), ()),
        (node("any_of", "cannot_rule_out", leaf("a", "cannot_rule_out"), leaf("b", "not_assessed", **NO_EVIDENCE)), ("b",)),
        (node("all_of", "ruled_out", leaf("a"), leaf("b", "not_assessed", counts=False, **NO_EVIDENCE)), ()),
        (node("all_of", "not_assessed", leaf("a"), node("judgement", "not_assessed", judgement="people-say")), ()),
    ],
)
def test_a_finding_lacks_what_it_leans_on_and_nothing_else(tree: dict[str, Any], lacking: tuple[str, ...]) -> None:
    assert gaps(assessed(tree), "bio-3") == lacking


def test_a_reference_lacks_what_the_finding_it_refers_to_lacks() -> None:
    reference = node("threshold", "cannot_rule_out", threshold="checkpoint")
    assert gaps(assessed(reference, checkpoint=leaf("c", "cannot_rule_out", missing=True)), "bio-3") == ("c",)
    assert gaps(assessed(reference), "bio-3") == ("checkpoint",)
    assert gaps({}, "bio-3") == ("bio-3",)


def refused(verdict: str, tree: dict[str, Any] | None = None, *, kind: str = "elevation", held: bool = False, covered: bool = False) -> str:
    found = verdict_refused(
        verdict, assessed=assessed(tree) if tree else {}, threshold="bio-3", case_kind=kind, held_strict=held, covered=covered
    )
    return found.code if found else ""


def test_not_crossed_waits_for_evidence_without_gaps() -> None:
    assert refused("not_crossed", leaf("a", "cannot_rule_out")) == ""
    assert refused("not_crossed", leaf("a", "cannot_rule_out", stale=True)) == "finding_incomplete"
    assert refused("not_crossed", leaf("a", "not_assessed", **NO_EVIDENCE)) == "finding_incomplete"
    assert refused("not_crossed") == "no_assessment"


def test_a_strict_verdict_can_always_be_taken() -> None:
    for tree in (None, leaf("a"), leaf("a", "not_assessed", **NO_EVIDENCE)):
        assert refused("treated_as_crossed", tree) == refused("crossed", tree) == ""


def test_what_people_held_up_only_a_lowering_case_takes_back() -> None:
    assert refused("not_crossed", leaf("a"), held=True) == "needs_lowering_case"
    assert refused("not_crossed", leaf("a"), held=True, kind="lowering") == ""


def test_another_model_does_not_speak_for_one_whose_own_results_are_past_a_line() -> None:
    missing = leaf("a", "not_assessed", **NO_EVIDENCE)
    assert refused("covered_by", missing, covered=True) == ""
    assert refused("covered_by", missing) == "no_covering_snapshot"
    assert refused("covered_by", leaf("a", "cannot_rule_out"), covered=True) == "own_result_past_line"


def test_a_word_that_is_no_verdict_is_put_on_no_side() -> None:
    assert refused("fine", leaf("a")) == "not_a_threshold_verdict"
    with pytest.raises(KeyError):
        is_strict("fine")


def test_every_verdict_has_an_opposite_on_the_other_side() -> None:
    assert all(is_strict(verdict) is not is_strict(other) for verdict, other in OPPOSITE.items())


@pytest.mark.parametrize(
    "after",
    [
        leaf("a", "cannot_rule_out"),
        leaf("a", bound="0.3"),
        leaf("a", stale=True),
        leaf("a", missing=True),
        leaf("a", qualifying=["m2"]),
        leaf("b"),
        leaf("a", bound="unbounded"),
    ],
)
def test_a_leaf_that_moves_towards_concern_goes_stale_or_loses_evidence_is_worse(after: dict[str, Any]) -> None:
    assert worsenings(assessed(leaf("a")), assessed(after), "bio-3")


@pytest.mark.parametrize("after", [leaf("a"), leaf("a", bound="0.1"), leaf("a", qualifying=["m1", "m2"])])
def test_a_leaf_that_is_nowhere_worse_is_not(after: dict[str, Any]) -> None:
    assert not worsenings(assessed(leaf("a")), assessed(after), "bio-3")


def test_the_judgements_a_tree_reads_are_found_wherever_they_stand() -> None:
    tree = node("any_of", "not_assessed", node("all_of", "not_assessed", node("judgement", "not_assessed", judgement="one")), leaf("a"))
    assert judgements_in(tree) == ("one",)
