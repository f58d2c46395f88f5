"""Each kind of rule as a table of what its parts say and what it answers."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from frameworks.engine.rules import any_of, k_of_n
from frameworks.engine.types import Outcome, worst
from tests.frameworks.evidence_maker import AS_OF, assess, make_framework, make_indicator, make_measurement, make_threshold, outcome

RO, NA, CRO, RI = Outcome.RULED_OUT, Outcome.NOT_ASSESSED, Outcome.CANNOT_RULE_OUT, Outcome.RULED_IN


def test_outcomes_are_ordered_and_nothing_is_worth_not_assessed() -> None:
    assert sorted([RI, NA, RO, CRO], key=lambda each: each.rank) == [RO, NA, CRO, RI]
    assert worst([]) is NA and [each for each in Outcome if each.raises] == [CRO, RI]


@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        ([RO, RO], RO),
        ([RO, NA], RO),
        ([RO, CRO], RO),
        ([RO, RI], RI),
        ([RO, CRO, RI], RI),
        ([NA, NA], NA),
        ([NA, CRO], CRO),
        ([NA, RI], RI),
        ([CRO, CRO], CRO),
        ([], NA),
    ],
)
def test_any_of(parts: list[Outcome], answer: Outcome) -> None:
    assert any_of(parts) is answer


@pytest.mark.parametrize(
    ("parts", "k", "answer"),
    [
        ([RO, RO, RO, RO], 3, RO),
        ([CRO, CRO, RO, RO], 3, RO),
        ([CRO, CRO, NA, RO], 3, NA),  # the one not run could make three
        ([CRO, CRO, CRO, NA], 3, CRO),  # it stops early: the rest cannot change the vote
        ([CRO, RI, CRO, RO], 3, CRO),
        ([NA, NA, RO, RO], 3, RO),
        ([NA, NA, NA, NA], 3, NA),
        ([CRO, CRO], 2, CRO),  # a canary: all of them
        ([CRO, RO], 2, RO),
        ([CRO, NA], 2, NA),
    ],
)
def test_k_of_n(parts: list[Outcome], k: int, answer: Outcome) -> None:
    assert k_of_n(parts, k) is answer


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_vote_never_answers_more_calmly_when_a_line_moves_towards_concern_or_becomes_known(k: int) -> None:
    for parts in product(Outcome, repeat=3):
        for index, worse in product(range(3), Outcome):
            if worse.rank >= parts[index].rank:
                moved = [*parts[:index], worse, *parts[index + 1 :]]
                assert k_of_n(moved, k).rank >= k_of_n(list(parts), k).rank
                assert worst(moved).rank >= worst(list(parts)).rank


# --- Through documents ------------------------------------------------------------------------------------------------------------------------

A, B, C = (make_indicator(slug) for slug in "abc")
GOOD = {"value": "0"}
BAD = {"value": "0.5"}


def _answer(rule: dict[str, Any], told: dict[str, dict[str, Any]], **changes: Any) -> str:
    """`told` maps an indicator to its measurement; what it leaves out was never measured."""
    return outcome(
        *(make_measurement(slug, indicator=slug, **what) for slug, what in told.items()), rule=rule, indicators=(A, B, C), **changes
    )


ALL = {"all_of": [{"indicator": "a"}, {"indicator": "b"}]}
ANY = {"any_of": [{"indicator": "a"}, {"indicator": "b"}]}
VOTE = {"k_of_n": {"k": "2", "of": [{"indicator": slug} for slug in "abc"]}}
CANARY = {"canary": [{"indicator": "a"}, {"indicator": "b"}]}
RAISES = {"all_of": [{"indicator": "a"}, {"indicator": "b", "only_raises": "true"}]}


@pytest.mark.parametrize(
    ("rule", "told", "answer"),
    [
        (ALL, {"a": GOOD, "b": GOOD}, "ruled_out"),
        (ALL, {"a": GOOD}, "not_assessed"),
        (ALL, {"a": GOOD, "b": BAD}, "cannot_rule_out"),
        (ALL, {"b": BAD}, "cannot_rule_out"),
        (ANY, {"a": GOOD}, "ruled_out"),
        (ANY, {"a": GOOD, "b": BAD}, "ruled_out"),
        (ANY, {"a": BAD}, "cannot_rule_out"),
        (ANY, {}, "not_assessed"),
        (VOTE, {"a": GOOD, "b": GOOD}, "ruled_out"),
        (VOTE, {"a": GOOD, "b": BAD}, "not_assessed"),
        (VOTE, {"a": BAD, "b": BAD}, "cannot_rule_out"),
        (VOTE, {"a": GOOD, "b": BAD, "c": GOOD}, "ruled_out"),
        (CANARY, {"a": BAD, "b": BAD}, "cannot_rule_out"),
        (CANARY, {"a": BAD, "b": GOOD}, "ruled_out"),
        (CANARY, {"a": BAD}, "not_assessed"),
        (RAISES, {"a": GOOD}, "ruled_out"),
        (RAISES, {"a": GOOD, "b": GOOD}, "ruled_out"),
        (RAISES, {"a": GOOD, "b": BAD}, "cannot_rule_out"),
        (RAISES, {"b": GOOD}, "not_assessed"),
        (RAISES, {"a": GOOD, "b": {"value": "0", "n": 3}}, "cannot_rule_out"),
    ],
)
def test_rules_over_indicators(rule: dict[str, Any], told: dict[str, dict[str, Any]], answer: str) -> None:
    assert _answer(rule, told) == answer


def test_what_may_only_raise_never_rules_out_wherever_it_stands() -> None:
    """Documents refuse such rules; the engine does not rely on it."""
    good = dict.fromkeys("abc", GOOD)
    for rule in (
        {"indicator": "a", "only_raises": "true"},
        {"all_of": [{"indicator": "a", "only_raises": "true"}]},
        {"any_of": [{"indicator": "a", "only_raises": "true"}, {"inherits": "parents"}]},
        {"k_of_n": {"k": "1", "of": [{"indicator": "a", "only_raises": "true"}, {"indicator": "b"}]}},
        {"inherits": "parents"},
    ):
        assert _answer(rule, good) == "not_assessed"


def _referring(**told: dict[str, Any]) -> list[str]:
    """A threshold that is ruled out by a checkpoint, or by an indicator of its own."""
    thresholds = [
        make_threshold("grave", {"any_of": [{"threshold": "checkpoint"}, {"indicator": "b"}]}),
        make_threshold("checkpoint", {"indicator": "a"}, kind="checkpoint", requires={}),
    ]
    answer = assess(
        make_framework(None, A, B, thresholds=thresholds), *(make_measurement(slug, indicator=slug, **what) for slug, what in told.items())
    )
    return [each["outcome"] for each in answer["thresholds"]]


def test_a_threshold_may_lean_on_another() -> None:
    assert _referring(a=GOOD) == ["ruled_out", "ruled_out"]
    assert _referring(a=BAD) == ["cannot_rule_out", "cannot_rule_out"]
    assert _referring(a=BAD, b=GOOD) == ["ruled_out", "cannot_rule_out"]
    assert _referring() == ["not_assessed", "not_assessed"]


def test_a_finding_that_leans_on_another_carries_its_digest() -> None:
    thresholds = [
        make_threshold("grave", {"threshold": "checkpoint"}),
        make_threshold("checkpoint", {"indicator": "a"}, kind="checkpoint", requires={}),
    ]
    answer = assess(make_framework(None, A, thresholds=thresholds), make_measurement(indicator="a"))
    grave, checkpoint = answer["thresholds"]
    assert grave["tree"]["finding_digest"] == checkpoint["finding_digest"] != grave["finding_digest"]
    assert grave["valid_until"] == checkpoint["valid_until"] is not None


def _judged(*recorded: dict[str, Any]) -> str:
    return outcome(rule={"judgement": "survey"}, judgements=list(recorded))


def _judgement(said: str, *, seq: int = 40, expires: int | None = 10, slug: str = "survey") -> dict[str, Any]:
    until = None if expires is None else AS_OF + timedelta(days=expires)
    return {
        "slug": slug,
        "outcome": said,
        "seq": seq,
        "decided_at": AS_OF - timedelta(days=30),
        "expires_at": until,
        "record": f"record-{seq}",
    }


@pytest.mark.parametrize(
    ("recorded", "answer"),
    [
        ([], "not_assessed"),
        ([_judgement("ruled_out")], "ruled_out"),
        ([_judgement("ruled_out", expires=None)], "ruled_out"),
        ([_judgement("ruled_out", expires=0)], "not_assessed"),
        ([_judgement("cannot_rule_out", expires=0)], "cannot_rule_out"),  # concerning stays concerning
        ([_judgement("ruled_in")], "ruled_in"),
        ([_judgement("ruled_out", slug="another")], "not_assessed"),
        ([_judgement("cannot_rule_out", seq=40), _judgement("ruled_out", seq=41)], "ruled_out"),
        ([_judgement("ruled_out", seq=40), _judgement("cannot_rule_out", seq=41)], "cannot_rule_out"),
        ([_judgement("ruled_out", seq=40), _judgement("cannot_rule_out", seq=40)], "cannot_rule_out"),
    ],
)
def test_a_judgement_is_what_people_recorded_last_while_it_lasts(recorded: list[dict[str, Any]], answer: str) -> None:
    assert _judged(*recorded) == answer


def test_the_end_of_a_judgement_is_where_the_answer_changes() -> None:
    answer = assess(make_framework({"judgement": "survey"}), judgements=[_judgement("ruled_out", expires=10)])
    assert answer["valid_until"] == (AS_OF + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parent(kind: str = "inherits", found: str = "cannot_rule_out", tier: str = "asl-2") -> dict[str, Any]:
    return {"kind": kind, "parent": "parent-1", "requirement": {"deployment": tier, "security": tier}, "outcomes": {"risk": found}}


@pytest.mark.parametrize("kind", ["inherits", "equivalent_to"])
@pytest.mark.parametrize(
    ("found", "answer"),
    [("ruled_out", "ruled_out"), ("not_assessed", "ruled_out"), ("cannot_rule_out", "cannot_rule_out"), ("ruled_in", "ruled_in")],
)
def test_a_parent_may_raise_a_child_and_never_rules_out_for_it(kind: str, found: str, answer: str) -> None:
    rule = {"all_of": [{"indicator": "hard"}, {kind: "parents"}]}
    assert outcome(make_measurement(), rule=rule, lineage=[_parent(kind, found)]) == answer
    assert outcome(rule=rule, lineage=[_parent(kind, "ruled_out")]) == "not_assessed"


def test_a_child_requires_the_higher_of_its_own_and_its_parents_requirement() -> None:
    answer = assess(make_framework(), make_measurement(), lineage=[_parent(found="cannot_rule_out", tier="asl-3")])
    required = answer["required"]["security"]
    assert answer["thresholds"][0]["outcome"] == "ruled_out" and required["tier"] == "asl-3" and required["because"][0]["kind"] == "lineage"
    raised = assess(make_framework(), make_measurement(value="0.5"), lineage=[_parent(tier="asl-2")])
    assert [each["tier"] for each in raised["required"].values()] == ["asl-3", "asl-3"]


def test_each_axis_is_required_apart_and_an_undefined_tier_says_so() -> None:
    thresholds = [
        make_threshold("research", {"indicator": "a"}, requires={"security": "asl-3"}, artefacts=[{"slug": "case", "title": "A case"}]),
        make_threshold("graver", {"indicator": "b"}, requires={"security": "asl-4"}),
    ]
    framework = make_framework(None, A, B, thresholds=thresholds)
    one = assess(framework, make_measurement("x", indicator="a", **BAD))
    assert (one["required"]["deployment"]["tier"], one["required"]["security"]["tier"]) == ("asl-2", "asl-3")
    assert one["artefacts"] == [{"threshold": "research", "artefact": "case"}] and one["complete"] is False
    both = assess(framework, make_measurement("x", indicator="a", **BAD), make_measurement("y", indicator="b", **BAD))["required"][
        "security"
    ]
    assert (
        both["tier"] == "asl-4" and both["defined"] is False and [each["threshold"] for each in both["because"]] == ["research", "graver"]
    )


def test_only_thresholds_shut_the_gate() -> None:
    watched = [
        make_threshold("risk", {"indicator": "hard"}),
        make_threshold("watched", {"judgement": "experts"}, kind="watch-list", requires={}),
    ]
    assert assess(make_framework(thresholds=watched), make_measurement())["complete"] is True
