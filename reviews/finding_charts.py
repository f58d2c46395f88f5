"""The charts of findings, and the numbers that stand beside them: the same drawing on a model's page, on a case and in its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from evaluations.queries import Origin, origins
from frameworks.charts import DataTable, Row, interval_chart, rows_of_leaves, table_of
from frameworks.engine.types import FrameworkDocument
from frameworks.finding_tree import bearing, leaves_of

Findings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Chart:
    """One drawing, the same for a phone, and its numbers."""

    svg: SafeString
    narrow: SafeString
    table: DataTable


@dataclass(frozen=True)
class Rows:
    """What decides a finding, the thresholds it was reached through (slug and title), and the indicators of branches that did not decide."""

    deciding: Sequence[Row]
    through: Sequence[tuple[str, str]]
    others: Sequence[Row]


@dataclass(frozen=True)
class FindingChart:
    chart: Chart | None
    through: Sequence[tuple[str, str]]
    others: Chart | None
    others_count: int


def measurement_ids(*several: Findings) -> set[str]:
    """Every measurement that bears on some findings."""
    return {
        each["id"]
        for findings in several
        for finding in findings.values()
        for leaf in leaves_of(finding["tree"])
        for each in leaf["measurements"]
    }


def days_of(*several: Findings) -> dict[str, date]:
    """The day each measurement of them was made, where its file says so; one query."""
    return days_in(origins(measurement_ids(*several)))


def days_in(found: Mapping[str, Origin]) -> dict[str, date]:
    return {each: origin.measured_on for each, origin in found.items() if origin.measured_on is not None}


@dataclass(frozen=True)
class FindingCharts:
    """All findings of an assessment, for one may lean on another."""

    document: FrameworkDocument
    findings: Findings
    days: Mapping[str, date]

    def of(self, slug: str) -> FindingChart | None:
        """The indicators of a finding against their lines; None where there is no finding, or no indicator and nothing it leans on."""
        rows = self.rows(slug)
        if rows is None or not (rows.deciding or rows.through or rows.others):
            return None
        title = self.document.threshold_title(slug)
        return FindingChart(
            chart_of(rows.deciding, f"{title}: each indicator against its lines") if rows.deciding else None,
            rows.through,
            chart_of(rows.others, f"{title}: the branches that did not decide") if rows.others else None,
            len(rows.others),
        )

    def rows(self, slug: str) -> Rows | None:
        finding = self.findings.get(slug)
        if finding is None:
            return None
        found = bearing(finding, self.findings, self.document)
        through = [(each, self.document.threshold_title(each)) for each in found.through]
        return Rows(self._rows(found.leaves), through, self._rows(found.others))

    def _rows(self, leaves: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
        logs = {indicator.slug for indicator in self.document.indicators if indicator.log_scale}
        return rows_of_leaves(leaves, log_scales=logs, days=self.days)


def chart_of(rows: Sequence[Row], title: str) -> Chart:
    """Some rows as the page draws them."""
    return _drawn(tuple(rows), title)


@lru_cache(maxsize=256)
def _drawn(rows: tuple[Row, ...], title: str) -> Chart:
    """The same rows give the same drawing, whatever is written elsewhere."""
    desc = "Value, interval, number of items and lines of every indicator."
    wide, narrow = (interval_chart(rows, title=title, desc=desc, narrow=phone) for phone in (False, True))
    # Everything people wrote was escaped by the chart itself.
    return Chart(mark_safe(wide), mark_safe(narrow), table_of(rows))  # noqa: S308
