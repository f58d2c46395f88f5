"""What left the house: reports and tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.entry_format import PUBLIC
from ledger.models import Entry
from ledger.sentences import describe
from ledger.services import append
from people.models import Person
from reviews.entries.writing import append_by
from reviews.models import Case, Export

REPORT_MADE = "reviews:report:made"


def export_requested(export_id: UUID, case: Case, *, actor: Person, at: datetime, export_kind: str) -> Entry:
    return append_by("reviews:export:requested", f"export:{export_id}", actor, at, {"case": case.pk, "kind": export_kind})


def report_made(export: Export, *, documents: dict[str, str], root: str, at: datetime) -> Entry:
    """`documents`: by format the digest of each form of this report: the file itself, and the JSON a PDF was set from. All of it is public, so that every
    export of the ledger knows the reports made before it."""
    fields = {"case": export.case_id, "format": export.kind, "ledger_size": export.ledger_size, "root": root} | documents
    return append(kind=REPORT_MADE, thing=f"export:{export.pk}", actor=None, at=at, fields=fields, classes=dict.fromkeys(fields, PUBLIC))


def table_exported(export_id: UUID, *, actor: Person, at: datetime, fields: dict[str, Any]) -> Entry:
    return append_by("reviews:table:exported", f"export:{export_id}", actor, at, fields)


describe("reviews:export:requested", "{actor} asked for a case file ({kind}).")
describe(REPORT_MADE, "{actor} made a report of {case:case} ({format}) at {ledger_size} entries.")
describe("reviews:table:exported", "{actor} took the table {table} away ({format}).")
