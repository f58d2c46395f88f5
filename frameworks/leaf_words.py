"""One indicator in words for pages: one reason for its verdict, the deciding one, and its numbers by the one rule of `frameworks.figures`.

The stored sentences stay as they are; they stand in digests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from frameworks import figures
from frameworks.charts.measured import Line, Row, lines_in_words
from frameworks.engine import explain
from frameworks.engine.types import Code

Node = Mapping[str, Any]

# Each says why a measurement stands as it does; the first that is there decides, the others only repeat it.
VERDICTS = (Code.STRICTER_PREDECESSOR, Code.RULED_IN_BY_BOUND, Code.BOUND_PAST_LINE, Code.VALUE_PAST_LINE, Code.WITHIN_LINE)


@dataclass(frozen=True, slots=True)
class MeasuredWords:
    """One measurement: its numbers short and whole, how its bounds were found, the one reason for its verdict, and what else is held against it."""

    label: str
    numbers: str
    whole: str
    method: str
    because: str
    reasons: list[str]
    qualifies: bool
    decides: bool
    place: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class LeafWords:
    """`measured` is the deciding value with its interval and n, `because` the comparison that decides, `gaps` what else keeps it from ruling out."""

    measured: str
    because: str
    gaps: list[str]
    lines: str
    measurements: list[MeasuredWords]

    @property
    def sentence(self) -> str:
        return " ".join(each for each in (self.measured, self.because, *self.gaps) if each)


def leaf_words(leaf: Node) -> LeafWords:
    """An indicator's finding in words."""
    deciding = deciding_of(leaf)
    gaps = [reason["sentence"] for reason in leaf["reasons"] if reason["code"] not in VERDICTS]
    if deciding is None and not leaf["measurements"] and not gaps:
        gaps = [leaf["sentence"]]
    return LeafWords(
        f"{numbers(leaf, deciding)}." if deciding is not None else "",
        because(leaf, deciding) if deciding is not None else "",
        gaps,
        lines_in_words(_row_of(leaf)),
        [measured_words(leaf, each) for each in leaf["measurements"]],
    )


def measured_words(leaf: Node, measured: Node) -> MeasuredWords:
    """One of its measurements in words."""
    return MeasuredWords(
        label=measured.get("snapshot_label") or "",
        numbers=numbers(leaf, measured),
        whole=_whole(measured),
        method=measured.get("method") or "",
        because=because(leaf, measured),
        reasons=other_reasons(measured),
        qualifies=measured["qualifies"],
        decides=measured["id"] == leaf.get("deciding"),
        place=measured.get("place"),
    )


def _whole(measured: Node) -> str:
    """Every digit of it."""
    value = "no value" if measured["value"] is None else measured["value"]
    return value if measured["point_only"] else f"{value}, {measured['low']} to {measured['high']}"


def _row_of(leaf: Node) -> Row:
    """As much of a chart's row as its lines need."""
    raises = leaf.get("counts") is False or bool(leaf.get("only_raises"))
    out, into = _line(leaf.get("line")), _line(leaf.get("rule_in"))
    return Row("", "", higher_is_riskier=leaf["direction"] == "higher", rule_out=out, rule_in=into, only_raises=raises)


def _line(line: Node | None) -> Line | None:
    return Line(Decimal(line["at"]), line["inclusive"]) if line else None


def deciding_of(leaf: Node) -> Node | None:
    return next((each for each in leaf.get("measurements", ()) if each["id"] == leaf.get("deciding")), None)


def lines_of(leaf: Node) -> list[Decimal]:
    return [Decimal(line["at"]) for line in (leaf.get("line"), leaf.get("rule_in")) if line]


def numbers(leaf: Node, measured: Node) -> str:
    """`0.4545 s, interval 0.3 to 0.62, each end one-sided 95 %, n = 33`; a number never stands without them."""
    n = "n unknown" if measured["n"] is None else f"n = {measured['n']}"
    if measured["value"] is None:
        return f"no value, {n}"
    unit = f" {leaf['unit']}" if leaf.get("unit") else ""
    return f"{figures.value(Decimal(measured['value']), lines_of(leaf))}{unit}, {interval(leaf, measured)}, {n}"


def interval(leaf: Node, measured: Node) -> str:
    """`interval 0.3 to 0.62, each end one-sided 95 %`, or that there is none."""
    if measured["point_only"]:
        return "no interval"
    level = figures.level(measured.get("level"))
    said = figures.interval(figures.read(measured["low"]), figures.read(measured["high"]), lines_of(leaf))
    return f"interval {said}{f', each end {level}' if level else ''}"


def because(leaf: Node, measured: Node) -> str:
    """The one comparison that decides a measurement: of its bound where it qualifies, of its value where only that can raise. Empty where nothing does."""
    said = {reason["code"]: reason["sentence"] for reason in measured["reasons"] if reason["code"] in VERDICTS}
    code = next((each for each in VERDICTS if each in said), None)
    if code is None:
        return ""
    if _rests_on_its_bound(code, measured) and code is Code.VALUE_PAST_LINE:
        return explain.sentence_start(measured["comparison"])
    return _retold(code, leaf, measured) or str(said[code])


def clause(leaf: Node, measured: Node) -> str:
    """The same as part of a sentence, without what a remedy would take."""
    codes = {reason["code"] for reason in measured["reasons"]}
    code = next((each for each in VERDICTS if each in codes), None)
    if code is not None and _rests_on_its_bound(code, measured):
        return str(measured["comparison"])
    said = because(leaf, measured).removesuffix(".")
    return said[:1].lower() + said[1:]


def _rests_on_its_bound(code: Code, measured: Node) -> bool:
    """A value past the line has its bound past it too; where the measurement qualifies it is the bound that decides."""
    bounds = (Code.BOUND_PAST_LINE, Code.WITHIN_LINE)
    return bool(measured["comparison"]) and (code in bounds or (code is Code.VALUE_PAST_LINE and measured["qualifies"]))


def other_reasons(measured: Node) -> list[str]:
    """What else is held against a measurement: everything but its verdict."""
    return [reason["sentence"] for reason in measured["reasons"] if reason["code"] not in VERDICTS]


def _retold(code: Code, leaf: Node, measured: Node) -> str:
    """The sentences whose numbers the record writes in another way than pages do."""
    higher = leaf["direction"] == "higher"
    if code is Code.VALUE_PAST_LINE and leaf["line"]:
        value = figures.value(Decimal(measured["value"]), lines_of(leaf))
        return f"The value itself, {value}, is not {'below' if higher else 'above'} {leaf['line']['at']}."
    benign = figures.read(measured["low"] if higher else measured["high"])
    if code is Code.RULED_IN_BY_BOUND and benign is not None and leaf["rule_in"]:
        shown, side = figures.bound(benign, up=not higher, beside=lines_of(leaf)), "lower" if higher else "upper"
        where = "at" if benign == Decimal(leaf["rule_in"]["at"]) else "above" if higher else "below"
        return f"Even the {side} bound {shown} is {where} the rule-in line {leaf['rule_in']['at']}."
    return ""
