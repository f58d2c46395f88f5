"""Receiving files, vouching for them and asking for another reading. A row says what is to be done; a lost message only delays it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from evaluations import access, adapters, entries
from evaluations.corrected import weights_of
from evaluations.elicitation import FACTS
from evaluations.filenames import shown_name
from evaluations.models import Blob, IdempotencyKey, Measurement, Snapshot, Subject, Upload, UploadState
from evaluations.policies import may_confirm, may_retry, may_upload
from evaluations.services import blobs
from evaluations.tasks import parse_upload
from frameworks.policies import may_sign_evidence
from ledger.canonical import NotCanonical, digest
from ledger.delivery import kick
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of

log = logging.getLogger(__name__)

LONGEST_FACT = 200


class DeclaredFactsNotValid(NotValid):
    code = "elicitation_not_valid"


class SnapshotOfAnother(NotValid):
    code = "snapshot_of_another_subject"
    sentence = "This snapshot belongs to another subject."


class OtherParticulars(NotNow):
    code = "other_particulars"
    sentence = "These bytes were uploaded for this subject already, with other particulars."
    what_to_do = (
        "Open the earlier upload. If it was sent under the wrong weights, have that corrected there; "
        "if its other particulars are wrong, have its results superseded first."
    )


class KeyUsedOtherwise(NotNow):
    code = "idempotency_key_used"
    sentence = "This idempotency key was used for another request."
    what_to_do = "Send a new key with a new request."


class AlreadyCountersigned(NotNow):
    code = "already_countersigned"
    sentence = "A second person has confirmed these particulars already."


class NothingToRetry(NotNow):
    code = "nothing_to_retry"
    sentence = "This file is not waiting for another attempt."


def receive(
    *,
    stream: blobs.Readable,
    filename: str,
    subject: Subject,
    actor: Person,
    at: datetime,
    snapshot: Snapshot | None = None,
    declared: Mapping[str, str] | None = None,
    indicator: str = "",
    idempotency_key: str = "",
) -> tuple[Upload, bool]:
    """Keeps the bytes and asks for them to be read. Answers the upload, and whether it is new: the same bytes with the same particulars are
    the same upload. Raises TooLarge, DeclaredFactsNotValid, SnapshotOfAnother, OtherParticulars, KeyUsedOtherwise, SubjectNotKnown, or what the policy refuses.
    """
    bringer = actor_of(actor, at)
    require(may_upload(bringer))
    if not access.knows_every_subject(bringer):
        access.subject(bringer, subject.slug, at)
    facts = declared_facts(declared or {})
    if snapshot is not None and snapshot.subject_id != subject.pk:
        raise SnapshotOfAnother
    stored = blobs.store(stream)
    wanted = Upload(
        blob_id=stored.sha256,
        subject=subject,
        snapshot=snapshot,
        filename=shown_name(filename),
        declared=facts,
        asserted_indicator=indicator,
        uploader=actor,
        received_at=at,
    )
    wanted.declared_digest = entries.declared_digest(wanted)
    with transaction.atomic():
        _lock_blob(stored, at)
        upload, created = _same_or_new(wanted, actor, at)
        if idempotency_key:
            _remember_key(idempotency_key, upload, actor, at)
    return upload, created


def declared_facts(declared: Mapping[str, object]) -> dict[str, str]:
    """What the uploader says of the elicitation, as text by known names. Raises DeclaredFactsNotValid."""
    facts = {}
    for name, value in declared.items():
        if name not in FACTS:
            raise DeclaredFactsNotValid(f"{name!r} is not a fact of the elicitation.", what_to_do=f"Known are {', '.join(FACTS)}.")
        text = str(value).lower() if isinstance(value, bool) else str(value).strip() if isinstance(value, int | str) else None
        if text is None or len(text) > LONGEST_FACT:
            raise DeclaredFactsNotValid(f"{name} is a short text, a whole number, true or false.")
        if text:
            facts[name] = text
    _refuse_unwritable(facts)
    return facts


def _refuse_unwritable(facts: Mapping[str, str]) -> None:
    try:
        digest(facts)
    except NotCanonical as error:
        raise DeclaredFactsNotValid(str(error)) from None
    if any("\0" in text for text in facts.values()):
        raise DeclaredFactsNotValid("A fact holds a NUL character.")


def _lock_blob(stored: blobs.Stored, at: datetime) -> None:
    """Of two that send the same bytes at once the second waits here and then finds the first one's upload."""
    Blob.objects.bulk_create([Blob(sha256=stored.sha256, size=stored.size, stored_at=at)], ignore_conflicts=True)
    Blob.objects.select_for_update(no_key=True).get(pk=stored.sha256)


def _same_or_new(wanted: Upload, actor: Person, at: datetime) -> tuple[Upload, bool]:
    earlier = list(Upload.objects.filter(blob_id=wanted.blob_id, subject=wanted.subject).order_by("received_seq"))
    for upload in earlier:
        if upload.declared_digest == wanted.declared_digest and wanted.snapshot_id in {upload.snapshot_id, weights_of(upload)}:
            return upload, False
    if any(still_speaks(upload) for upload in earlier):
        raise OtherParticulars(upload=str(earlier[-1].pk))
    wanted.save(force_insert=True)
    kick(parse_upload, upload_id=str(wanted.pk))
    wanted.received_seq = entries.upload_received(wanted, actor=actor, at=at).seq
    wanted.save(update_fields=["received_seq"])
    return wanted, True


def still_speaks(upload: Upload) -> bool:
    """Until every result of it has been superseded or set aside, an upload stands in the way of the same bytes told otherwise.

    One that was refused does until it is set aside; one that is still to be read may speak yet.
    """
    if upload.state == UploadState.REJECTED:
        return not upload.set_aside.exists()
    if upload.state != UploadState.PARSED:
        return True
    return Measurement.objects.filter(run__upload=upload, run__set_aside=None, supersessions=None).exists()


def _remember_key(key: str, upload: Upload, actor: Person, at: datetime) -> None:
    row = IdempotencyKey(person=actor, key=key[:200], upload=upload, created_at=at)
    IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
    if IdempotencyKey.objects.get(person=actor, key=key[:200]).upload_id != upload.pk:
        raise KeyUsedOtherwise


@transaction.atomic
def countersign(*, upload: Upload, actor: Person, at: datetime) -> Upload:
    """A second person vouches for what the uploader declared: which weights were run, and how. Raises AlreadyCountersigned."""
    upload = Upload.objects.select_for_update(no_key=True, of=("self",)).select_related("uploader").get(pk=upload.pk)
    confirmer = actor_of(actor, at)
    require(may_confirm(confirmer, entered_by=upload.uploader))
    require(may_sign_evidence(confirmer))
    if upload.countersigned_seq is not None:
        raise AlreadyCountersigned
    upload.countersigned_by, upload.countersigned_at = actor, at
    upload.countersigned_seq = entries.upload_countersigned(upload, actor=actor, at=at).seq
    upload.save(update_fields=["countersigned_by", "countersigned_at", "countersigned_seq"])
    return upload


@transaction.atomic
def countersign_all(*, chosen: Sequence[Upload], actor: Person, at: datetime) -> int:
    """All of them or none: one that somebody else has confirmed meanwhile leaves the others as they were. Raises AlreadyCountersigned."""
    for upload in sorted(chosen, key=lambda each: each.pk):
        countersign(upload=upload, actor=actor, at=at)
    return len(chosen)


@transaction.atomic
def retry(*, upload: Upload, actor: Person, at: datetime) -> Upload:
    """Another reading: of a file that was given up or refused, or that a newer reader than its last one knows. Nothing read before is
    overwritten. Raises NothingToRetry."""
    upload = Upload.objects.select_for_update(no_key=True, of=("self",)).select_related("uploader").get(pk=upload.pk)
    require(may_retry(actor_of(actor, at), uploader=upload.uploader))
    if not can_be_read_again(upload):
        raise NothingToRetry
    upload.state, upload.attempts, upload.percent, upload.not_before, upload.finished_at = UploadState.RECEIVED, 0, 0, at, None
    upload.error_code = upload.error_message = upload.error_what_to_do = ""
    upload.save()
    kick(parse_upload, upload_id=str(upload.pk))
    entries.upload_retried(upload, actor=actor, at=at)
    return upload


def can_be_read_again(upload: Upload) -> bool:
    """Whether another reading could tell more than the last one. A refused file may be known by now."""
    if upload.state == UploadState.PARSED:
        newest = adapters.reader_version(upload.format)
        return bool(newest) and not upload.readings.filter(reader_version=newest).exists()
    return upload.state in {UploadState.DEAD, UploadState.REJECTED}
