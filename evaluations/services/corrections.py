"""Mending the weights a file was sent under. Neither the one who finds the mistake nor the one who signs can do it alone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from evaluations import entries
from evaluations.corrected import weights_of
from evaluations.models import Correction, Snapshot, Upload, UploadState
from evaluations.policies import may_confirm, may_propose_correction, may_set_aside
from evaluations.services.uploads import SnapshotOfAnother, still_speaks
from frameworks.policies import may_sign_evidence
from ledger.refusals import NotNow, NotValid
from people.models import Person, Signature
from people.policies import require
from people.queries import actor_of
from people.signing import require_signature

STATEMENT = "evaluations/correction"


class CorrectionNotValid(NotValid):
    code = "correction_not_valid"


class NothingToCorrect(NotNow):
    code = "nothing_to_correct"
    sentence = "This file counts for these weights already."


class NotReadYet(NotNow):
    code = "not_read_yet"
    sentence = "Only a file that was read has results to move."
    what_to_do = "Wait until it is read."


class AlreadyProposed(NotNow):
    code = "already_proposed"
    sentence = "This correction has been proposed and waits for a reviewer's signature."


class AlreadyCorrected(NotNow):
    code = "already_corrected"
    sentence = "This correction has been signed already."


@transaction.atomic
def propose(
    *, upload: Upload, snapshot: Snapshot, reason: str, actor: Person, at: datetime, sent_again: Upload | None = None
) -> Correction:
    """Says which weights a file really measured. Nothing moves before another person signs.

    `sent_again`: the same bytes under the right weights, where the results of this file were superseded first.
    Raises NotReadYet, SnapshotOfAnother, NothingToCorrect, CorrectionNotValid, AlreadyProposed.
    """
    require(may_propose_correction(actor_of(actor, at)))
    upload = Upload.objects.select_for_update(no_key=True, of=("self",)).get(pk=upload.pk)
    _check(upload, snapshot, sent_again, reason)
    if Correction.objects.filter(upload=upload, snapshot=snapshot, signature=None).exists():
        raise AlreadyProposed
    correction = Correction(
        upload=upload, snapshot=snapshot, sent_again=sent_again, reason=reason.strip(), proposed_by=actor, proposed_at=at
    )
    correction.save(force_insert=True)
    correction.proposed_seq = entries.correction_proposed(correction, actor=actor, at=at).seq
    correction.save(update_fields=["proposed_seq"])
    return correction


def correction_digests(correction: Correction) -> dict[str, str]:
    """What the statement of a correction is about; sign exactly these under the type `evaluations/correction`."""
    about = {
        "correction": correction.pk,
        "upload": correction.upload_id,
        "snapshot": correction.snapshot_id,
        "sent_again": correction.sent_again_id,
    }
    return {name: str(pk) for name, pk in about.items() if pk is not None}


@transaction.atomic
def sign_correction(*, correction: Correction, signature: Signature, actor: Person, at: datetime) -> Correction:
    """A reviewer or the chair, who neither proposed it nor sent the file, puts their name to it; from here on the runs count for the right weights.

    Raises AlreadyCorrected, SignatureDoesNotFit, and what `propose` raises where the facts moved since.
    """
    upload = Upload.objects.select_for_update(no_key=True, of=("self",)).select_related("uploader").get(pk=correction.upload_id)
    correction = Correction.objects.select_related("snapshot", "sent_again__uploader", "proposed_by").get(pk=correction.pk)
    signer = actor_of(actor, at)
    require(may_confirm(signer, entered_by=correction.proposed_by))
    require(may_sign_evidence(signer))
    # Nobody puts a result of their own in the place of another's.
    for sent in [upload, *([correction.sent_again] if correction.sent_again else [])]:
        require(may_set_aside(signer, uploader=sent.uploader))
    if correction.signature_id is not None:
        raise AlreadyCorrected
    _check(upload, correction.snapshot, correction.sent_again, correction.reason)
    require_signature(signature, person=actor, type=STATEMENT, digests=correction_digests(correction))
    correction.signature, correction.signed_by, correction.signed_at = signature, actor, at
    correction.save(update_fields=["signature", "signed_by", "signed_at"])
    correction.signed_seq = entries.correction_signed(correction, actor=actor, at=at).seq
    correction.save(update_fields=["signed_seq"])
    return correction


def _check(upload: Upload, snapshot: Snapshot, sent_again: Upload | None, reason: str) -> None:
    if upload.state != UploadState.PARSED:
        raise NotReadYet
    if snapshot.subject_id != upload.subject_id:
        raise SnapshotOfAnother
    if weights_of(upload) == snapshot.pk:
        raise NothingToCorrect
    if not reason.strip():
        raise CorrectionNotValid("A file moves to other weights with a reason.", code="reason_missing")
    if sent_again is None:
        return
    same = (sent_again.subject_id, sent_again.blob_id) == (upload.subject_id, upload.blob_id)
    if not same or sent_again.pk == upload.pk or weights_of(sent_again) != snapshot.pk:
        raise CorrectionNotValid(
            "What was sent again is the same bytes, for the same model, under the right weights.", code="not_sent_again"
        )
    if still_speaks(upload):
        raise CorrectionNotValid(
            "The results of this file still speak for themselves; nothing needs to speak in their place.", code="still_speaks"
        )
