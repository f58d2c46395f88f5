"""Which weights a file counts for: those it was sent under, or those that two people said later."""

from __future__ import annotations

from uuid import UUID

from evaluations.models import Correction, Upload


def corrections_of(subject_id: UUID, size: int) -> dict[UUID, Correction]:
    """Upload → the correction that holds as of a ledger size: the one signed last."""
    signed = Correction.objects.filter(upload__subject=subject_id, signed_seq__lt=size).select_related("snapshot").order_by("signed_seq")
    return {correction.upload_id: correction for correction in signed}


def weights_of(upload: Upload) -> UUID | None:
    """The snapshot an upload counts for now."""
    last = upload.corrections.filter(signed_seq__isnull=False).order_by("-signed_seq").first()
    return upload.snapshot_id if last is None else last.snapshot_id
