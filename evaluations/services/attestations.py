"""Attesting by signature which weights a file measured."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from evaluations import entries
from evaluations.models import Attestation, Upload, UploadState
from evaluations.policies import may_attest
from frameworks.policies import may_sign_evidence
from ledger.refusals import NotNow, NotValid
from people.models import Person, Signature
from people.policies import require
from people.queries import actor_of
from people.signing import require_signature

STATEMENT = "evaluations/attestation"


class NothingToAttest(NotNow):
    code = "nothing_to_attest"
    sentence = "Only a file that was read, and sent under confirmed weights, can be attested."
    what_to_do = "Wait until it is read, have the weights confirmed, or correct which weights it was sent under."


class AlreadyAttested(NotNow):
    code = "already_attested"
    sentence = "You attested this file already."


class NoteMissing(NotValid):
    code = "note_missing"
    sentence = "Say how you know: what you ran, saw or compared."


def attestation_digests(upload: Upload) -> dict[str, str]:
    """What the statement is about: these bytes and these weights. Raises NothingToAttest."""
    if upload.state != UploadState.PARSED or upload.snapshot is None or not upload.snapshot.is_confirmed:
        raise NothingToAttest
    return {"upload": str(upload.pk), "blob": f"sha256:{upload.blob_id}", "weights": upload.snapshot.weights_digest}


@transaction.atomic
def attest(*, upload: Upload, note: str, signature: Signature, actor: Person, at: datetime) -> Attestation:
    """Raises NotAllowed, NothingToAttest, AlreadyAttested, NoteMissing, SignatureDoesNotFit."""
    upload = Upload.objects.select_for_update(no_key=True, of=("self",)).select_related("uploader", "snapshot").get(pk=upload.pk)
    signer = actor_of(actor, at)
    require(may_attest(signer, uploader=upload.uploader))
    require(may_sign_evidence(signer))
    digests = attestation_digests(upload)
    if not note.strip():
        raise NoteMissing
    require_signature(signature, person=actor, type=STATEMENT, digests=digests)
    attestation = Attestation(upload=upload, snapshot=upload.snapshot, signature=signature, person=actor, note=note.strip(), at=at)
    try:
        with transaction.atomic():
            attestation.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyAttested from error
    attestation.seq = entries.upload_attested(attestation, actor=actor, at=at).seq
    attestation.save(update_fields=["seq"])
    return attestation
