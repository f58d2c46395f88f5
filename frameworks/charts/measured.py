"""What a chart shows, and how it is said: the same words stand in the tooltip, in the data table and beneath the drawing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from frameworks import figures

WORDS = {
    "ruled_out": ("Ruled out", "out"),
    "cannot_rule_out": ("Cannot rule out", "cannot"),
    "ruled_in": ("Ruled in", "in"),
    "not_assessed": ("Not assessed", "absent"),
}
ONLY_RAISES = "may only raise"
Which = Literal["rule_out", "rule_in"]


@dataclass(frozen=True, slots=True)
class Line:
    at: Decimal
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement. A bound of None has no end on that side, unless the value is `point_only`. `bound` is what decides, its margin included.
    `level` and `method` say what the bounds are; `at` is the day it was measured."""

    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    n: int | None = None
    label: str = ""
    point_only: bool = False
    bound: Decimal | None = None
    qualifies: bool = True
    level: str = ""
    method: str = ""
    at: date | None = None

    @property
    def day(self) -> str:
        return f"{self.at.day} {self.at:%b %Y}" if self.at else ""

    @property
    def counted(self) -> str:
        return "unknown" if self.n is None else f"{self.n:,}"


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator: what decides is `current`, its other results stand behind it. One that `only_raises` has no line that rules out."""

    label: str
    outcome: str
    higher_is_riskier: bool = True
    unit: str = ""
    log: bool = False
    rule_out: Line | None = None
    rule_in: Line | None = None
    current: Measured | None = None
    earlier: tuple[Measured, ...] = field(default=())
    proportion: bool = False
    only_raises: bool = False

    @property
    def word(self) -> str:
        word = WORDS.get(self.outcome, (self.outcome.replace("_", " ").capitalize(), ""))[0]
        return f"{word}, {ONLY_RAISES}" if self.only_raises else word

    @property
    def tone(self) -> str:
        return WORDS.get(self.outcome, ("", "absent"))[1]

    @property
    def is_measured(self) -> bool:
        return self.current is not None and self.current.value is not None

    @property
    def lines(self) -> list[Decimal]:
        return [line.at for line in (self.rule_out, self.rule_in) if line]

    @property
    def numbers(self) -> list[Decimal]:
        """Every number the row draws."""
        now = [self.current.value, self.current.low, self.current.high, self.current.bound] if self.current else []
        return [number for number in (*self.lines, *now, *(each.value for each in self.earlier)) if number is not None]

    def value(self, measured: Measured) -> str:
        return "" if measured.value is None else figures.value(measured.value, self.lines)

    def interval(self, measured: Measured) -> str:
        return "no interval" if measured.point_only else figures.interval(measured.low, measured.high, self.lines)


def sentence(row: Row) -> str:
    """What a row's current measurement says, in words: the same as its table line and its tooltip."""
    now = row.current
    if now is None or now.value is None:
        return f"{row.label}: {row.word}, no measurement"
    return f"{row.label}: {row.word}, {_figures(row, now)}"


def other_sentence(row: Row, measured: Measured) -> str:
    """What one of its other results says."""
    return f"{other_word(row, measured).capitalize()}: {_figures(row, measured)}"


def other_word(row: Row, measured: Measured) -> str:
    """Only where both days are known is a result called earlier; what decides is the most concerning one, not the newest."""
    now = row.current.at if row.current else None
    return "earlier result" if measured.at and now and measured.at < now else "another result"


def _figures(row: Row, measured: Measured) -> str:
    unit = f" {row.unit}" if row.unit else ""
    level = f" ({figures.level(measured.level)})" if measured.level and not measured.point_only else ""
    spread = "no interval" if measured.point_only else f"interval {row.interval(measured)}{level}"
    behind = "".join(f", {each}" for each in (measured.label, measured.day) if each)
    return f"{row.value(measured)}{unit}, {spread}, n {measured.counted}{behind}"


def line_words(row: Row, which: Which) -> str:
    """`rules out below 0.5`; where an indicator may only raise, the same line `raises above or at 0.5`."""
    line: Line | None = getattr(row, which)
    if line is None:
        return ""
    side = "below" if is_below(row, which) else "above"
    if which == "rule_out" and row.only_raises:
        return f"raises {side}{'' if line.inclusive else ' or at'} {line.at}"
    return f"rules {'out' if which == 'rule_out' else 'in'} {side}{' or at' if line.inclusive else ''} {line.at}"


def is_below(row: Row, which: Which) -> bool:
    """Whether a line's words speak of what lies below it."""
    speaks_of_safety = which == "rule_out" and not row.only_raises
    return row.higher_is_riskier == speaks_of_safety


def lines_in_words(row: Row) -> str:
    return ", ".join(words for words in (line_words(row, "rule_out"), line_words(row, "rule_in")) if words)


def levels(rows: Sequence[Row]) -> str:
    """What the bounds of some rows are, once: `one-sided 95 %`; empty where no row has a bound."""
    return " or ".join(sorted({figures.level(each.level) for each in _bounded(rows) if each.level}))


def methods(rows: Sequence[Row]) -> str:
    """How those bounds were found, by name and without the numbers: `Clopper–Pearson`."""
    names = sorted({each.method.split(",")[0] for each in _bounded(rows) if each.method})
    return " or ".join(names) if len(names) < 3 else "methods in the table"


def _bounded(rows: Sequence[Row]) -> Iterator[Measured]:
    for row in rows:
        yield from (each for each in (row.current, *row.earlier) if each is not None and each.value is not None and not each.point_only)
