"""The chart of one finding, and the numbers that stand beside it: the same drawing on a model's page and on a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from frameworks.charts import interval_chart, rows_of, table_of
from frameworks.engine.types import FrameworkDocument


@dataclass(frozen=True)
class Chart:
    svg: SafeString
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def finding_chart(finding: Mapping[str, Any] | None, title: str, document: FrameworkDocument) -> Chart | None:
    """Every indicator of a finding against its lines; None where no indicator bears on it."""
    if finding is None:
        return None
    logs = {indicator.slug for indicator in document.indicators if indicator.log_scale}
    rows = rows_of(finding["tree"], log_scales=logs)
    if not rows:
        return None
    columns, lines = table_of(rows)
    svg = interval_chart(
        rows,
        title=f"{title}: each indicator against its lines",
        desc="Value, interval, number of items and lines of every indicator.",
    )
    # Everything people wrote was escaped by the chart itself.
    return Chart(mark_safe(svg), columns, lines)  # noqa: S308
