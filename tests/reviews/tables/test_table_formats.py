"""Tables as files: nothing a spreadsheet would run, nothing lost of a number, nothing that grows in memory, and the seal on top."""

import csv
import io
import re
import tempfile
import tracemalloc
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from reviews.tables import as_csv, as_xlsx
from reviews.tables.table import Column, Kind, Seal, Table
from tests.makers import NOON

SEAL = Seal(NOON, 12, "sha256:" + "ab" * 32)
TEXT, NUMBER, DECIMAL, MOMENT, YES = (
    Column(kind.capitalize(), kind, lambda row, place=place: row[place])
    for place, kind in enumerate((Kind.TEXT, Kind.NUMBER, Kind.DECIMAL, Kind.MOMENT, Kind.YES_NO))
)


def table(*rows: tuple[Any, ...]) -> Table:
    return Table("things", "Things", (TEXT, NUMBER, DECIMAL, MOMENT, YES), rows, SEAL, [("Framework", "board 1")])


def csv_rows(made: Table) -> list[list[str]]:
    text = "".join(as_csv.pieces(made))
    told = len(made.told())
    body = text.split("\r\n", told)[told].rpartition("# Rows: ")[0]
    return list(csv.reader(io.StringIO(body, newline="")))


def sheets(made: Table) -> Any:
    file = io.BytesIO()
    as_xlsx.write(made, file)
    return load_workbook(file)


def test_a_text_table_says_what_it_is_and_that_it_is_whole() -> None:
    lines = "".join(as_csv.pieces(table(("a", 1, Decimal("0.50"), NOON, True)))).split("\r\n")
    assert lines == [
        "# Table: Things",
        "# Framework: board 1",
        "# As of: 2026-05-22T12:00:00+00:00",
        "# Ledger entries: 12",
        "# Ledger root: sha256:" + "ab" * 32,
        "Text,Number,Decimal,Moment,Yes or no",
        "a,1,0.50,2026-05-22T12:00:00+00:00,yes",
        "# Rows: 1",
        "",
    ]


def test_what_is_said_above_the_rows_stays_on_its_line() -> None:
    made = Table("things", "Things\r\n=1+1", (TEXT,), (), SEAL)
    assert "".join(as_csv.pieces(made)).startswith("# Table: Things =1+1\r\n# As of")


def test_a_spreadsheet_says_the_same_on_its_first_sheet() -> None:
    book = sheets(table(("a", 1, Decimal("0.50"), NOON, False), ("b", None, None, None, None)))
    assert book.sheetnames == ["About", "Things"]
    about = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert about == dict(table().told()) | {"Rows": 2}
    assert [list(row) for row in book["Things"].iter_rows(values_only=True)] == [
        ["Text", "Number", "Decimal", "Moment", "Yes or no"],
        ["a", 1, "0.50", "2026-05-22T12:00:00+00:00", "no"],
        ["b", None, None, None, None],
    ]


def test_a_moment_of_another_zone_is_told_in_utc() -> None:
    east = datetime(2026, 5, 22, 14, tzinfo=timezone(timedelta(hours=2)))
    assert csv_rows(table(("", 0, None, east, None)))[1][3] == "2026-05-22T12:00:00+00:00"


@pytest.mark.parametrize("start", as_csv.FORMULA)
def test_a_text_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    hostile = f'{start}HYPERLINK("http://evil.example","x")'
    made = table((hostile, 1, None, None, None))
    assert csv_rows(made)[1][0] == f"'{hostile}"
    cell = sheets(made)["Things"]["A2"]
    assert (cell.data_type, cell.hyperlink) == ("s", None)


@given(text=st.text(max_size=60))
def test_no_text_ever_begins_as_a_formula(text: str) -> None:
    cell = csv_rows(table((text, 1, None, None, None)))[1][0]
    assert not cell.startswith(as_csv.FORMULA)
    assert cell.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_nothing_runs_where_a_spreadsheet_splits_a_line_we_did_not(separator: str) -> None:
    """A comma in a comment line begins a new cell, and so does a semicolon anywhere where that is the separator."""
    name = f"Heron{separator}=1+1"
    made = Table("things", name, (TEXT,), [(name,)], SEAL)
    text = "".join(as_csv.pieces(made))
    cells = text.replace('"', "").replace("\t", separator).replace("\r\n", separator).split(separator)
    assert len([cell for cell in cells if cell == "'=1+1"]) >= 1 and not any(cell.startswith(as_csv.FORMULA) for cell in cells)


@pytest.mark.parametrize("start", as_csv.FORMULA)
def test_a_title_that_a_spreadsheet_would_run_is_defused_like_any_cell(start: str) -> None:
    """A framework names its axes and domains as it likes, and a table's columns are called after them."""
    hostile = f"{start}1+1"
    made = Table("things", "Things", (Column(hostile, Kind.TEXT, lambda row: row),), ["heron"], SEAL)
    assert csv_rows(made) == [[f"'{hostile}"], ["heron"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_nothing_runs_where_a_line_ends_within_a_text_that_another_countrys_spreadsheet_does_not_take_for_quoted(end: str) -> None:
    made = Table(
        "things",
        "Things",
        (Column("Number", Kind.NUMBER, lambda row: 1), Column("Text", Kind.TEXT, lambda row: row)),
        [f"Heron{end}=1+1"],
        SEAL,
    )
    told = "".join(as_csv.pieces(made))
    cells = [cell for line in re.split(r"\r\n|\r|\n", told) for cell in line.split(";")]
    assert "'=1+1\"" in cells and not any(cell.startswith(as_csv.FORMULA) for cell in cells), cells


@given(number=st.integers(-(10**12), 10**12), decimal=st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_stay_numbers_with_every_digit(number: int, decimal: Decimal) -> None:
    made = table(("", number, decimal, None, None))
    row = csv_rows(made)[1]
    assert int(row[1]) == number
    assert Decimal(row[2]).as_tuple() == decimal.as_tuple()


@pytest.mark.parametrize("word", ["=1", "-", "-1-1", "+cmd|' /C calc'!A0", "-1\n=1"])
def test_a_word_in_a_column_of_decimals_is_defused_like_any_other(word: str) -> None:
    assert csv_rows(table(("", 1, word, None, None)))[1][2] == f"'{word}".replace("\n=", "\n'=")


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    whole, long = "é" * as_xlsx.LONGEST_TEXT, "𝄞" * as_xlsx.LONGEST_TEXT
    sheet = sheets(table((whole, 1, None, None, None), (long, 1, None, None, None)))["Things"]
    assert sheet["A2"].value == whole
    assert sheet["A3"].value.endswith(as_xlsx.CUT) and sheet["A3"].value.startswith("𝄞" * 1000)


def test_rows_beyond_one_sheet_go_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_xlsx, "MOST_ROWS", 4)
    book = sheets(table(*((str(n), n, None, None, None) for n in range(7))))
    assert book.sheetnames == ["About", "Things", "Things 2", "Things 3"]
    told = [row[1] for name in book.sheetnames[1:] for row in book[name].iter_rows(values_only=True, min_row=2)]
    assert told == list(range(7))


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(format: str) -> None:
    def peak(rows: int) -> int:
        made = Table("things", "Things", (TEXT, NUMBER), ((f"row {n}", n) for n in range(rows)), SEAL)
        tracemalloc.start()
        with tempfile.TemporaryFile() as file:
            if format == "csv":
                file.writelines(piece.encode() for piece in as_csv.pieces(made))
            else:
                as_xlsx.write(made, file)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(8_000) < 2 * peak(1_000) + 1_000_000
