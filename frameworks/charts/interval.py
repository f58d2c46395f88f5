"""The interval chart: a row an indicator, its value as a dot, its interval as a bar, its lines drawn and named, the zone that rules out shaded.

A margin that the engine adds to the bound is drawn as a dashed piece beyond the bar; what decides is its end. A side without a bound ends in an
arrow. A value without an interval is hollow and says so. Absent evidence is a hatched band with words, never an empty one. Shares of one stand on
one scale in the whole chart, so that 0.8 is in one place. The narrow drawing says the same in rows that a phone can show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from frameworks.charts.legend import legend
from frameworks.charts.measured import Measured, Row, Which, is_below, line_words, lines_in_words, other_sentence, sentence
from frameworks.charts.scale import Scale, scale_for, shares_of_one
from frameworks.charts.svg import Skin, element, frame, lines_of, spoken, text, width_of

_BAND, _ABSENT = 22.0, 9.0
_TEXT, _EDGE, _FOOT = 14.0, 8.0, 28.0
WIDE, NARROW = 640.0, 288.0
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one row stands: its scale, the top of its band, and how much room there is."""

    scale: Scale
    top: float
    width: float
    narrow: bool
    skin: Skin

    @property
    def middle(self) -> float:
        return self.top + _BAND / 2

    @property
    def bottom(self) -> float:
        return self.top + _BAND


def interval_chart(
    rows: Sequence[Row],
    *,
    title: str,
    desc: str,
    width: float = 0.0,
    scale: Literal["own", "linear", "log"] = "own",
    skin: Skin = "page",
    narrow: bool = False,
    among: Sequence[Row] = (),
    key: bool = True,
) -> str:
    """The chart as SVG text. Shares of one have one scale in common, any other row its own, linear or log as its indicator says;
    `scale` makes all of them linear or log instead. `narrow` draws it for a phone. A piece of a longer chart keeps the scale of the rows it is `among`."""
    width, drawn, top = width or (NARROW if narrow else WIDE), [], 0.0
    shares = [number for row in among or rows if _is_share(row, scale) for number in row.numbers]
    common = shares_of_one(shares, start=_EDGE, end=width - _EDGE)
    for row in rows:
        log = row.log if scale == "own" else scale == "log"
        own = common if common is not None and _is_share(row, scale) else scale_for(row.numbers, start=_EDGE, end=width - _EDGE, log=log)
        content, height = (_row if row.is_measured else _absent)(row, own, width, narrow, skin)
        drawn.append(element("g", content, class_=f"row {row.tone}", transform=f"translate(0 {top:.0f})"))
        top += height
    marks, height = legend(among or rows, top, width) if key else ("", 0.0)
    return frame("".join(drawn) + marks, title=title, desc=desc, width=width, height=top + height, skin=skin, narrow=narrow)


def interval_pieces(rows: Sequence[Row], *, title: str, desc: str, skin: Skin) -> list[str]:
    """The same chart a row a piece, so that it goes on over the page's end; the last one explains the marks."""
    last = len(rows) - 1
    return [
        interval_chart([row], title=f"{title} ({place + 1} of {len(rows)})", desc=desc, skin=skin, among=rows, key=place == last)
        for place, row in enumerate(rows)
    ]


def _is_share(row: Row, scale: str) -> bool:
    return row.proportion and not row.log and scale == "own"


def _row(row: Row, scale: Scale, width: float, narrow: bool, skin: Skin) -> tuple[str, float]:
    head, used = _head(row, width, narrow)
    both: tuple[Which, Which] = ("rule_out", "rule_in")
    tags = [which for which in both if line_words(row, which)]
    # Side by side the two lines' words stand apart, each on the side it speaks of; on a phone they stand one above the other.
    place = _Place(scale, used + (_TEXT * len(tags) + 10 if narrow else 26), width, narrow, skin)
    parts = [head, _band(row, place)]
    parts += [_line(row, which, place, index if narrow else 0) for index, which in enumerate(_from_below(row, tags, place))]
    parts.append(_ticks(place))
    parts += [_other(row, each, place) for each in row.earlier]
    parts.append(_current(row, place))
    return "".join(parts), place.bottom + _FOOT


def _head(row: Row, width: float, narrow: bool) -> tuple[str, float]:
    """The name, the word and n, and how much height they take."""
    n = f"n {row.current.counted}" if row.current and row.current.n is not None else "n unknown" if row.current else ""
    if not narrow:
        named = element("tspan", escape(row.label), class_="name") + element("tspan", escape(row.word), class_="word", dx=10)
        return element("text", named, x=0, y=12) + text(n, width, 12, "quiet n", "end"), 12.0
    lines = lines_of(row.label, width)
    drawn = [element("text", element("tspan", escape(line), class_="name"), x=0, y=12 + _TEXT * index) for index, line in enumerate(lines)]
    y = 12 + _TEXT * len(lines)
    drawn.append(element("text", element("tspan", escape(row.word), class_="word"), x=0, y=y))
    return "".join(drawn) + text(n, width, y, "quiet n", "end"), y


def _band(row: Row, place: _Place) -> str:
    band = element("rect", x=0.0, y=place.top, width=place.width, height=_BAND, class_="band")
    # A value without the power to rule out stands on hatching: what is not assessed is never on pale green.
    if row.tone == "absent":
        return band + _hatch(place.width, place.top, _BAND)
    if row.rule_out is None or row.only_raises:
        return band
    at = place.scale.at(row.rule_out.at)
    start, end = (0.0, at) if row.higher_is_riskier else (at, place.width)
    return band + element("rect", x=start, y=place.top, width=end - start, height=_BAND, class_="zone")


def _words_at(row: Row, which: Which, place: _Place) -> tuple[float, Anchor, float]:
    """Where a line stands, to which side of it its words, and how far they reach."""
    at, room = place.scale.at(getattr(row, which).at), width_of(line_words(row, which)) + 4
    # The words stand on the side they speak of, so the two lines' words never meet; at an edge they turn inwards.
    if is_below(row, which):
        return at, "end" if at >= room else "start", room
    return at, "start" if at <= place.width - room else "end", room


def _from_below(row: Row, tags: list[Which], place: _Place) -> list[Which]:
    """The order of the words, the lowest first, such that the line of the upper ones does not cross the lower ones."""
    if len(tags) < 2:
        return tags
    at, anchor, room = _words_at(row, tags[0], place)
    start, end = (at - room, at) if anchor == "end" else (at, at + room)
    return tags[::-1] if start <= _words_at(row, tags[1], place)[0] <= end else tags


def _line(row: Row, which: Which, place: _Place, above: int) -> str:
    """A line and its words, `above` rows of words above the band."""
    (at, anchor, _), words, up = _words_at(row, which, place), line_words(row, which), _TEXT * above
    class_ = f"line {'out' if which == 'rule_out' else 'in'}"
    drawn = element("line", x1=at, y1=place.top - 16 - up, x2=at, y2=place.bottom + 3, class_=class_)
    return drawn + text(words, at - 4 if anchor == "end" else at + 4, place.top - 7 - up, "tag", anchor)


def _ticks(place: _Place) -> str:
    drawn = []
    for value in place.scale.ticks():
        at = place.scale.at(value)
        anchor: Anchor = "start" if at < 6 else "end" if at > place.width - 6 else "middle"
        drawn.append(element("line", x1=at, y1=place.bottom, x2=at, y2=place.bottom + 4, class_="grid"))
        drawn.append(text(f"{value.normalize():f}", at, place.bottom + 15, "tick", anchor))
    return "".join(drawn)


def _other(row: Row, measured: Measured, place: _Place) -> str:
    if measured.value is None:
        return ""
    dot = element("circle", cx=place.scale.at(measured.value), cy=place.bottom - 4, r=2.5, class_="earlier")
    return spoken(other_sentence(row, measured), dot, place.skin)


def _current(row: Row, place: _Place) -> str:
    now, middle = row.current, place.middle
    if now is None or now.value is None:
        return ""
    at = place.scale.at(now.value)
    if now.point_only:
        dot = element("circle", cx=at, cy=middle, r=5, class_="hollow")
        right = at < place.width - 80
        marks = dot + text("no interval", at + 10 if right else at - 10, middle + 4, "tag quiet", "start" if right else "end")
    else:
        marks = _bar(now, place) + element("circle", cx=at, cy=middle, r=5.5, class_="value")
    return spoken(sentence(row), _margin(row, now, place) + marks + _tip(row, place), place.skin, "now")


def _tip(row: Row, place: _Place) -> str:
    """What the mark says, in the drawing itself; a phone has no room for it, and the table beneath."""
    return "" if place.skin == "print" or place.narrow else text(sentence(row), place.width / 2, place.bottom + 15, "tip", "middle")


def _hatch(width: float, top: float, height: float) -> str:
    starts = range(0, int(width - height), 6)
    return element("path", d="".join(f"M{x} {top + height:.0f}l{height:.0f} -{height:.0f}" for x in starts), class_="hatch")


def _absent(row: Row, scale: Scale, width: float, narrow: bool, skin: Skin) -> tuple[str, float]:
    """A low hatched band and its words. Nothing is shaded: what was not measured never stands on pale green."""
    head, used = _head(row, width, narrow)
    said = "; ".join(each for each in ("no measurement", lines_in_words(row)) if each)
    if narrow:
        lines = lines_of(said, width, 10)
        words = "".join(text(line, 0, used + _TEXT * (index + 1), "tag") for index, line in enumerate(lines))
        used += _TEXT * len(lines)
    else:
        words = text(said, width, 12, "tag", "end")
    band = element("rect", x=0.0, y=used + 8, width=width, height=_ABSENT, class_="band")
    return head + words + spoken(sentence(row), band + _hatch(width, used + 8, _ABSENT), skin, "now"), used + _ABSENT + 25


def _bar(now: Measured, place: _Place) -> str:
    scale, middle = place.scale, place.middle
    open_low, open_high = now.low is None or scale.beyond(now.low), now.high is None
    start = scale.start if now.low is None else scale.at(now.low)
    end = scale.end if now.high is None else scale.at(now.high)
    parts = [element("rect", x=start, y=middle - 2.5, width=max(end - start, 1.0), height=5, class_="bar")]
    if open_low:
        parts.append(element("path", d=f"M{start:.1f} {middle:.1f}l9 -6v12z", class_="arrow low"))
    if open_high:
        parts.append(element("path", d=f"M{end:.1f} {middle:.1f}l-9 -6v12z", class_="arrow high"))
    return "".join(parts)


def _margin(row: Row, now: Measured, place: _Place) -> str:
    """From the bound to where the safety margin moves it: the end is what is compared with the line."""
    side = now.high if row.higher_is_riskier else now.low
    start, middle = now.value if now.point_only else side, place.middle
    if now.bound is None or start is None or now.bound == start:
        return ""
    at = place.scale.at(now.bound)
    return element("path", d=f"M{place.scale.at(start):.1f} {middle:.1f}H{at:.1f}M{at:.1f} {middle - 5:.1f}v10", class_="margin")
