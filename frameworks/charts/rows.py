"""From the reason tree of an assessment to the rows of a chart, and from rows to the table that stands beside it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from frameworks.charts.interval import Line, Measured, Row, written_bound
from frameworks.engine.explain import number

COLUMNS = ("Indicator", "Finding", "Value", "Low", "High", "n", "Rules out", "Rules in")
# Enough to tell a bound from its line by eye; the record keeps every digit.
TABLE_DIGITS = 6


def rows_of(tree: Mapping[str, Any], *, log_scales: Collection[str] = ()) -> tuple[Row, ...]:
    """A row for each indicator in a reason tree (the shape stands in `frameworks/engine/types.py`), each once, in the tree's order.
    `log_scales` names the indicators that are read on a log scale."""
    found: dict[str, Row] = {}
    for leaf in _leaves(tree):
        found.setdefault(leaf["indicator"], _row(leaf, log=leaf["indicator"] in log_scales))
    return tuple(found.values())


def table_of(rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The columns and lines of the data table: every number of the chart, as text."""
    return COLUMNS, tuple(_table_line(row) for row in rows)


def _leaves(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if node.get("indicator"):
        yield node
    for child in node.get("children") or ():
        yield from _leaves(child)


def _row(leaf: Mapping[str, Any], *, log: bool) -> Row:
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
        current=_measured(current) if current else None,
        earlier=tuple(_measured(each) for each in measured if each is not current),
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


def _measured(each: Mapping[str, Any]) -> Measured:
    return Measured(
        value=_decimal(each["value"]),
        low=_decimal(each["low"]),
        high=_decimal(each["high"]),
        n=each["n"],
        label=each.get("snapshot_label") or "",
        point_only=each["point_only"],
        bound=_decimal(each["bound"]),
        qualifies=each["qualifies"],
    )


def _decimal(written: str | None) -> Decimal | None:
    return None if written in (None, "unbounded") else Decimal(written)


def _written(bound: Decimal | None) -> str:
    return written_bound(None if bound is None else Decimal(number(bound, TABLE_DIGITS)))


def _table_line(row: Row) -> tuple[str, ...]:
    now = row.current
    lines = tuple("" if line is None else str(line.at) for line in (row.rule_out, row.rule_in))
    if now is None or now.value is None:
        return (row.label, row.word, "no measurement", "", "", "", *lines)
    bounds = ("no interval", "no interval") if now.point_only else (_written(now.low), _written(now.high))
    return (row.label, row.word, number(now.value, TABLE_DIGITS), *bounds, "unknown" if now.n is None else str(now.n), *lines)
