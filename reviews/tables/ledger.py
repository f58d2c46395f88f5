"""The ledger as a table: each entry as a sentence with its leaf. For proofs there is the signed export; this is for reading and sorting."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from ledger.models import Entry
from ledger.queries import Filters, filtered
from ledger.sentences import long_list
from reviews.tables.table import Column, Kind, Table, sealed_now

FETCHED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Line:
    entry: Entry
    sentence: str


def ledger_table(*, filters: Filters, at: datetime) -> Table:
    """The entries up to now that fit, oldest first. Sentences hold open values only, whoever reads."""
    seal = sealed_now(at)
    return Table("ledger", "Ledger", COLUMNS, _lines(filters, seal.ledger_size), seal)


def _lines(filters: Filters, size: int) -> Iterator[Line]:
    found = filtered(filters).filter(seq__lt=size).order_by("seq")
    entries = found.iterator(FETCHED_AT_ONCE)
    while some := list(islice(entries, FETCHED_AT_ONCE)):
        yield from (Line(entry, words) for entry, words in zip(some, long_list(some), strict=True))


COLUMNS = (
    Column("Entry", Kind.NUMBER, lambda line: line.entry.seq, 10),
    Column("Recorded", Kind.MOMENT, lambda line: line.entry.recorded_at, 26),
    Column("True as of", Kind.MOMENT, lambda line: line.entry.at, 26),
    Column("Kind", Kind.TEXT, lambda line: line.entry.kind, 32),
    Column("What happened", Kind.TEXT, lambda line: line.sentence, 80),
    Column("About", Kind.TEXT, lambda line: line.entry.thing, 48),
    Column("Actor", Kind.TEXT, lambda line: line.entry.actor, 38),
    Column("Leaf", Kind.TEXT, lambda line: f"sha256:{bytes(line.entry.leaf_hash).hex()}", 72),
)
