"""Safeguards as they are built, what shows that they work, who signed them off, and which sign-offs cover a model."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from people.models import Person
from reviews.entries.writing import append_by, append_signed
from reviews.models import ApplicabilityStatement, ImplementationEvidence, SafeguardImplementation, SignOff


def implementation_registered(implementation: SafeguardImplementation, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:implementation:registered", _thing(implementation), actor, at, _implementation(implementation))


def implementation_changed(implementation: SafeguardImplementation, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:implementation:changed", _thing(implementation), actor, at, _implementation(implementation))


def implementation_retired(implementation: SafeguardImplementation, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:implementation:retired", _thing(implementation), actor, at, _implementation(implementation))


def evidence_attached(evidence: ImplementationEvidence, *, actor: Person, at: datetime) -> Entry:
    fields = _implementation(evidence.implementation) | {
        "evidence": evidence.pk,
        "blob": evidence.blob_id,
        "type": evidence.evidence_type,
        "hazard": evidence.hazard,
    }
    return append_by("reviews:evidence:attached", _thing(evidence.implementation), actor, at, fields)


def evidence_withdrawn(evidence: ImplementationEvidence, *, actor: Person, at: datetime) -> Entry:
    fields = _implementation(evidence.implementation) | {"evidence": evidence.pk, "blob": evidence.blob_id}
    return append_by("reviews:evidence:withdrawn", _thing(evidence.implementation), actor, at, fields)


def signoff_given(signoff: SignOff, *, at: datetime) -> Entry:
    return append_signed("reviews:signoff:given", f"signoff:{signoff.pk}", signoff.signature, at, given_fields(signoff))


def given_fields(signoff: SignOff) -> dict[str, Any]:
    fields = signoff_fields(signoff) | {"meaning": signoff.meaning, "expires_at": signoff.expires_at}
    return fields | ({"hazard": True} if signoff.hazard else {})


def signoff_revoked(signoff: SignOff, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:signoff:revoked", f"signoff:{signoff.pk}", actor, at, signoff_fields(signoff))


def applicability_stated(statement: ApplicabilityStatement, *, at: datetime) -> Entry:
    fields = applicability_fields(statement)
    return append_signed("reviews:applicability:stated", f"applicability:{statement.pk}", statement.signature, at, fields)


def applicability_fields(statement: ApplicabilityStatement) -> dict[str, Any]:
    return {
        "case": statement.case_id,
        "snapshot": statement.snapshot_id,
        "tiers": statement.tiers,
        "scopes": statement.scopes,
        "content": statement.content_digest,
    }


def _thing(implementation: SafeguardImplementation) -> str:
    return f"implementation:{implementation.pk}"


def _implementation(implementation: SafeguardImplementation) -> dict[str, Any]:
    return {
        "implementation": implementation.pk,
        "safeguard": implementation.safeguard,
        "place": implementation.place,
        "owner": implementation.owner_id,
        "version": implementation.version,
        "digest": implementation.version_digest,
    }


def wording_signed(signoff: SignOff) -> dict[str, str]:
    """Which wording of the safeguard was signed; one from before that was kept says nothing of it, and counts under none."""
    return {"wording": signoff.wording_digest} if signoff.wording_digest else {}


def signoff_fields(signoff: SignOff) -> dict[str, Any]:
    return {
        "implementation": signoff.implementation_id,
        "safeguard": signoff.implementation.safeguard,
        "version": signoff.version,
        "digest": signoff.content_digest,
        **wording_signed(signoff),
    }


describe("reviews:implementation:registered", "{actor} registered how {safeguard} is built.")
describe("reviews:implementation:changed", "{actor} changed how {safeguard} is built (version {version}).")
describe("reviews:implementation:retired", "{actor} retired how {safeguard} was built (version {version}).")
describe("reviews:evidence:attached", "{actor} attached evidence for {safeguard} (version {version}).")
describe("reviews:evidence:withdrawn", "{actor} withdrew evidence for {safeguard} (version {version}).")
describe("reviews:signoff:given", "{actor} signed off {safeguard}, version {version}, until {expires_at:day}.")
describe("reviews:signoff:revoked", "{actor} revoked a sign-off of {safeguard}.")
describe("reviews:applicability:stated", "{actor} stated which sign-offs cover a snapshot, for {scopes}.")
describe("reviews:signoff:refused", "{actor} tried to sign off the {thing} and was refused: {code}.")
describe("reviews:revocation:refused", "{actor} tried to revoke the {thing} and was refused: {code}.")
describe("reviews:applicability:refused", "{actor} tried to state which sign-offs apply in the {thing} and was refused: {code}.")
