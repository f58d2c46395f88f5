"""What a table that leaves the house is: columns with names and kinds, rows one at a time, and where in the record it was taken.

One description serves every format, so that no column can say one thing in a spreadsheet and another in a text file.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ledger.refusals import NotValid
from ledger.services import head

Cell = str | int | Decimal | datetime | bool | None


class Kind(StrEnum):
    """How a column is written. A decimal travels as its text, for a spreadsheet's own numbers would lose its significance."""

    TEXT = "text"
    NUMBER = "number"
    DECIMAL = "decimal"
    MOMENT = "moment"
    YES_NO = "yes or no"


class FiltersNotValid(NotValid):
    """A page may fall back to its first rows; a file that says less or more than was asked would be believed."""

    code = "filters_not_valid"
    sentence = "The filters in the address are not understood, so no table was made."
    what_to_do = "Set the filters on the page, then take the table from there."


@dataclass(frozen=True, slots=True)
class Column:
    """`read` takes this column's cell from a row; `width` is how wide a spreadsheet draws it, in characters."""

    title: str
    kind: Kind
    read: Callable[[Any], Cell]
    width: int = 16


@dataclass(frozen=True, slots=True)
class Seal:
    """As of when the table tells, and how long the record was when it was taken."""

    as_of: datetime
    ledger_size: int
    ledger_root: str


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` may be read once: they come as they are fetched. `about` is said above the rows, beside the seal; `of_one` names the one case or model it tells
    of, for the name of its file."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Iterable[Any]
    seal: Seal
    about: Sequence[tuple[str, str]] = ()
    of_one: str = ""

    def cells(self) -> Iterator[list[str | int]]:
        """Each row as it is written: numbers as numbers, everything else as text."""
        readers = [(column.read, WRITERS[column.kind]) for column in self.columns]
        for row in self.rows:
            yield [write(read(row)) for read, write in readers]

    def told(self) -> list[tuple[str, str]]:
        """What a reader has to know of the whole."""
        return [
            ("Table", self.title),
            *self.about,
            ("As of", self.seal.as_of.astimezone(UTC).isoformat()),
            ("Ledger entries", str(self.seal.ledger_size)),
            ("Ledger root", self.seal.ledger_root),
        ]


def sealed_now(as_of: datetime) -> Seal:
    """The head of the record at this moment. Raises LogNotOpened."""
    top = head()
    return Seal(as_of, top.size, f"sha256:{bytes(top.root).hex()}")


def spaced(code: str) -> str:
    """`cannot_rule_out` as people read it."""
    return code.replace("_", " ")


def _text(value: Cell) -> str:
    return "" if value is None else str(value)


def _number(value: Cell) -> str | int:
    return "" if value is None else int(value)  # type: ignore[arg-type]


def _moment(value: Cell) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else ""


def _yes_no(value: Cell) -> str:
    return "" if value is None else "yes" if value else "no"


WRITERS: dict[Kind, Callable[[Cell], str | int]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DECIMAL: _text,
    Kind.MOMENT: _moment,
    Kind.YES_NO: _yes_no,
}
