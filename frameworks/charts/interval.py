"""The interval chart: a row an indicator, its value as a dot, its interval as a bar, its lines drawn and named, the zone that rules out shaded.

A margin that the engine adds to the bound is drawn as a dashed piece beyond the bar; what decides is its end. A side without a bound ends in an
arrow. A value without an interval is hollow and says so. Absent evidence is a hatched band with words, never an empty one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from typing import Literal

from frameworks.charts.scale import Scale, scale_for
from frameworks.charts.svg import Skin, element, frame, spoken, text, width_of

_ROW, _BAND_TOP, _BAND = 88.0, 38.0, 22.0
_ABSENT_ROW, _ABSENT_TOP, _ABSENT = 46.0, 20.0, 9.0
_WORDS = {
    "ruled_out": ("Ruled out", "out"),
    "cannot_rule_out": ("Cannot rule out", "cannot"),
    "ruled_in": ("Ruled in", "in"),
    "not_assessed": ("Not assessed", "absent"),
}


@dataclass(frozen=True, slots=True)
class Line:
    at: Decimal
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement. A bound of None has no end on that side, unless the value is `point_only`. `bound` is what decides, its margin included."""

    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    n: int | None = None
    label: str = ""
    point_only: bool = False
    bound: Decimal | None = None
    qualifies: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    outcome: str
    higher_is_riskier: bool = True
    unit: str = ""
    log: bool = False
    rule_out: Line | None = None
    rule_in: Line | None = None
    current: Measured | None = None
    earlier: tuple[Measured, ...] = field(default=())

    @property
    def word(self) -> str:
        return _WORDS.get(self.outcome, (self.outcome.replace("_", " ").capitalize(), ""))[0]


def interval_chart(
    rows: Sequence[Row], *, title: str, desc: str, width: float = 640.0, scale: Literal["own", "linear", "log"] = "own", skin: Skin = "page"
) -> str:
    """The chart as SVG text. Each row has a scale of its own, as its indicator says; `scale` makes all of them linear or log instead."""
    drawn, top = [], 0.0
    for row in rows:
        content = _row(row, width, row.log if scale == "own" else scale == "log", skin) if _is_measured(row) else _absent(row, width, skin)
        drawn.append(element("g", content, class_=f"row {_WORDS.get(row.outcome, ('', 'absent'))[1]}", transform=f"translate(0 {top:.0f})"))
        top += _ROW if _is_measured(row) else _ABSENT_ROW
    return frame("".join(drawn), title=title, desc=desc, width=width, height=top, skin=skin)


def sentence(row: Row) -> str:
    """What a row's current measurement says, in words: the same as its table line and its tooltip."""
    now = row.current
    if now is None or now.value is None:
        return f"{row.label}: {row.word}, no measurement"
    unit = f" {row.unit}" if row.unit else ""
    spread = "no interval" if now.point_only else f"interval {written_bound(now.low)} to {written_bound(now.high)}"
    return f"{row.label}: {row.word}, {now.value}{unit}, {spread}, n {'unknown' if now.n is None else now.n}{f', {now.label}' if now.label else ''}"


def written_bound(value: Decimal | None) -> str:
    return "unbounded" if value is None else str(value)


def _row(row: Row, width: float, log: bool, skin: Skin) -> str:
    place = scale_for(_everything(row), start=0.0, end=width, log=log)
    parts = [_head(row, width), _band(row, place, width)]
    parts += [_line(row, "rule_out", place, width), _line(row, "rule_in", place, width), _ticks(place, width)]
    parts += [_earlier(each, place, skin) for each in row.earlier]
    parts.append(_current(row, place, skin))
    return "".join(parts)


def _everything(row: Row) -> list[Decimal]:
    lines = [line.at for line in (row.rule_out, row.rule_in) if line]
    now = [row.current.value, row.current.low, row.current.high, row.current.bound] if row.current else []
    return [value for value in (*lines, *now, *(each.value for each in row.earlier)) if value is not None]


def _head(row: Row, width: float) -> str:
    n = row.current.n if row.current else None
    counted = f"n {n:,}" if n is not None else "n unknown" if row.current else ""
    named = element("tspan", escape(row.label), class_="name") + element("tspan", escape(row.word), class_="word", dx=10)
    return element("text", named, x=0, y=12) + text(counted, width, 12, "quiet n", "end")


def _band(row: Row, place: Scale, width: float) -> str:
    band = element("rect", x=0.0, y=_BAND_TOP, width=width, height=_BAND, class_="band")
    # A value without the power to rule out stands on hatching: what is not assessed is never on pale green.
    if _WORDS.get(row.outcome, ("", "absent"))[1] == "absent":
        return band + _hatch(width, _BAND_TOP, _BAND)
    if row.rule_out is None:
        return band
    at = place.at(row.rule_out.at)
    start, end = (0.0, at) if row.higher_is_riskier else (at, width)
    return band + element("rect", x=start, y=_BAND_TOP, width=end - start, height=_BAND, class_="zone")


def _line(row: Row, which: Literal["rule_out", "rule_in"], place: Scale, width: float) -> str:
    line: Line | None = getattr(row, which)
    if line is None:
        return ""
    below, words = row.higher_is_riskier == (which == "rule_out"), _line_words(row, which)
    at, room = place.at(line.at), width_of(words) + 4
    # The words stand on the side they speak of, so the two lines' words never meet; at an edge they turn inwards.
    anchor: Literal["start", "end"] = ("end" if at >= room else "start") if below else ("start" if at <= width - room else "end")
    drawn = element(
        "line", x1=at, y1=_BAND_TOP - 16, x2=at, y2=_BAND_TOP + _BAND + 3, class_=f"line {'out' if which == 'rule_out' else 'in'}"
    )
    return drawn + text(words, at - 4 if anchor == "end" else at + 4, _BAND_TOP - 7, "tag", anchor)


def _line_words(row: Row, which: Literal["rule_out", "rule_in"]) -> str:
    line: Line | None = getattr(row, which)
    if line is None:
        return ""
    side = "below" if row.higher_is_riskier == (which == "rule_out") else "above"
    return f"rules {'out' if which == 'rule_out' else 'in'} {side}{' or at' if line.inclusive else ''} {line.at}"


def _ticks(place: Scale, width: float) -> str:
    drawn = []
    for value in place.ticks():
        at = place.at(value)
        anchor: Literal["start", "middle", "end"] = "start" if at < 12 else "end" if at > width - 12 else "middle"
        drawn.append(element("line", x1=at, y1=_BAND_TOP + _BAND, x2=at, y2=_BAND_TOP + _BAND + 4, class_="grid"))
        drawn.append(text(f"{value.normalize():f}", at, _BAND_TOP + _BAND + 15, "tick", anchor))
    return "".join(drawn)


def _earlier(measured: Measured, place: Scale, skin: Skin) -> str:
    if measured.value is None:
        return ""
    dot = element("circle", cx=place.at(measured.value), cy=_BAND_TOP + _BAND - 4, r=2.5, class_="earlier")
    return spoken(
        f"Another result{f', {measured.label}' if measured.label else ''}: {measured.value}, n {'unknown' if measured.n is None else measured.n}",
        dot,
        skin,
    )


def _current(row: Row, place: Scale, skin: Skin) -> str:
    middle = _BAND_TOP + _BAND / 2
    now = row.current
    if now is None or now.value is None:
        return ""
    at = place.at(now.value)
    if now.point_only:
        dot = element("circle", cx=at, cy=middle, r=5, class_="hollow")
        right = at < place.end - 80
        marks = dot + text("no interval", at + 10 if right else at - 10, middle + 4, "tag quiet", "start" if right else "end")
    else:
        marks = _bar(now, place, middle) + element("circle", cx=at, cy=middle, r=5.5, class_="value")
    tip = "" if skin == "print" else text(sentence(row), place.end / 2, _BAND_TOP + _BAND + 15, "tip", "middle")
    return spoken(sentence(row), _margin(row, now, place, middle) + marks + tip, skin, "now")


def _is_measured(row: Row) -> bool:
    return row.current is not None and row.current.value is not None


def _hatch(width: float, top: float, height: float) -> str:
    starts = range(0, int(width - height), 6)
    return element("path", d="".join(f"M{x} {top + height:.0f}l{height:.0f} -{height:.0f}" for x in starts), class_="hatch")


def _absent(row: Row, width: float, skin: Skin) -> str:
    """A low hatched band and its words. Nothing is shaded: what was not measured never stands on pale green."""
    band = element("rect", x=0.0, y=_ABSENT_TOP, width=width, height=_ABSENT, class_="band")
    lines = ", ".join(words for words in (_line_words(row, "rule_out"), _line_words(row, "rule_in")) if words)
    said = text(f"no measurement{f'; {lines}' if lines else ''}", width, 12, "tag", "end")
    return _head(row, width) + said + spoken(sentence(row), band + _hatch(width, _ABSENT_TOP, _ABSENT), skin, "now")


def _bar(now: Measured, place: Scale, middle: float) -> str:
    open_low, open_high = now.low is None or place.beyond(now.low), now.high is None
    start = place.start if now.low is None else place.at(now.low)
    end = place.end if now.high is None else place.at(now.high)
    parts = [element("rect", x=start, y=middle - 2.5, width=max(end - start, 1.0), height=5, class_="bar")]
    if open_low:
        parts.append(element("path", d=f"M{start:.1f} {middle:.1f}l9 -6v12z", class_="arrow low"))
    if open_high:
        parts.append(element("path", d=f"M{end:.1f} {middle:.1f}l-9 -6v12z", class_="arrow high"))
    return "".join(parts)


def _margin(row: Row, now: Measured, place: Scale, middle: float) -> str:
    """From the bound to where the safety margin moves it: the end is what is compared with the line."""
    side = now.high if row.higher_is_riskier else now.low
    start = now.value if now.point_only else side
    if now.bound is None or start is None or now.bound == start:
        return ""
    at = place.at(now.bound)
    return element("path", d=f"M{place.at(start):.1f} {middle:.1f}H{at:.1f}M{at:.1f} {middle - 5:.1f}v10", class_="margin")
