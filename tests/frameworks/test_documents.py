"""Framework documents: what is read, what is refused, and where it says the fault lies."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from frameworks.documents import MAX_BYTES, DocumentRejected, parse, read
from tests.frameworks.evidence_maker import CATALOG, make_framework, make_indicator, make_threshold

Change = Callable[[dict[str, Any]], object]


def _yaml(document: dict[str, Any]) -> bytes:
    return yaml.safe_dump(document, sort_keys=False).encode()


def _problems(source: bytes) -> list[tuple[str, str]]:
    with pytest.raises(DocumentRejected) as rejected:
        read(source)
    return [(problem.path, problem.code) for problem in rejected.value.problems]


def test_a_small_document_is_read_whole() -> None:
    document = read(_yaml(make_framework()))
    assert document.name == "tests" and document.threshold("risk").rule.target == "hard" and document.indicator("hard").minimum_n == 20


def test_scalars_stay_text_and_numbers_are_decimals() -> None:
    quoted, plain = (_yaml(make_framework()).replace(b"'0.1'", spelling) for spelling in (b"'0.1'", b"0.10"))
    assert quoted != plain and read(quoted).digest == read(plain).digest
    assert parse(b"{on: yes, day: 2026-01-01, n: 010, none: ~}") == {"on": "yes", "day": "2026-01-01", "n": "010", "none": "~"}


def test_layout_and_comments_are_not_the_document_and_words_are() -> None:
    source = CATALOG.read_bytes()
    assert read(b"# another remark\n" + source).digest == read(source).digest
    assert read(source.replace(b"Two reviewers approve;", b"Two reviewers, approve;")).digest != read(source).digest


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"a: &x [1]\nb: *x", "alias"),
        (b"a: &x 1", "alias"),
        (b"a: !!python/object/apply:os.system [ls]", "tag"),
        (b"a: 1\nb: 2\na: 3", "repeated-key"),
        (b"a: {b: 1, b: 2}", "repeated-key"),
        (b"- a", "not-a-map"),
        (b"", "not-a-map"),
        (b"a: [", "not-yaml"),
        (b"a: 1\n---\nb: 2", "not-yaml"),
        (b"a: \xff", "not-utf-8"),
        (b"a: " + b"[" * 60 + b"]" * 60, "too-deep"),
        (b"? [a]\n: b", "key-not-text"),
        (b"a: " + b"x" * MAX_BYTES, "too-large"),
    ],
)
def test_what_plain_data_never_needs_is_refused(source: bytes, code: str) -> None:
    assert [found for _, found in _problems(source)] == [code]


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert _problems("\n".join(lines).encode()) == [("line 1", "alias")]


def _threshold(**changes: Any) -> Change:
    return lambda document: document["thresholds"][0].update(changes)


def _indicator(**changes: Any) -> Change:
    return lambda document: document["indicators"][0].update(changes)


def _rule(rule: dict[str, Any]) -> Change:
    return _threshold(rule=rule)


def _line(at: str, side: str = "below", word: str = "rules_out") -> dict[str, str]:
    return {"at": at, word: side, "inclusive": "false"}


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        (lambda document: document.pop("quorum"), "", "schema"),
        (lambda document: document.update(extra="x"), "", "schema"),
        (lambda document: document.update(format="asl-framework/2"), "format", "schema"),
        (lambda document: document.update(effective_date="2026-02-30"), "effective_date", "not-a-date"),
        (lambda document: document["baseline"].update(security="asl-9"), "baseline/security", "missing"),
        (lambda document: document["baseline"].update(security="asl-4"), "baseline/security", "undefined"),
        (lambda document: document["baseline"].update(other="asl-2"), "baseline/other", "unknown"),
        (lambda document: document["tiers"].append(dict(document["tiers"][0])), "tiers/6", "repeated"),
        (lambda document: document["tiers"][2].update(defined="true"), "tiers/2", "empty"),
        (lambda document: document["tiers"][1].pop("second_factor"), "tiers/1/second_factor", "missing"),
        (lambda document: document["tiers"][2].pop("second_factor"), "tiers/2/second_factor", "missing"),
        (lambda document: document["tiers"][2].update(second_factor="optional"), "tiers/2/second_factor", "weaker"),
        (lambda document: document["safeguards"][0].update(tier="asl-4"), "safeguards/0/tier", "undefined"),
        (lambda document: document["safeguards"][0].update(tier="asl-9"), "safeguards/0/tier", "unknown"),
        (lambda document: document["scopes"].update(external=["weather"]), "scopes/external", "unknown"),
        (lambda document: document["scopes"].update(external=[]), "scopes/external", "schema"),
        (_threshold(domain="weather"), "thresholds/0/domain", "unknown"),
        (_threshold(requires={"security": "asl-9"}), "thresholds/0/requires/security", "unknown"),
        (_threshold(requires={}), "thresholds/0/requires", "missing"),
        (_rule({"indicator": "nothing"}), "thresholds/0/rule", "unknown"),
        (_rule({"threshold": "nothing"}), "thresholds/0/rule", "unknown"),
        (_rule({"threshold": "risk"}), "thresholds/0/rule", "circle"),
        (_rule({"indicator": "hard", "band": "hard"}), "thresholds/0/rule", "several-kinds"),
        (_rule({"band": "hard"}), "thresholds/0/rule", "no-band"),
        (_rule({"indicator": "hard", "only_raises": "true"}), "thresholds/0/rule", "raises-alone"),
        (_rule({"inherits": "parents"}), "thresholds/0/rule", "raises-alone"),
        (_rule({"all_of": [{"inherits": "parents"}]}), "thresholds/0/rule", "raises-alone"),
        (_rule({"any_of": [{"indicator": "hard"}, {"inherits": "parents"}]}), "thresholds/0/rule/any_of/1", "raises-alone"),
        (_rule({"all_of": []}), "thresholds/0/rule/all_of", "schema"),
        (_rule({"k_of_n": {"k": "3", "of": [{"indicator": "hard"}]}}), "", "not-readable"),
        (_rule({"k_of_n": {"k": "0", "of": [{"indicator": "hard"}]}}), "", "not-readable"),
        (_rule({"title": "nothing"}), "", "not-readable"),
        (_indicator(status="retired", borne_by="x"), "thresholds/0/rule", "no-weight"),
        (_indicator(status="saturated", borne_by="x"), "thresholds/0/rule", "no-weight"),
        (_indicator(rule_out=_line("1.5")), "indicators/0/rule_out/at", "out-of-range"),
        (_indicator(rule_out=_line("0.1", "above")), "indicators/0/rule_out/rules_out", "wrong-side"),
        (_indicator(rule_in=_line("0.05", "above", "rules_in")), "indicators/0/rule_in/at", "crossed-lines"),
        (_indicator(rule_in=_line("0.1", "above", "rules_in")), "indicators/0/rule_in/at", "crossed-lines"),
        (_indicator(rule_out=_line("NaN")), "indicators/0/rule_out/at", "schema"),
        (_indicator(rule_out=_line("1e-3")), "indicators/0/rule_out/at", "schema"),
        (_indicator(safety_margin="-0.1"), "indicators/0/safety_margin", "helps"),
        (_indicator(margin_scale="ratio", safety_margin="0.9"), "indicators/0/safety_margin", "helps"),
        (_indicator(point_only_margin="-1"), "indicators/0/point_only_margin", "helps"),
        (_indicator(kind="mean", margin_scale="ratio", safety_margin="2", rule_out=_line("-1")), "indicators/0/margin_scale", "helps"),
        (_indicator(minimum_n="0"), "indicators/0", "out-of-range"),
        (_indicator(elicitation_floor=[{"fact": "attempts"}]), "indicators/0/elicitation_floor", "empty-clause"),
        (_indicator(domain="weather"), "indicators/0/domain", "unknown"),
        (lambda document: document["indicators"].append(make_indicator("old", status="retired")), "indicators/1/borne_by", "missing"),
        (lambda document: document["quorum"].pop(), "quorum", "missing"),
        (lambda document: document["quorum"][0].update(approvals="0"), "quorum/0/approvals", "out-of-range"),
        (lambda document: document["quorum"][0].update(seats=[{"at_least": "3", "role": "chair"}]), "quorum/0/seats", "empty-seat"),
        (lambda document: document["quorum"][0].update(tier="asl-9"), "quorum/0/tier", "unknown"),
        (lambda document: document["clocks"][0].pop("factor"), "clocks/0/factor", "missing"),
    ],
)
def test_what_cannot_mean_anything_is_refused_with_its_place(change: Change, path: str, code: str) -> None:
    document = make_framework()
    read(_yaml(document))
    change(document)
    assert (path, code) in _problems(_yaml(document))


def test_a_circle_over_several_thresholds_is_found() -> None:
    ring = [
        make_threshold(slug, {"any_of": [{"indicator": "hard"}, {"threshold": onward}]})
        for slug, onward in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    assert ("thresholds/0/rule", "circle") in _problems(_yaml(make_framework(thresholds=ring)))


def test_at_most_fifty_problems_are_told_at_once() -> None:
    many = make_framework(indicators=[make_indicator(f"i{n}", domain="weather") for n in range(80)])
    assert len(_problems(_yaml(many))) == 50
