"""Reports to be made and made: a row asks, a worker makes, the bytes lie on the blob shelf under their digest."""

import io
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction

from evaluations.breakage import place_of
from evaluations.models import Blob
from evaluations.services import blobs
from evaluations.services.blobs import NoRoom, Stored
from ledger.canonical import canonical, digest
from ledger.refusals import Refusal
from ledger.services import size
from ledger.standstill import one_view
from people.models import Person
from people.policies import require
from people.queries import actor_of
from reviews import entries, policies
from reviews.models import Case, Export
from reviews.models.notice import ExportKind, WorkState
from reviews.reports.case_file import case_file
from reviews.reports.render import ReportNotRendered, case_file_pdf
from reviews.work import claim, postpone, settle

log = logging.getLogger(__name__)

# How far a report has come once it is claimed, once the case is collected, once it is set.
BEGUN, COLLECTED, TYPESET = 10, 50, 90


@transaction.atomic
def request_export(*, case: Case, kind: str, actor: Person, at: datetime) -> Export:
    """Ask for a report of a case as it stands. Raises NotAllowed."""
    require(policies.may_see_board(actor_of(actor, at)))
    export = Export.objects.create(
        case=case, kind=ExportKind(kind), requested_by=actor, not_before=at, made_at=at, as_known_at=at, ledger_size=size()
    )
    entries.export_requested(export.pk, case, actor=actor, at=at, export_kind=export.kind)
    return export


def make_due(*, at: datetime, limit: int = 5) -> int:
    """Make what was asked for and give how many were made."""
    rows = Export.objects.select_related("case__subject", "case__framework_version", "case__snapshot", "requested_by")
    return sum(_make(export, at) for export in claim(rows, at=at, limit=limit))


def _make(export: Export, at: datetime) -> bool:
    """The file tells the case as it stands when it is made, and the row then says so too: a vote cast in between is in both or in neither."""
    try:
        return _made(export, at)
    except ReportNotRendered as error:
        log.error("Export %s could not be typeset: %s", export.pk, error.hint)
        postpone(export, at=at, why="The typesetter refused the document; its words are in the worker's log.")
    except (NoRoom, OSError) as error:
        log.error("Export %s could not be stored (%s).", export.pk, type(error).__name__)
        postpone(export, at=at, why="The bytes could not be written; is the disk full?")
    except Refusal as refusal:
        log.error("Export %s could not be entered in the ledger (%s).", export.pk, refusal.code)
        postpone(export, at=at, why=f"The ledger did not take it: {refusal.sentence}")
    except DatabaseError:
        raise  # nothing can be written down now; the lease ends, and another worker takes it up
    except Exception as error:  # The boundary of a report: one that cannot be made stops neither the others nor hides why.
        log.error("Export %s could not be made (%s, attempt %s).", export.pk, place_of(error), export.attempts)
        postpone(export, at=at, why=f"Making it broke: {place_of(error)}.")
    return False


def _made(export: Export, at: datetime) -> bool:
    _reached(export, BEGUN)
    with one_view():
        # The case as this view has it: the row may have waited since it was read with the export.
        case = Case.objects.select_related("subject", "framework_version", "snapshot").get(pk=export.case_id)
        file = case_file(case, requested_by=export.requested_by, at=at)
    content = canonical(file)
    _reached(export, COLLECTED)
    data = case_file_pdf(file, at=at) if export.kind == ExportKind.PDF else content
    _reached(export, TYPESET)
    stored = blobs.store(io.BytesIO(data))
    documents = {str(ExportKind.JSON): digest(content), export.kind: f"sha256:{stored.sha256}"}
    return _enter(export, file, stored, documents, at)


def _reached(export: Export, percent: int) -> None:
    """How far it has come, for who waits on the page; a worker that has lost its lease says nothing."""
    Export.objects.filter(pk=export.pk, lease_token=export.lease_token).update(percent=percent)


@transaction.atomic
def _enter(export: Export, file: Mapping[str, Any], stored: Stored, documents: dict[str, str], at: datetime) -> bool:
    """The row is done and the ledger knows the file, both or neither; a worker that has lost its lease writes nothing."""
    blob, _ = Blob.objects.get_or_create(sha256=stored.sha256, defaults={"size": stored.size, "stored_at": at})
    export.as_known_at, export.ledger_size = at, file["ledger"]["size"]
    name = f"case-{export.case.number}-{export.case.subject.slug}-{at:%Y%m%d-%H%M}.{export.kind}"
    sealed = {"as_known_at": at, "ledger_size": export.ledger_size}
    if not settle(export, state=WorkState.DONE, done_at=at, percent=100, blob=blob, filename=name, last_error="", **sealed):
        return False
    entries.report_made(export, documents=documents, root=file["ledger"]["root"], at=at)
    return True
