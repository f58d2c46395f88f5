"""Reports to be made and made: a row asks, a worker makes, the bytes lie on the blob shelf under their digest."""

import io
import logging
from datetime import datetime

from django.db import DatabaseError, transaction

from evaluations.breakage import place_of
from evaluations.models import Blob
from evaluations.services import blobs
from evaluations.services.blobs import NoRoom
from ledger.canonical import canonical
from ledger.services import size
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
        file = case_file(export.case, requested_by=export.requested_by, at=at)
        data = case_file_pdf(file, at=at) if export.kind == ExportKind.PDF else canonical(file)
        stored = blobs.store(io.BytesIO(data))
    except ReportNotRendered as error:
        log.error("Export %s could not be typeset: %s", export.pk, error.hint)
        postpone(export, at=at, why="The typesetter refused the document; its words are in the worker's log.")
        return False
    except (NoRoom, OSError) as error:
        log.error("Export %s could not be stored (%s).", export.pk, type(error).__name__)
        postpone(export, at=at, why="The bytes could not be written; is the disk full?")
        return False
    except DatabaseError:
        raise  # nothing can be written down now; the lease ends, and another worker takes it up
    except Exception as error:  # The boundary of a report: one that cannot be made stops neither the others nor hides why.
        log.error("Export %s could not be made (%s, attempt %s).", export.pk, place_of(error), export.attempts)
        postpone(export, at=at, why=f"Making it broke: {place_of(error)}.")
        return False
    blob, _ = Blob.objects.get_or_create(sha256=stored.sha256, defaults={"size": stored.size, "stored_at": at})
    name = f"case-{export.case.number}-{export.case.subject.slug}-{at:%Y%m%d-%H%M}.{export.kind}"
    sealed = {"as_known_at": at, "ledger_size": file["ledger"]["size"]}
    return settle(export, state=WorkState.DONE, done_at=at, percent=100, blob=blob, filename=name, last_error="", **sealed)
