"""From the reason tree of an assessment to the rows of a chart, and from rows to the table that stands beside it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from frameworks import figures
from frameworks.charts.measured import Line, Measured, Row, levels, lines_in_words, other_word


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a data table: what is shown, every digit of it where that is less, and whether it is a number."""

    text: str
    whole: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class DataTable:
    """`columns` with their lines; `note` says once what the bounds are and how they are rounded."""

    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str


def rows_of(tree: Mapping[str, Any], *, log_scales: Collection[str] = (), days: Mapping[str, date] | None = None) -> tuple[Row, ...]:
    """A row for each indicator in a reason tree (the shape stands in `frameworks/engine/types.py`), each once, in the tree's order.
    `log_scales` names the indicators that are read on a log scale, `days` the day of each measurement. A leaf marked `only_raises` (`frameworks.finding_tree`) has no line that rules out."""
    return rows_of_leaves(_leaves(tree), log_scales=log_scales, days=days)


def rows_of_leaves(
    leaves: Iterable[Mapping[str, Any]],
    *,
    log_scales: Collection[str] = (),
    days: Mapping[str, date] | None = None,
) -> tuple[Row, ...]:
    """The same for some leaves of it."""
    found: dict[str, Row] = {}
    for leaf in leaves:
        slug = leaf["indicator"]
        raises = bool(leaf.get("only_raises")) or leaf.get("counts") is False
        found.setdefault(slug, _row(leaf, log=slug in log_scales, days=days or {}, only_raises=raises))
    return tuple(found.values())


def table_of(rows: Sequence[Row]) -> DataTable:
    """The data table: every number of the chart, the results behind what decides each in a line of its own."""
    level = levels(rows)
    note = f"Bounds: {level}, {figures.OUTWARDS}." if level else ""
    titles = ("Indicator", "Finding", "Value", f"Bounds, {level}" if level else "Bounds", "n", "Method", "Snapshot", "Measured", "Lines")
    columns = tuple(Cell(title, number=place in NUMBERS) for place, title in enumerate(titles))
    return DataTable(columns, tuple(line for row in rows for line in _lines(row)), note)


NUMBERS = frozenset({2, 3, 4})


def _leaves(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if node.get("indicator"):
        yield node
    for child in node.get("children") or ():
        yield from _leaves(child)


def _row(leaf: Mapping[str, Any], *, log: bool, days: Mapping[str, date], only_raises: bool) -> Row:
    measured = [each for each in leaf["measurements"] if each["value"] is not None]
    current = _current(leaf, measured)
    return Row(
        label=leaf.get("title") or leaf["indicator"],
        outcome=leaf["outcome"],
        higher_is_riskier=leaf["direction"] == "higher",
        unit=leaf.get("unit") or "",
        log=log,
        rule_out=_line(leaf["line"]),
        rule_in=_line(leaf["rule_in"]),
        current=_measured(current, days) if current else None,
        earlier=tuple(_measured(each, days) for each in measured if each is not current),
        proportion=leaf.get("metric") == "proportion",
        only_raises=only_raises,
    )


def _current(leaf: Mapping[str, Any], measured: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The measurement that decides; where none does, one that qualifies; else the last one told."""
    for wanted in (leaf["deciding"], *leaf["qualifying"]):
        for each in measured:
            if each["id"] == wanted:
                return each
    return measured[-1] if measured else None


def _line(line: Mapping[str, Any] | None) -> Line | None:
    return Line(Decimal(line["at"]), line["inclusive"]) if line else None


def _measured(each: Mapping[str, Any], days: Mapping[str, date]) -> Measured:
    return Measured(
        value=figures.read(each["value"]),
        low=figures.read(each["low"]),
        high=figures.read(each["high"]),
        n=each["n"],
        label=each.get("snapshot_label") or "",
        point_only=each["point_only"],
        bound=figures.read(each["bound"]),
        qualifies=each["qualifies"],
        level=each.get("level") or "",
        method=each.get("method") or "",
        at=days.get(each["id"]),
    )


def _lines(row: Row) -> Iterator[tuple[Cell, ...]]:
    lines = Cell(lines_in_words(row))
    if row.current is None or row.current.value is None:
        empty = (*(Cell("", number=True) for _ in range(2)), *(Cell("") for _ in range(3)))
        yield (Cell(row.label), Cell(row.word), Cell("no measurement", number=True), *empty, lines)
    else:
        yield _result(row, row.current, row.word, lines)
    for each in row.earlier:
        yield _result(row, each, other_word(row, each), Cell(""))


def _result(row: Row, measured: Measured, finding: str, lines: Cell) -> tuple[Cell, ...]:
    unit = f" {row.unit}" if row.unit else ""
    return (
        Cell(row.label),
        Cell(finding),
        _number(f"{row.value(measured)}{unit}", f"{_whole(measured.value)}{unit}"),
        _number(row.interval(measured), "" if measured.point_only else f"{_whole(measured.low)} to {_whole(measured.high)}"),
        Cell(measured.counted, number=True),
        Cell(measured.method),
        Cell(measured.label),
        Cell(measured.day or "not known"),
        lines,
    )


def _number(shown: str, whole: str) -> Cell:
    return Cell(shown, "" if whole == shown else whole, number=True)


def _whole(number: Decimal | None) -> str:
    return figures.UNBOUNDED if number is None else f"{number:f}"
