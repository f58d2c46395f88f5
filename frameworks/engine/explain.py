"""Rules, lines and measurements in plain sentences. None of them says "today": they stand in digests."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from frameworks.engine.types import Condition, FrameworkDocument, Indicator, Interval, Line, Measurement, Outcome, Rule

OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.RULED_OUT: "ruled out",
    Outcome.NOT_ASSESSED: "not assessed",
    Outcome.CANNOT_RULE_OUT: "cannot rule out",
    Outcome.RULED_IN: "ruled in",
}
FACT_WORDS: Mapping[str, str] = {
    "safeguards_on": "safeguards were on",
    "fine_tuned": "the model was fine-tuned for the task",
    "variant": "the variant",
    "tools": "tools were given",
    "scaffold": "the scaffold",
    "attempts": "the attempts at each task",
    "reasoning_effort": "the reasoning effort",
    "token_budget": "the token budget",
}
# A number is shown with the fewest of these that keep it on its side of a line.
SHOWN_DIGITS = (4, 6, 12)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z")


def is_number(text: str) -> bool:
    """Whether a text is a plain decimal number."""
    return _NUMBER.match(text) is not None


def number(value: Decimal, digits: int = 12) -> str:
    """A number without exponent or empty zeros, to some significant digits."""
    return _plain(Context(prec=digits, rounding=ROUND_HALF_EVEN).plus(value))


def rounded_number(value: Decimal, *, up: bool, beside: Sequence[Decimal]) -> str:
    """A bound short enough to read, rounded outwards, with as many digits as it takes to stay on its side of the lines beside it."""
    for digits in SHOWN_DIGITS:
        short = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR).plus(value)
        if all((short > line, short < line) == (value > line, value < line) for line in beside):
            return _plain(short)
    return _plain(value)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def sentence_start(text: str) -> str:
    """A clause as a sentence."""
    return text[:1].upper() + text[1:] + "."


def line_in_words(line: Line, *, rules: str, above: bool) -> str:
    beyond = "above" if above else "below"
    return f"{beyond} {number(line.at)}{' or at it' if line.inclusive else ''} {rules}"


def lines_in_words(indicator: Indicator) -> str:
    """The lines of an indicator, with their margins."""
    higher, parts = indicator.higher_is_riskier, []
    if indicator.rule_out is not None:
        parts.append(line_in_words(indicator.rule_out, rules="rules out", above=not higher))
    if indicator.rule_in is not None:
        parts.append(line_in_words(indicator.rule_in, rules="rules in", above=higher))
    if not parts:
        return "no line; reported only"
    if indicator.margin_scale == "ratio" and indicator.safety_margin != 1:
        parts.append(f"safety margin ×{number(indicator.safety_margin)}")
    elif indicator.margin_scale == "add" and indicator.safety_margin != 0:
        parts.append(f"safety margin {number(indicator.safety_margin)}")
    return "; ".join(parts)


def condition(clause: Condition) -> str:
    """One clause of an elicitation floor, as it reads after "that"."""
    words = FACT_WORDS.get(clause.fact, clause.fact.replace("_", " "))
    if clause.at_least is not None:
        return f"{words} number at least {number(clause.at_least)}"
    if clause.fact in ("safeguards_on", "fine_tuned", "tools") and clause.one_of in (("true",), ("false",)):
        return words if clause.one_of == ("true",) else words.replace("were", "were not", 1).replace("was ", "was not ", 1)
    return f"{words} is {' or '.join(clause.one_of)}"


def range_of(indicator: Indicator, n: int | None) -> str:
    if indicator.kind == "proportion":
        return "a share lies between 0 and 1, and inside its own interval"
    if indicator.kind == "count":
        return f"a count lies between 0 and {'the number of items' if n is None else n}, and inside its own interval"
    return "it lies outside its own interval, or below zero"


def comparison(bound: Decimal | None, interval: Interval | None, indicator: Indicator) -> str:
    """The deciding comparison: "the upper bound 0.1392 is not below 0.1"."""
    if interval is None or indicator.rule_out is None:
        return ""
    line, higher = indicator.rule_out, indicator.higher_is_riskier
    side = ("the point" if interval.point_only else f"the {'upper' if higher else 'lower'} bound") + _with_margin(indicator, interval)
    if bound is None:
        return f"{side} is unbounded, so nothing shows it {'below' if higher else 'above'} {number(line.at)}"
    shown = rounded_number(bound, up=higher, beside=[line.at])
    beyond = "below" if higher else "above"
    inside = bound < line.at if higher else bound > line.at
    if bound == line.at:
        return f"{side} {shown} equals the line {number(line.at)}, which {'rules out' if line.inclusive else 'does not rule out'}"
    return f"{side} {shown} is {'' if inside else 'not '}{beyond} {number(line.at)}"


def _with_margin(indicator: Indicator, interval: Interval) -> str:
    neutral = Decimal(1) if indicator.margin_scale == "ratio" else Decimal(0)
    margins = [indicator.safety_margin] if indicator.safety_margin != neutral else []
    if interval.point_only and indicator.point_only_margin is not None:
        margins.append(indicator.point_only_margin)
    if not margins:
        return ""
    sign = (
        ("×" if indicator.higher_is_riskier else "÷") if indicator.margin_scale == "ratio" else "+" if indicator.higher_is_riskier else "−"
    )
    return f" ({' '.join(f'{sign}{number(each)}' for each in margins)} margin)"


def ruled_in(interval: Interval, indicator: Indicator) -> str:
    higher = indicator.higher_is_riskier
    benign = interval.low if higher else interval.high
    if benign is None or indicator.rule_in is None:
        return "Past the rule-in line."
    shown = rounded_number(benign, up=higher, beside=[indicator.rule_in.at])
    side, beyond = ("lower", "above") if higher else ("upper", "below")
    return f"Even the {side} bound {shown} is {beyond} the rule-in line {number(indicator.rule_in.at)}."


def value_past_line(measurement: Measurement, indicator: Indicator) -> str:
    if measurement.value is None or indicator.rule_out is None:
        return "The value itself lies past the line."
    where = "not below" if indicator.higher_is_riskier else "not above"
    return f"The value itself, {number(measurement.value)}, is {where} {number(indicator.rule_out.at)}."


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule as an outline: what one node asks, and what stands beneath it. `target` names the indicator or threshold to look up."""

    words: str
    kind: str
    target: str
    children: "tuple[RuleWords, ...]" = ()


def rule_outline(rule: Rule, framework: FrameworkDocument) -> RuleWords:
    """A rule in words, for a framework's page."""
    children = tuple(rule_outline(child, framework) for child in rule.children)
    return RuleWords(words=_asks(rule, framework), kind=rule.kind, target=rule.target, children=children)


def _asks(rule: Rule, framework: FrameworkDocument) -> str:
    match rule.kind:
        case "indicator" | "band":
            indicator = framework.indicator(rule.target)
            words = f"{indicator.title}: {lines_in_words(indicator)}"
        case "threshold":
            words = f"{framework.threshold(rule.target).title} is ruled out"
        case "judgement":
            words = f"The board's recorded judgement: {rule.title or rule.target}"
        case "inherits":
            return "What the model it derives from stands at; may only raise"
        case "equivalent_to":
            return "What the model it is held equivalent to stands at; may only raise"
        case "all_of":
            return "All of these must rule out"
        case "any_of":
            return "One of these must rule out, and none rule in"
        case _:
            return f"Fewer than {rule.k} of these {len(rule.children)} lines are met"
    return f"{words}; may only raise" if rule.only_raises else words


def time_text(moment: datetime) -> str:
    """A stored time as documents write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
