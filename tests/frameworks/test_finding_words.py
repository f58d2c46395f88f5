"""A finding says by name what decided it, counts apart what may only raise, and gives one reason for one verdict."""

from typing import Any

import pytest

from frameworks import documents
from frameworks.finding_tree import bearing, marked
from frameworks.finding_words import deciding_sentence, finding_sentence, group_sentence, held_against
from frameworks.leaf_words import leaf_words
from tests.frameworks.evidence_maker import rsp
from tests.reviews.conftest import FRAMEWORK

DOCUMENT = documents.read(FRAMEWORK)
POLICY = rsp()


def finding(kind: str, outcome: str, *children: dict[str, Any], slug: str = "") -> dict[str, Any]:
    tree = {"kind": kind, "outcome": outcome, "counts": True, "sentence": "So it stands.", "reasons": [], "children": list(children)}
    return {"outcome": outcome, "sentence": "So it stands.", "slug": slug, "tree": tree}


def child(kind: str, outcome: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "outcome": outcome, "counts": True, "sentence": "A part.", "reasons": [], "children": []} | more


def leaf(title: str, outcome: str = "cannot_rule_out", *measured: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {
        "indicator": title.lower(), "title": title, "direction": "higher", "line": {"at": "0.5", "inclusive": False}, "rule_in": None,
        "measurements": list(measured), "deciding": measured[0]["id"] if measured else None, "qualifying": [], "unit": "",
    }  # fmt: skip
    return child("indicator", outcome, **told | more)


def measurement(*reasons: tuple[str, str], **more: Any) -> dict[str, Any]:
    told = {
        "id": "1", "value": "0.775", "low": "0.640000001", "high": "0.87725", "n": 40, "point_only": False, "level": "0.95", "qualifies": True,
        "comparison": "the upper bound 0.8773 is not below 0.5", "reasons": [{"code": code, "sentence": said} for code, said in reasons],
    }  # fmt: skip
    return told | more


VALUE = ("value-past-line", "The value itself, 0.775, is not below 0.5.")
VIA_BIO = child("threshold", "ruled_out", threshold="bio-3")
BY_JUDGEMENT = child("judgement", "not_assessed")


def test_one_of_several_ways_is_named() -> None:
    title = DOCUMENT.threshold("bio-3").title
    said = finding_sentence(finding("any_of", "ruled_out", VIA_BIO, BY_JUDGEMENT), DOCUMENT)
    assert said == f"1 of 2 ways rules out, and one is enough. The way that rules out: {title}."
    both = finding_sentence(finding("any_of", "ruled_out", VIA_BIO, child("judgement", "ruled_out")), DOCUMENT)
    assert both == f"2 of 2 ways rule out, and one is enough. The ways that rule out: {title}; the board’s recorded judgement."


def test_what_holds_a_finding_back_is_named_and_what_may_only_raise_is_counted_apart() -> None:
    silent = [child("indicator", "not_assessed", title=f"Silent {place}", counts=False) for place in range(3)]
    raised = child("indicator", "cannot_rule_out", title="Protocols")
    said = finding_sentence(finding("all_of", "cannot_rule_out", VIA_BIO, VIA_BIO, raised, *silent), DOCUMENT)
    assert said == "2 of 3 parts that must rule out do. 3 other parts may only raise: none does. Not ruled out: Protocols."
    nested = child("all_of", "not_assessed", children=[BY_JUDGEMENT, child("indicator", "not_assessed", title="Exploits")])
    said = finding_sentence(finding("any_of", "not_assessed", nested), DOCUMENT)
    assert said.endswith("Not assessed: the board’s recorded judgement and Exploits.")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([VIA_BIO], "The one part that must rule out does."),
        ([VIA_BIO, VIA_BIO], "Both parts that must rule out do."),
        ([VIA_BIO] * 3, "All 3 parts that must rule out do."),
        ([BY_JUDGEMENT], "The one part that must rule out does not."),
        ([BY_JUDGEMENT] * 2, "None of the 2 parts that must rule out does."),
        ([VIA_BIO, child("indicator", "not_assessed", counts=False)], "The one part that must rule out does. 1 other part may only raise: it does not."),
        (
            [VIA_BIO, child("indicator", "ruled_in", only_raises=True), child("indicator", "not_assessed", counts=False)],
            "The one part that must rule out does. 2 other parts may only raise: 1 does.",
        ),
        (
            [VIA_BIO, child("indicator", "not_assessed", only_raises=True)],
            "The one part that must rule out does. 1 other part may only raise: it does not, and 1 holds it back until accounted for.",
        ),
    ],
)  # fmt: skip
def test_parts_that_must_rule_out_and_parts_that_may_only_raise_are_counted_apart(parts: list[dict[str, Any]], said: str) -> None:
    assert group_sentence(finding("all_of", "ruled_out", *parts)["tree"]) == said


def test_a_part_that_may_only_raise_is_known_by_the_rule_also_while_it_raises() -> None:
    parts = [leaf(name, outcome) for name, outcome in (("A", "ruled_out"), ("B", "ruled_out"), ("Trial", "cannot_rule_out"))]
    found = finding("all_of", "cannot_rule_out", *parts, slug="cbrn-4")
    assert [each["only_raises"] for each in marked(found, POLICY)["children"]] == [False, False, True]
    assert (
        finding_sentence(found, POLICY) == "Both parts that must rule out do. 1 other part may only raise: it does. Not ruled out: Trial."
    )
    assert leaf_words(marked(found, POLICY)["children"][2]).lines == "raises above or at 0.5"
    assert leaf_words(marked(found, POLICY)["children"][0]).lines == "rules out below 0.5"


def test_one_verdict_has_one_reason_the_bound_where_the_result_qualifies() -> None:
    qualifies = leaf("Protocols", "cannot_rule_out", measurement(VALUE))
    assert leaf_words(qualifies).because == "The upper bound 0.8773 is not below 0.5."
    weak = leaf("Protocols", "cannot_rule_out", measurement(VALUE, ("n-below-minimum", "Too few."), qualifies=False))
    assert leaf_words(weak).because == VALUE[1]
    assert leaf_words(weak).measurements[0].reasons == ["Too few."]
    assert leaf_words(qualifies).measurements[0].reasons == []


def test_the_numbers_of_a_verdict_are_written_by_the_one_rule() -> None:
    computed = measurement(
        ("value-past-line", "The value itself, 0.454545454545, is not below 0.4."), value="0.454545454545", qualifies=False
    )
    assert (
        leaf_words(leaf("A", "cannot_rule_out", computed, line={"at": "0.4", "inclusive": False})).because
        == "The value itself, 0.4545, is not below 0.4."
    )
    into = measurement(("ruled-in-by-bound", "Even the lower bound 0.6401 is above the rule-in line 0.6."), low="0.64003")
    said = leaf_words(leaf("A", "ruled_in", into, rule_in={"at": "0.6", "inclusive": False}))
    assert said.because == "Even the lower bound 0.64 is above the rule-in line 0.6."
    assert said.measured == "0.775, interval 0.64 to 0.8773, each end one-sided 95 %, n = 40."
    assert said.measurements[0].whole == "0.775, 0.64003 to 0.87725"


def test_a_deciding_bound_stands_with_its_value_interval_level_and_n() -> None:
    found = finding("all_of", "cannot_rule_out", leaf("Protocols", "cannot_rule_out", measurement(VALUE)))
    assert deciding_sentence(found, DOCUMENT) == (
        "Protocols: the upper bound 0.8773 is not below 0.5 (value 0.775, interval 0.64 to 0.8773, each end one-sided 95 %, n = 40)."
    )
    point = leaf(
        "Protocols", "cannot_rule_out", measurement(VALUE, point_only=True, n=None, low=None, high=None, level=None, qualifies=False)
    )
    assert deciding_sentence(finding("all_of", "cannot_rule_out", point), DOCUMENT) == (
        "Protocols: the value itself, 0.775, is not below 0.5 (value 0.775, no interval, n unknown)."
    )


def test_a_finding_rests_on_the_branch_that_rules_out_and_on_the_threshold_it_leans_on() -> None:
    checkpoint = finding("all_of", "ruled_out", leaf("SWE", "ruled_out"), leaf("METR", "ruled_out"), slug="autonomy-checkpoint")
    by_checkpoint = child("threshold", "ruled_out", threshold="autonomy-checkpoint")
    suite = child("all_of", "not_assessed", children=[leaf("Suite", "not_assessed"), leaf("Kernels", "not_assessed")])
    found = finding("any_of", "ruled_out", by_checkpoint, suite, slug="aird-4")
    rests = bearing(found, {"autonomy-checkpoint": checkpoint, "aird-4": found}, POLICY)
    assert [each["title"] for each in rests.leaves] == ["SWE", "METR"]
    assert (list(rests.through), [each["title"] for each in rests.others]) == (["autonomy-checkpoint"], ["Suite", "Kernels"])


def test_where_no_branch_rules_out_every_branch_bears_the_finding() -> None:
    checkpoint = finding("all_of", "cannot_rule_out", leaf("SWE"), slug="autonomy-checkpoint")
    found = finding(
        "any_of", "cannot_rule_out", child("threshold", "cannot_rule_out", threshold="autonomy-checkpoint"), leaf("Suite", "not_assessed"), slug="aird-4"
    )  # fmt: skip
    rests = bearing(found, {"autonomy-checkpoint": checkpoint}, POLICY)
    assert ([each["title"] for each in rests.leaves], list(rests.others)) == (["SWE", "Suite"], [])


def test_what_is_held_against_results_is_said_once_with_the_indicators_it_is_held_against() -> None:
    declared = ("snapshot-declared", "Nobody but the uploader has confirmed that this measured the snapshot x.")
    found = finding(
        "all_of", "cannot_rule_out", *(leaf(name, "cannot_rule_out", measurement(VALUE, declared, qualifies=False)) for name in "AB")
    )
    assert held_against(found) == [f"A; B: {declared[1]}"]


def test_a_gap_is_said_by_its_own_words_and_not_of_what_may_only_raise() -> None:
    none = [{"code": "no-measurement", "sentence": "There is no result for Trial."}]
    weighed, silent = (leaf("Trial", "not_assessed", reasons=none, counts=counts) for counts in (True, False))
    assert held_against(finding("all_of", "not_assessed", weighed)) == ["There is no result for Trial."]
    assert held_against(finding("all_of", "not_assessed", silent)) == []
