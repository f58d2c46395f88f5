"""A table as a spreadsheet: a first sheet that says what it is, then the rows, written one by one so that memory does not grow with them."""

from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reviews.tables.table import Table

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a spreadsheet can hold; past it the writer would drop without a word.
MOST_ROWS = 1_048_576
LONGEST_TEXT = 32_767
CUT = " … (cut: a cell holds no more)"


def write(table: Table, file: BinaryIO) -> int:
    """Write the workbook into `file` and give the number of rows. Every text stays text: no formula, no link, no guessed number."""
    book = Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    bold = book.add_format({"bold": True})
    about = book.add_worksheet("About")
    about.set_column(0, 0, 18)
    about.set_column(1, 1, 90)
    for line, (label, said) in enumerate(table.told()):
        about.write_string(line, 0, label, bold)
        about.write_string(line, 1, _fitting(said))
    # How many rows there are is known only at the end; each sheet keeps its own place, so the first can still be written on.
    count = _rows(table, book, bold)
    about.write_string(line + 1, 0, "Rows", bold)
    about.write_number(line + 1, 1, count)
    book.close()
    return count


def _rows(table: Table, book: Workbook, bold: Format) -> int:
    sheet, line, count = _sheet(table, book, bold, 1), 0, 0
    for count, cells in enumerate(table.cells(), start=1):
        if line == MOST_ROWS - 1:
            sheet, line = _sheet(table, book, bold, 1 + count // (MOST_ROWS - 1)), 0
        line += 1
        for place, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(line, place, cell)
            elif cell:
                sheet.write_string(line, place, _fitting(cell))
    return count


def _sheet(table: Table, book: Workbook, bold: Format, number: int) -> Worksheet:
    name = table.name.capitalize() if number == 1 else f"{table.name.capitalize()} {number}"
    sheet = book.add_worksheet(name)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.title, bold)
    sheet.freeze_panes(1, 0)
    return sheet


def _fitting(text: str) -> str:
    """The text, or as much as a cell holds with a word that it was cut: the limit counts UTF-16 units, so the cut counts them twice."""
    if len(text) * 2 <= LONGEST_TEXT or len(text.encode("utf-16-le")) // 2 <= LONGEST_TEXT:
        return text
    return text[: LONGEST_TEXT // 2 - len(CUT)] + CUT
