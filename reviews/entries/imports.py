"""Decisions from before the portal went live."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from ledger.services import append
from people.models import Signature
from people.signing import signature_fields
from reviews.models import ImportedRecord


def record_attested(record: ImportedRecord, *, at: datetime) -> Entry:
    """True since the decision was taken, known since today."""
    return _imported("reviews:import:attested", record, record.attested, at)


def record_seconded(record: ImportedRecord, *, at: datetime) -> Entry:
    assert record.seconded is not None
    return _imported("reviews:import:seconded", record, record.seconded, at)


def _imported(kind: str, record: ImportedRecord, signature: Signature, at: datetime) -> Entry:
    return append(
        kind=kind,
        thing=f"importedrecord:{record.pk}",
        actor=signature.person_id,
        role=signature.role,
        policy=signature.policy,
        at=at,
        as_of=record.true_at,
        fields=imported_fields(record) | signature_fields(signature),
    )


def imported_fields(record: ImportedRecord) -> dict[str, Any]:
    return {
        "subject": record.subject_id,
        "framework": record.framework_version_id,
        "threshold": record.threshold,
        "verdict": record.verdict,
        "source": record.source_digest,
        "expires_at": record.expires_at,
    }


describe("reviews:import:attested", "{actor} attested what was decided on {threshold} of {subject:subject} before: {verdict}.")
describe("reviews:import:seconded", "{actor} attested it too: {threshold} of {subject:subject}, {verdict}, until {expires_at:day}.")
describe("reviews:import:refused", "{actor} tried to attest what was decided before and was refused: {code}.")
