"""A finding says by name what decided it."""

from typing import Any

from frameworks import documents
from frameworks.finding_words import deciding_sentence, finding_sentence
from tests.reviews.conftest import FRAMEWORK

DOCUMENT = documents.read(FRAMEWORK)


def finding(kind: str, outcome: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": outcome, "sentence": "So it stands.", "tree": {"kind": kind, "outcome": outcome, "children": list(children)}}


def child(kind: str, outcome: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "outcome": outcome, "counts": True, "sentence": "A part.", "children": []} | more


VIA_BIO = child("threshold", "ruled_out", threshold="bio-3")
BY_JUDGEMENT = child("judgement", "not_assessed")


def test_one_of_several_ways_is_named() -> None:
    title = DOCUMENT.threshold("bio-3").title
    said = finding_sentence(finding("any_of", "ruled_out", VIA_BIO, BY_JUDGEMENT), DOCUMENT)
    assert said == f"So it stands. The way that rules out: {title}."
    both = finding_sentence(finding("any_of", "ruled_out", VIA_BIO, child("judgement", "ruled_out")), DOCUMENT)
    assert both == f"So it stands. The ways that rule out: {title}; the board’s recorded judgement."


def test_what_holds_a_finding_back_is_named_and_what_may_only_raise_is_not() -> None:
    raised = child("indicator", "cannot_rule_out", title="Protocols")
    silent = child("indicator", "cannot_rule_out", title="Never counted", counts=False)
    said = finding_sentence(finding("all_of", "cannot_rule_out", VIA_BIO, raised, silent), DOCUMENT)
    assert said == "So it stands. Not ruled out: Protocols."
    nested = child("all_of", "not_assessed", children=[BY_JUDGEMENT, child("indicator", "not_assessed", title="Exploits")])
    said = finding_sentence(finding("any_of", "not_assessed", nested), DOCUMENT)
    assert said.endswith("Not assessed: the board’s recorded judgement and Exploits.")


def test_all_parts_together_need_no_names() -> None:
    assert finding_sentence(finding("all_of", "ruled_out", VIA_BIO), DOCUMENT) == "So it stands."


def test_a_deciding_bound_stands_with_its_value_interval_and_n() -> None:
    measured = {"id": "1", "value": "0.05", "low": "0.00919999", "high": "0.15001", "n": 40, "point_only": False}
    leaf = {"indicator": "protocols", "title": "Protocols", "comparison": "the upper bound 0.1501 is not below 0.1", "deciding": "1"}
    raised = child("indicator", "cannot_rule_out", measurements=[measured], **leaf)
    said = deciding_sentence(finding("all_of", "cannot_rule_out", raised), DOCUMENT)
    assert said == "Protocols: the upper bound 0.1501 is not below 0.1 (value 0.05, interval 0.009199 to 0.1501, n = 40)."
    point = raised | {"measurements": [measured | {"point_only": True, "n": None}]}
    assert deciding_sentence(finding("all_of", "cannot_rule_out", point), DOCUMENT).endswith("no interval, n = unknown).")
