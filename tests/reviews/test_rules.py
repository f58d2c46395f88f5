"""What follows from findings and decisions, without a database."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frameworks.documents import read
from reviews.rules import OPPOSITE, Standing, gaps, higher_of, is_strict, judgements_in, required_tiers, verdict_refused, worsenings
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


# Two versions of a framework, any two: the second has fewer, lower, renamed or reordered tiers, other baselines, thresholds gone or of another kind.

REQUIRES = st.dictionaries(st.sampled_from(["deployment", "security"]), st.sampled_from(["asl-2", "asl-3", "asl-4"]), min_size=1)


@st.composite
def versions(draw: st.DrawFn) -> Any:
    def tiers(axis: str) -> list[Any]:
        slugs = draw(st.permutations(draw(st.sampled_from([["asl-2", "asl-3", "asl-4"], ["asl-1", "asl-2", "asl-3"], ["sl-1", "sl-2"]]))))
        template = DOCUMENT.tier("security", "asl-2")
        return [replace(template, slug=slug, axis=axis, ordinal=ordinal) for ordinal, slug in enumerate(slugs, 1)]

    axes = draw(st.sampled_from([DOCUMENT.axes, DOCUMENT.axes[1:]]))
    laddered = {axis.slug: tiers(axis.slug) for axis in axes}
    thresholds = tuple(
        replace(
            threshold,
            kind=draw(st.sampled_from(["threshold", "checkpoint", "watch-list"])),
            requires={axis: draw(st.sampled_from(several)).slug for axis, several in laddered.items()},
        )
        for threshold in draw(st.sampled_from([DOCUMENT.thresholds, DOCUMENT.thresholds[:1], ()]))
    )
    baseline = {axis: draw(st.sampled_from(several)).slug for axis, several in laddered.items()}
    return replace(
        DOCUMENT,
        axes=axes,
        tiers=tuple(tier for several in laddered.values() for tier in several),
        thresholds=thresholds,
        baseline=baseline,
    )


@given(
    versions(), versions(), FINDINGS, STANDINGS, st.lists(st.tuples(st.just("bio-3"), REQUIRES), max_size=2), st.lists(REQUIRES, max_size=2)
)
def test_adopting_another_version_with_the_same_rows_never_lowers_an_axis(
    first: Any, second: Any, findings: dict, standings: dict, raised: list, inherited: list
) -> None:
    """Rule 4: what one version required the next one requires too, on every axis; a tier it does not know stands above all it knows."""
    gating = {each.slug: each.requires for each in first.thresholds if each.kind == "threshold"}
    rows = {
        "findings": {slug: outcome for slug, outcome in findings.items() if slug in {each.slug for each in first.thresholds}},
        # What was decided strictly carries what it required when it was decided.
        "standings": {
            slug: replace(each, requires=gating.get(slug, {})) if is_strict(each.verdict) else each for slug, each in standings.items()
        },
        "raised": raised,
        "inherited": inherited,
        "found_under": gating,
    }
    before = required_tiers(first, **rows)
    after = required_tiers(second, **rows, held=[first.baseline])
    for axis, stood in before.items():
        wanted = second.asked_tier(axis, stood.tier.slug)
        assert after[axis].tier.ordinal >= wanted.ordinal, axis
        assert wanted.known or not after[axis].tier.defined


def test_a_strict_determination_counts_whatever_became_of_its_threshold() -> None:
    held = {"bio-3": Standing("crossed", requires={"deployment": "asl-3", "security": "asl-3"})}
    without = replace(DOCUMENT, thresholds=DOCUMENT.thresholds[1:])
    only_told = replace(DOCUMENT, thresholds=tuple(replace(each, kind="alert") for each in DOCUMENT.thresholds))
    for document in (without, only_told):
        assert {axis: each.tier.slug for axis, each in required_tiers(document, findings=CLEAN, standings=held).items()} == {
            "deployment": "asl-3",
            "security": "asl-3",
        }
    assert required_tiers(without, findings=CLEAN, standings={"bio-3": Standing("not_crossed")})["security"].tier.slug == "asl-2"


def test_of_two_requirements_the_higher_counts_on_each_axis_and_an_unknown_tier_most() -> None:
    one, other = {"deployment": "asl-3", "security": "asl-2"}, {"security": "asl-4"}
    assert higher_of(DOCUMENT, one, other) == {"deployment": "asl-3", "security": "asl-4"}
    assert higher_of(DOCUMENT, {"security": "sl-1"}, other) == {"security": "sl-1"}


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
    return {"thresholds": [{"slug": slug, "kind": "threshold", "outcome": each["outcome"], "tree": each} for slug, each in trees.items()]}


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


@pytest.mark.parametrize("kind", ["any_of", "k_of_n"])
def test_a_settled_way_does_not_need_its_siblings_and_an_unsettled_one_needs_all(kind: str) -> None:
    """docs/decisions/0007: what settles a finding is leaned on, what stands beside it is not; it is watched all the same."""
    missing = leaf("b", "not_assessed", **NO_EVIDENCE)
    settled, open_ = node(kind, "ruled_out", leaf("a"), missing), node(kind, "not_assessed", leaf("a"), missing)
    assert gaps(assessed(settled), "bio-3") == () and refused("not_crossed", settled) == ""
    assert gaps(assessed(open_), "bio-3") == ("b",) and refused("not_crossed", open_) == "finding_incomplete"
    assert gaps(assessed(node("all_of", "not_assessed", settled, missing)), "bio-3") == ("b",)
    referring = node("threshold", "ruled_out", threshold="checkpoint")
    assert gaps(assessed(referring, checkpoint=settled), "bio-3") == ()
    # A decision taken on it lapses by the sibling too: lapsing is the strict side.
    assert worsenings(assessed(settled), assessed(node(kind, "cannot_rule_out", leaf("a"), leaf("b", "ruled_in"))), "bio-3")


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


def test_what_an_earlier_version_required_is_let_go_on_whole_evidence_only() -> None:
    def refused(tree: dict[str, Any], *, retired: bool = True, kind: str = "lowering") -> str:
        found = verdict_refused("not_crossed", assessed=assessed(tree), threshold="gone", case_kind=kind, held_strict=True, retired=retired)
        return found.code if found else ""

    assert refused(leaf("a")) == ""
    assert refused(leaf("a"), retired=False) == "no_assessment"
    assert refused(leaf("a"), kind="clearance") == "needs_lowering_case"
    assert refused(leaf("a", "not_assessed", **NO_EVIDENCE)) == refused(leaf("a", stale=True)) == "finding_incomplete"


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
