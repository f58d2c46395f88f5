"""Where a later assessment is worse than an earlier one, leaf by leaf."""

from datetime import timedelta
from typing import Any

from frameworks.engine.compare import worse_leaves
from tests.frameworks.evidence_maker import AS_OF, assess, make_framework, make_indicator, make_measurement, make_threshold


def _changes(before: dict[str, Any], after: dict[str, Any], threshold: str = "risk") -> list[tuple[str, str]]:
    return [(change.leaf, change.change) for change in worse_leaves(before, after, threshold)]


def test_nothing_worse_is_nothing() -> None:
    before = assess(make_framework(), make_measurement(value="0.025"))
    assert _changes(before, before) == []
    assert _changes(before, assess(make_framework(), make_measurement(value="0"))) == []
    assert _changes(before, assess(make_framework(), make_measurement(value="0.025"), make_measurement("m2"))) == []


def test_a_bound_that_moves_towards_concern_is_worse_within_the_same_outcome() -> None:
    before, after = (assess(make_framework(), make_measurement(value=value)) for value in ("0.5", "0.6"))
    assert _changes(before, after) == [("hard", "bound-worse")]
    assert [each.before < each.after for each in worse_leaves(before, after, "risk")] == [True]


def test_an_outcome_that_rises_evidence_that_is_lost_and_evidence_that_ages_are_worse() -> None:
    before = assess(make_framework(), make_measurement())
    assert ("hard", "outcome-worse") in _changes(before, assess(make_framework(), make_measurement(value="0.5")))
    assert _changes(before, assess(make_framework())) == [("hard", "lost-evidence"), ("hard", "outcome-worse")]
    aged = assess(make_framework(), make_measurement(), as_of=AS_OF + timedelta(days=200))
    assert ("hard", "went-stale") in _changes(before, aged)


def test_a_result_that_left_by_a_sound_supersession_is_not_lost() -> None:
    before = assess(make_framework(), make_measurement())
    superseded = make_measurement(superseded={"by": "m2", "reason": "a corrected rubric"})
    assert _changes(before, assess(make_framework(), superseded, make_measurement("m2"))) == []
    assert ("hard", "lost-evidence") in _changes(
        before, assess(make_framework(), superseded | {"superseded": {"by": None, "reason": "gone"}})
    )


def test_leaves_are_followed_through_references_and_judgements() -> None:
    thresholds = [
        make_threshold("risk", {"any_of": [{"threshold": "checkpoint"}, {"judgement": "survey"}]}),
        make_threshold("checkpoint", {"indicator": "hard"}, kind="checkpoint", requires={}),
    ]
    framework = make_framework(None, make_indicator(), thresholds=thresholds)
    before, after = assess(framework, make_measurement()), assess(framework, make_measurement(value="0.5"))
    assert ("hard", "outcome-worse") in _changes(before, after)


def test_a_finding_that_rises_over_the_same_leaves_is_worse_by_itself() -> None:
    """Its rule asks more than it did: nothing else says that what people decided answers it no more."""
    indicators = [make_indicator("clean"), make_indicator("doubtful")]
    told = [make_measurement("m1", "clean"), make_measurement("m2", "doubtful", value="0.5")]
    leaves = [{"indicator": "clean"}, {"indicator": "doubtful"}]
    before, after = (assess(make_framework({rule: leaves}, *indicators), *told) for rule in ("any_of", "all_of"))
    assert [before["thresholds"][0]["outcome"], after["thresholds"][0]["outcome"]] == ["ruled_out", "cannot_rule_out"]
    assert _changes(before, after) == [("risk", "outcome-worse")]
    assert _changes(after, before) == []


def test_what_comes_from_a_parent_is_compared_like_a_leaf() -> None:
    framework = make_framework({"all_of": [{"indicator": "hard"}, {"inherits": "parents"}]}, make_indicator())
    before, after = (
        assess(
            framework,
            make_measurement(),
            lineage=[{"kind": "inherits", "parent": "p", "requirement": requirement, "outcomes": {"risk": found}}],
        )
        for found, requirement in (("ruled_out", {}), ("cannot_rule_out", {"deployment": "asl-3"}))
    )
    assert ("inherits", "outcome-worse") in _changes(before, after)


def test_a_threshold_that_is_no_longer_there_is_gone() -> None:
    before = assess(make_framework(), make_measurement())
    renamed = assess(make_framework(thresholds=[make_threshold("other", {"indicator": "hard"})]), make_measurement())
    assert _changes(before, renamed) == [("risk", "gone")]
