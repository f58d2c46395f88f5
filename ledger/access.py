"""The only doors to the record: who may read it, and which classes of values they see."""

from typing import Protocol

from django.http import HttpRequest

from ledger.entry_format import HAZARD, INTERNAL, PERSONAL, PUBLIC
from ledger.refusals import NotKnown


class Reader(Protocol):
    """What the record needs to know of whoever reads it; the room above puts it on the request."""

    @property
    def roles(self) -> frozenset[str]: ...

    @property
    def cleared(self) -> bool: ...


# One who sees a single dossier only may not learn from the record which others there are.
OUTSIDE = frozenset({"outside_evaluator"})


def reader_of(request: HttpRequest) -> Reader:
    """Whoever reads. Raises `NotKnown` for people without a role inside: to them there is no record."""
    reader: Reader | None = getattr(request, "actor", None)
    if reader is None or not reader.roles - OUTSIDE:
        raise NotKnown
    return reader


def classes_for(reader: Reader) -> frozenset[str]:
    """The classes of values shown: hazardous ones to the cleared, personal ones to them and to auditors, open ones to all."""
    shown = {PUBLIC, INTERNAL}
    if reader.cleared:
        shown |= {PERSONAL, HAZARD}
    if "auditor" in reader.roles:
        shown.add(PERSONAL)
    return frozenset(shown)
