"""Having a file read, in the worker only: its runs and measurements, whole or not at all."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q

from evaluations import adapters, entries
from evaluations.adapters.types import ParsedRun, Reading, RejectedInput
from evaluations.breakage import place_of
from evaluations.model_names import model_key
from evaluations.models import ParseAttempt, Run, Subject, Upload, UploadState
from evaluations.services import blobs, measurements
from evaluations.undisturbed import undisturbed
from ledger.canonical import digest
from ledger.clock import holds, lease_is_over, wait_is_over
from ledger.refusals import NotNow

log = logging.getLogger(__name__)

LEASE = settings.WORK_LEASE
MAX_ATTEMPTS = 4
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = FIRST_WAIT * 4 ** (MAX_ATTEMPTS - 1)
# What a measurement says, as far as twins of a run must agree in it.
_NUMBER = attrgetter("scorer", "metric", "filter", "reducer", "group", "value", "stderr", "n", "low", "high", "level", "method")
# What stops a reading without being the file's fault: the ledger takes nothing now, or the database went away. It costs no attempt.
NOT_THE_FILE = (NotNow, OperationalError, InterfaceError)


def parse(*, upload_id: UUID, at: datetime) -> Upload | None:
    """Reads one upload, whole or not at all; None when there is nothing to do (finished, or another worker is at it). Safe to run twice.

    A file that cannot be taken ends as `rejected` with its reason; a reader that breaks gives the file back, and after some attempts up.
    """
    upload = _claim(upload_id, at)
    if upload is None or upload.state == UploadState.DEAD:
        return upload
    try:
        with undisturbed():  # the reader's limits bound what a reading can make
            return _store(upload, _read(upload), at)
    except RejectedInput as refusal:
        return _reject(upload, refusal, at)
    except NOT_THE_FILE as error:
        log.warning("The upload %s must wait (%s)", upload.pk, place_of(error))
        if not isinstance(error, NotNow):
            connection.close()  # the next statement asks for a new one
        _give_back(upload, at, spent=False)
        return None
    except Exception as error:  # The boundary of a reader: whatever breaks in it stops this file alone, and is tried again.
        log.error("The upload %s could not be read (%s, attempt %s)", upload.pk, place_of(error), upload.attempts)
        _give_back(upload, at)
        return None


def due(*, at: datetime, limit: int = 100) -> list[UUID]:
    """Uploads that wait to be read, or whose reader has gone silent."""
    ready = Q(state=UploadState.RECEIVED) & wait_is_over(at, LONGEST_WAIT)
    silent = Q(state=UploadState.PARSING) & lease_is_over(at, LEASE)
    return list(Upload.objects.filter(ready | silent).order_by("received_at").values_list("pk", flat=True)[:limit])


@transaction.atomic
def _claim(upload_id: UUID, at: datetime) -> Upload | None:
    upload = Upload.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=upload_id).first()
    if upload is None or upload.is_finished or holds(upload.lease_until, at, LEASE):
        return None
    if upload.attempts >= MAX_ATTEMPTS:
        return _give_up(upload, at)
    upload.state, upload.percent, upload.attempts = UploadState.PARSING, 10, upload.attempts + 1
    upload.lease_until, upload.lease_token, upload.not_before = at + LEASE, uuid4(), None
    upload.save(update_fields=["state", "percent", "attempts", "lease_until", "lease_token", "not_before"])
    return upload


def _read(upload: Upload) -> Reading:
    with blobs.open_bytes(upload.blob_id) as stream:
        reading = adapters.read(stream, filename=upload.filename)
    Upload.objects.filter(pk=upload.pk, lease_token=upload.lease_token).update(percent=70)
    return reading


def _give_up(upload: Upload, at: datetime) -> Upload:
    upload.state, upload.lease_until, upload.lease_token, upload.finished_at = UploadState.DEAD, None, None, at
    upload.error_code = "reader-broke"
    upload.error_message = f"The reader broke {upload.attempts} times on this file."
    upload.error_what_to_do = "The bytes are kept. An operator looks at the worker's log; then ask for the file to be read again."
    upload.save()
    entries.upload_given_up(upload, at=at)
    return upload


@transaction.atomic
def _give_back(upload: Upload, at: datetime, *, spent: bool = True) -> None:
    mine = _mine(upload)
    if mine is None:
        return
    if spent and mine.attempts >= MAX_ATTEMPTS:
        _give_up(mine, at)
        return
    wait = FIRST_WAIT * 4 ** (mine.attempts - 1)
    mine.attempts -= not spent
    mine.state, mine.percent, mine.lease_until, mine.lease_token, mine.not_before = UploadState.RECEIVED, 0, None, None, at + wait
    mine.save(update_fields=["state", "percent", "attempts", "lease_until", "lease_token", "not_before"])


def _mine(upload: Upload) -> Upload | None:
    """The row, locked, if this attempt still holds the lease: a worker that was thought dead writes nothing."""
    held = Upload.objects.select_for_update(no_key=True, of=("self",)).select_related("subject")
    return held.filter(pk=upload.pk, lease_token=upload.lease_token, state=UploadState.PARSING).first()


@transaction.atomic
def _reject(upload: Upload, refusal: RejectedInput, at: datetime) -> Upload | None:
    mine = _mine(upload)
    if mine is None:
        return None
    mine.state, mine.percent, mine.lease_until, mine.lease_token, mine.finished_at = UploadState.REJECTED, 100, None, None, at
    mine.format, mine.error_code, mine.error_message = refusal.format, refusal.code, _plain(refusal.message)
    mine.error_where, mine.error_what_to_do = _plain(refusal.where), _plain(refusal.what_to_do)
    mine.save()
    entries.upload_rejected(mine, at=at)
    return mine


@transaction.atomic
def _store(upload: Upload, reading: Reading, at: datetime) -> Upload | None:
    """Every row of a reading in one transaction. Subjects are locked, so that twins of one run meet."""
    mine = _mine(upload)
    if mine is None:
        return None
    Subject.objects.select_for_update(no_key=True).get(pk=mine.subject_id)
    attempt = ParseAttempt(
        upload=mine,
        reader_version=reading.reader_version,
        format=reading.format,
        format_version=reading.format_version or "",
        verdict=reading.verdict,
        warnings=[asdict(warning) for warning in reading.warnings],
        parsed_at=at,
    )
    attempt.save(force_insert=True)
    runs = [_run(mine, attempt, position, parsed) for position, parsed in enumerate(reading.runs)]
    _join_twins(runs)
    Run.objects.bulk_create(runs)
    count = measurements.store(runs, reading.runs)
    mine.state, mine.percent, mine.lease_until, mine.lease_token, mine.finished_at = UploadState.PARSED, 100, None, None, at
    mine.format, mine.verdict, mine.warnings = reading.format, reading.verdict, attempt.warnings
    mine.save()
    # After the first entry no other row is locked.
    contested = {run.twin_of for run in runs if run.claimed_elsewhere and run.twin_of is not None}
    attempt.seq = entries.upload_parsed(mine, attempt, runs=len(runs), measurements=count, at=at).seq
    attempt.save(update_fields=["seq"])
    for run in sorted(contested, key=lambda run: run.pk):
        entries.run_claimed(run, at=at)
    return mine


def _join_twins(runs: list[Run]) -> None:
    """Finds the first telling of each run. A later one is its twin; one that says something else, or names another subject, conflicts."""
    first: dict[tuple[str, str], Run] = {}
    known = Run.objects.filter(twin_of=None, external_id__in={run.external_id for run in runs if run.external_id})
    first.update(((run.harness, run.external_id), run) for run in known)
    for run in runs:
        if not run.external_id:
            continue
        original = first.setdefault((run.harness, run.external_id), run)
        if original is not run:
            run.twin_of = original
            run.claimed_elsewhere = original.subject_id != run.subject_id
            run.conflicts = run.claimed_elsewhere or original.content_digest != run.content_digest


def _run(upload: Upload, attempt: ParseAttempt, position: int, parsed: ParsedRun) -> Run:
    return Run(
        upload=upload,
        reading=attempt,
        subject=upload.subject,
        snapshot_id=upload.snapshot_id,
        position=position,
        harness=parsed.harness,
        harness_version=parsed.harness_version or "",
        external_id=_identity(parsed),
        external_ids=[list(pair) for pair in parsed.external_ids],
        content_digest=_content_digest(upload, parsed),
        model=parsed.model or "",
        model_key=model_key(parsed.model or ""),
        model_roles=[list(pair) for pair in parsed.model_roles],
        task=parsed.task or "",
        task_version=parsed.task_version or "",
        status=parsed.status,
        created_raw=parsed.created_raw or "",
        created=_zoned(parsed.created),
        completed_at=_zoned(parsed.completed),
        epochs=parsed.epochs,
        selection=parsed.selection or parsed.limit or "",
        dataset=parsed.dataset or "",
        total=parsed.counts.total,
        completed=parsed.counts.completed,
        scored=parsed.counts.scored,
        errored=parsed.counts.errored,
        invalidated_count=parsed.counts.invalidated,
        invalidated=parsed.invalidated,
        revision=parsed.revision.commit or "",
        revision_looks_real=parsed.revision.commit_looks_real,
        dirty=parsed.revision.dirty,
        facts=[asdict(fact) for fact in parsed.facts],
        warnings=[asdict(warning) for warning in parsed.warnings],
        where=parsed.where,
    )


def _identity(parsed: ParsedRun) -> str:
    """The harness's own id of the run; one too long for an index stands under its digest."""
    identity = parsed.identity or ""
    return identity if len(identity) <= 200 else digest(identity)


def _content_digest(upload: Upload, parsed: ParsedRun) -> str:
    """What a run says, whatever the file around it: model, task, weights, how it was run, its numbers and what holds them. Twins that differ
    in it conflict."""
    numbers = sorted(digest(_NUMBER(one)) for one in parsed.measurements)
    counts = parsed.counts
    facts = sorted(digest([fact.name, fact.value]) for fact in parsed.facts)
    said = [upload.snapshot_id, parsed.model, parsed.task, parsed.task_version, parsed.status, parsed.invalidated, parsed.epochs]
    counted = [counts.total, counts.completed, counts.scored, counts.errored, counts.invalidated]
    held = _held(parsed)
    return digest([*said, _zoned(parsed.created), counted, facts, numbers, *([held] if held else [])])


def _held(parsed: ParsedRun) -> list[tuple[str, str]]:
    """What holds the run or one of its numbers, by code and place: a copy stripped of it says something else. The place is the one within the
    document, which the forms of one log share."""
    warnings = chain(parsed.warnings, *(one.warnings for one in parsed.measurements))
    return sorted((warning.code, warning.where.partition("#")[2]) for warning in warnings if warning.effect == "holds")


def _zoned(moment: datetime | None) -> datetime | None:
    """A time without a zone is nobody's time; its text is kept beside."""
    return moment if moment is not None and moment.tzinfo is not None else None


def _plain(text: str) -> str:
    return text.replace("\0", "")
