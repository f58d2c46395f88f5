"""The legend beneath an interval chart: each mark that the drawing holds, once, and no other."""

from collections.abc import Callable, Sequence

from frameworks.charts.measured import Row, levels, methods, other_word
from frameworks.charts.svg import element, text, width_of

_LINE, _MARK, _GAP = 18.0, 20.0, 16.0
_Draw = Callable[[float, float], str]


def legend(rows: Sequence[Row], top: float, width: float) -> tuple[str, float]:
    """The drawing and how high it is; nothing where no row holds a measurement."""
    drawn, x, y = [], 0.0, top + 14
    for draw, words in _entries(rows):
        wide = _MARK + width_of(words, 10)
        if x and x + wide > width:
            x, y = 0.0, y + _LINE
        drawn.append(draw(x, y) + text(words, x + _MARK, y, "key"))
        x += wide + _GAP
    return (element("g", "".join(drawn), class_="legend"), y + 8 - top) if drawn else ("", 0.0)


def _entries(rows: Sequence[Row]) -> list[tuple[_Draw, str]]:
    measured = [row for row in rows if row.is_measured]
    now = [(row, row.current) for row in measured if row.current is not None]
    found: list[tuple[_Draw, str]] = []
    if any(not each.point_only for _, each in now):
        found += [(_dot("key-value", 4.5), "value"), (_bar, _bounds(measured))]
    if any(each.point_only for _, each in now):
        found.append((_dot("key-hollow", 4), "value without an interval"))
    if any(each.bound is not None and each.bound not in (each.low, each.high) and not each.point_only for _, each in now):
        found.append((_dashed, "safety margin"))
    others = {other_word(row, each) for row in measured for each in row.earlier if each.value is not None}
    if others:
        # Where even one is not known to be earlier, none is called so.
        found.append((_dot("key-earlier", 2.5), "earlier results" if others == {"earlier result"} else "other results, dated in the table"))
    return found


def _bounds(rows: Sequence[Row]) -> str:
    level, method = levels(rows), methods(rows)
    return f"{level or 'its'} bounds{f' ({method})' if method else ''}"


def _dot(class_: str, radius: float) -> _Draw:
    return lambda x, y: element("circle", cx=x + 8, cy=y - 3.5, r=radius, class_=class_)


def _bar(x: float, y: float) -> str:
    return element("rect", x=x, y=y - 6, width=16.0, height=5, class_="key-bar")


def _dashed(x: float, y: float) -> str:
    return element("path", d=f"M{x:.1f} {y - 3.5:.1f}h16", class_="key-margin")
