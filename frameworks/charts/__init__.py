"""Charts as SVG text, drawn on the server; pure: values in, the same bytes out every time.

    svg = interval_chart(rows_of(threshold["tree"], log_scales={"uplift"}), title="CBRN-3: every indicator", desc="…")
    table = table_of(rows)          the same numbers, for the data table beside it

`skin="page"` leaves colours to the stylesheet (classes only, fit for a strict content policy); `skin="print"` carries plain colours and
leaves out what only a screen can do, for the PDF. Everything people wrote is escaped here; a view may mark the result safe.
"""

from frameworks.charts.interval import interval_chart, interval_pieces
from frameworks.charts.measured import Line, Measured, Row
from frameworks.charts.rows import Cell, DataTable, rows_of, rows_of_leaves, table_of
from frameworks.charts.timeline import Event, Step, Track, tier_timeline

__all__ = [
    "Cell",
    "DataTable",
    "Event",
    "Line",
    "Measured",
    "Row",
    "Step",
    "Track",
    "interval_chart",
    "interval_pieces",
    "rows_of",
    "rows_of_leaves",
    "table_of",
    "tier_timeline",
]
