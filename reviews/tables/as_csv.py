"""A table as CSV (RFC 4180), a piece at a time: what it is in comment lines, then a header, then the rows, then a line that says it is whole."""

import csv
import re
from collections.abc import Iterator
from io import StringIO

from reviews.tables.table import Kind, Table

CONTENT_TYPE = "text/csv; charset=utf-8; header=present"
# Spreadsheets run a cell that begins so as a formula, whatever the file says it is; the last four are their full-width twins.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a spreadsheet may begin a cell although we did not: at a comma in a comment line, which is not quoted, at the separators of other countries, and, as our
# quotes mean nothing there, at the end of a line within a text.
SEPARATED = re.compile(rf"(?<=[,;\t\r\n])(?=[{re.escape(''.join(FORMULA))}])")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][+-]?[0-9]+)?")
ROWS_AT_ONCE = 250


def pieces(table: Table) -> Iterator[str]:
    """The file in pieces of a few hundred rows. A file without its last line was cut off on the way."""
    yield "".join(f"# {label}: {_apart(_one_line(said))}\r\n" for label, said in table.told())
    decimals = [column.kind == Kind.DECIMAL for column in table.columns]
    out = StringIO(newline="")
    writer = csv.writer(out)
    # Titles of axes, domains and scopes are somebody's words too.
    writer.writerow([defused(column.title, decimal=False) for column in table.columns])
    count = 0
    for count, cells in enumerate(table.cells(), start=1):
        writer.writerow([defused(cell, decimal=decimal) for cell, decimal in zip(cells, decimals, strict=True)])
        if count % ROWS_AT_ONCE == 0:
            yield _taken(out)
    yield _taken(out)
    yield f"# Rows: {count}\r\n"


def defused(cell: str | int, *, decimal: bool) -> str | int:
    """The cell, with an apostrophe before anything a spreadsheet would run. Numbers stay numbers, negative ones too."""
    if isinstance(cell, int) or (decimal and NUMBER.fullmatch(cell)):
        return cell
    cell = _apart(cell)
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _apart(text: str) -> str:
    return SEPARATED.sub("'", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _taken(out: StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
