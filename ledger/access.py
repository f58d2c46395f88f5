"""The only doors to the record: who may read it, and which classes of values they see."""

from typing import Protocol
from uuid import UUID

from django.http import HttpRequest

from ledger.entry_format import HAZARD, INTERNAL, PERSONAL, PUBLIC
from ledger.refusals import NotAllowed, NotKnown


class Whose(Protocol):
    @property
    def pk(self) -> UUID: ...


class Reader(Protocol):
    """What the record needs to know of whoever reads it; the room above puts it on the request."""

    @property
    def roles(self) -> frozenset[str]: ...

    @property
    def cleared(self) -> bool: ...

    @property
    def person(self) -> Whose: ...


# One who sees a single dossier only may not learn from the record which others there are.
OUTSIDE = frozenset({"outside_evaluator"})


def reader_of(request: HttpRequest) -> Reader:
    """Whoever reads. Raises `NotKnown` for people without a role inside: to them there is no record."""
    reader: Reader | None = getattr(request, "actor", None)
    if reader is None or not reader.roles - OUTSIDE:
        raise NotKnown
    return reader


# Who may take the whole record away as one file: those who audit it, and those who answer for it. The others read it page by page.
EXPORTERS = frozenset({"auditor", "chair", "executive", "administrator"})


class MayNotExport(NotAllowed):
    code = "may_not_export"
    sentence = "The whole record is taken away by auditors, the chair, executives and administrators."
    what_to_do = "Ask one of them for the file."


def may_export(reader: Reader) -> bool:
    return bool(reader.roles & EXPORTERS)


def exporter_of(request: HttpRequest) -> Reader:
    """Whoever takes the record away. Raises `NotKnown`, `MayNotExport`."""
    reader = reader_of(request)
    if not may_export(reader):
        raise MayNotExport
    return reader


def classes_for(reader: Reader) -> frozenset[str]:
    """The classes of values shown: hazardous ones to the cleared, personal ones to them and to auditors, open ones to all."""
    shown = {PUBLIC, INTERNAL}
    if reader.cleared:
        shown |= {PERSONAL, HAZARD}
    if "auditor" in reader.roles:
        shown.add(PERSONAL)
    return frozenset(shown)
