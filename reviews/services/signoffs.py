"""Safeguards as built: registered and changed by their owners, shown by evidence, signed off by reviewers, one by one."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from evaluations.models import Blob, Subject
from evaluations.services import blobs
from frameworks.engine.types import Safeguard
from frameworks.models import FrameworkVersion
from frameworks.policies import may_sign_about
from frameworks.queries import in_force
from ledger.canonical import digest
from ledger.models import Entry
from ledger.refusals import NotNow, NotValid
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.signing import sign
from reviews import entries, past, policies, signing
from reviews.models import ImplementationEvidence, SafeguardImplementation, SignOff
from reviews.models.signoff import HAZARDOUS_EVIDENCE, Meaning, Place

# What puts somebody's words under a safeguard.
WRITTEN = ("reviews:implementation:registered", "reviews:implementation:changed")


class SafeguardNotKnown(NotValid):
    code = "safeguard_not_known"
    sentence = "The framework in force has no such safeguard."


class OwnerNotFit(NotValid):
    code = "owner_not_fit"
    sentence = "A safeguard is owned by somebody who holds the role of safeguard owner."


class PlaceNotFit(NotValid):
    code = "place_not_fit"
    sentence = "This safeguard is not built in such a place."


class AlreadyRegistered(NotNow):
    code = "already_registered"
    sentence = "This safeguard is registered in this place already."
    what_to_do = "Change that implementation, or retire it first."


class EvidenceNotFit(NotValid):
    code = "evidence_not_fit"
    sentence = "This kind of evidence does not show this safeguard."


class AlreadyAttached(NotNow):
    code = "already_attached"
    sentence = "This file is attached already."


class ImplementationChanged(NotNow):
    """What the signer was shown is not what stands now; nothing was signed."""

    code = "implementation_changed"
    sentence = "The safeguard, its evidence or what the framework says of it has changed since you opened the page."
    what_to_do = "Look at it again and sign what you see."


class NoEvidence(NotNow):
    code = "no_evidence"
    sentence = "Nothing of a kind the framework takes has been attached that shows this safeguard works."
    what_to_do = "Ask its owner to attach the evidence."


class CannotSignTwice(NotNow):
    code = "cannot_sign_twice"
    sentence = "You have signed off this version already."


class NotInForce(NotNow):
    code = "not_in_force"
    sentence = "This sign-off is not in force, so there is nothing to revoke."


class EvidenceWithdrawn(NotNow):
    code = "evidence_withdrawn"
    sentence = "This file was withdrawn already."


class Retired(NotNow):
    code = "implementation_retired"
    sentence = "This implementation was retired."


def safeguard_of(framework_name: str, slug: str) -> Safeguard:
    """The safeguard as the framework in force describes it. Raises SafeguardNotKnown."""
    return definition_of(framework_name, slug)[1]


def definition_of(framework_name: str, slug: str) -> tuple[FrameworkVersion, Safeguard]:
    """The framework version in force and what it says of this safeguard. Raises SafeguardNotKnown."""
    version = in_force(framework_name)
    found = next((each for each in version.document.safeguards if each.slug == slug), None) if version else None
    if version is None or found is None:
        raise SafeguardNotKnown
    return version, found


@transaction.atomic
def register_implementation(
    *,
    framework_version: FrameworkVersion,
    safeguard: str,
    title: str,
    description: str,
    owner: Person,
    actor: Person,
    at: datetime,
    place_name: str = "",
    subject: Subject | None = None,
) -> SafeguardImplementation:
    """A safeguard as built in one place (the framework says which kind of place). Raises NotAllowed, OwnerNotFit, SafeguardNotKnown,
    PlaceNotFit, AlreadyRegistered."""
    require(policies.may_keep_safeguards(actor_of(actor, at)))
    if not policies.may_keep_safeguards(actor_of(owner, at)):
        raise OwnerNotFit
    defined = safeguard_of(framework_version.name, safeguard)
    _check_place(defined, place_name, subject)
    implementation = SafeguardImplementation(
        framework_name=framework_version.name,
        safeguard=safeguard,
        place=defined.placed_in,
        place_name=place_name.strip(),
        subject=subject,
        title=title.strip() or defined.title,
        description=description.strip(),
        owner=owner,
        registered_at=at,
        changed_at=at,
    )
    same = SafeguardImplementation.objects.filter(
        framework_name=framework_version.name, safeguard=safeguard, place_name=place_name.strip(), subject=subject, retired_at=None
    )
    if same.exists():
        raise AlreadyRegistered
    implementation.version_digest = version_digest(implementation, [])
    implementation.save(force_insert=True)
    entries.implementation_registered(implementation, actor=actor, at=at)
    return implementation


def _check_place(safeguard: Safeguard, place_name: str, subject: Subject | None) -> None:
    if (safeguard.placed_in == Place.SUBJECT) != (subject is not None):
        raise PlaceNotFit("A safeguard of one model names that model; the others name none.")
    if safeguard.placed_in in {Place.ENVIRONMENT, Place.STACK} and not place_name.strip():
        raise PlaceNotFit(f"Name the {safeguard.placed_in} it is built in.")


def version_digest(implementation: SafeguardImplementation, evidence: list[ImplementationEvidence]) -> str:
    """What a sign-off is about: the safeguard, the place, how it is built, and the evidence attached."""
    return digest(
        {
            "implementation": str(implementation.pk),
            "framework": implementation.framework_name,
            "safeguard": implementation.safeguard,
            "place": [implementation.place, implementation.place_name, str(implementation.subject_id or "")],
            "title": implementation.title,
            "description": implementation.description,
            "owner": str(implementation.owner_id),
            "evidence": sorted([each.blob_id, each.evidence_type] for each in evidence),
        }
    )


@transaction.atomic
def change_implementation(
    *, implementation: SafeguardImplementation, title: str, description: str, actor: Person, at: datetime
) -> SafeguardImplementation:
    """Describes it as it is built now: a new version, so sign-offs of the earlier one stop holding. Unchanged words change nothing."""
    implementation = _locked(implementation)
    require(policies.may_attach_evidence(actor_of(actor, at), implementation))
    implementation.title, implementation.description = title.strip() or implementation.title, description.strip()
    if _renew(implementation, at):
        entries.implementation_changed(implementation, actor=actor, at=at)
    return implementation


@transaction.atomic
def retire_implementation(*, implementation: SafeguardImplementation, actor: Person, at: datetime) -> SafeguardImplementation:
    """It is not built any more; what leaned on its sign-offs lapses."""
    implementation = _locked(implementation)
    require(policies.may_attach_evidence(actor_of(actor, at), implementation))
    implementation.retired_at = at
    implementation.save(update_fields=["retired_at"])
    entries.implementation_retired(implementation, actor=actor, at=at)
    return implementation


def attach_evidence(
    *,
    implementation: SafeguardImplementation,
    stream: blobs.Readable,
    filename: str,
    evidence_type: str,
    note: str,
    actor: Person,
    at: datetime,
    hazard: bool | None = None,
) -> ImplementationEvidence:
    """Keeps the file under its digest and attaches it: a new version of the implementation. `hazard`: only cleared people read it; None leaves
    that to the kind of evidence. Raises NotAllowed, EvidenceNotFit, AlreadyAttached, TooLarge.
    """
    require(policies.may_attach_evidence(actor_of(actor, at), implementation))
    # Bytes first, row after: a row never names bytes that are not on the disk.
    stored = blobs.store(stream)
    with transaction.atomic():
        implementation = _locked(implementation)
        defined = safeguard_of(implementation.framework_name, implementation.safeguard)
        if defined.evidence_types and evidence_type not in defined.evidence_types:
            raise EvidenceNotFit(f"This safeguard is shown by: {', '.join(defined.evidence_types)}.")
        blob, _ = Blob.objects.get_or_create(sha256=stored.sha256, defaults={"size": stored.size, "stored_at": at})
        if implementation.evidence.filter(blob=blob, withdrawn_at=None).exists():
            raise AlreadyAttached
        evidence = ImplementationEvidence.objects.create(
            implementation=implementation,
            blob=blob,
            filename=filename[:255],
            evidence_type=evidence_type,
            note=note.strip(),
            hazard=evidence_type in HAZARDOUS_EVIDENCE if hazard is None else hazard,
            attached_by=actor,
            attached_at=at,
        )
        _renew(implementation, at)
        entries.evidence_attached(evidence, actor=actor, at=at)
    return evidence


@transaction.atomic
def withdraw_evidence(*, evidence: ImplementationEvidence, actor: Person, at: datetime) -> ImplementationEvidence:
    """Takes a file out of what is shown; it stays on record. A new version, so sign-offs of the earlier one stop holding.

    Raises NotAllowed, Retired, EvidenceWithdrawn."""
    implementation = _locked(evidence.implementation)
    require(policies.may_attach_evidence(actor_of(actor, at), implementation))
    if implementation.evidence.filter(pk=evidence.pk, withdrawn_at__isnull=False).exists():
        raise EvidenceWithdrawn
    evidence.withdrawn_at = at
    evidence.save(update_fields=["withdrawn_at"])
    evidence.implementation = implementation
    _renew(implementation, at)
    entries.evidence_withdrawn(evidence, actor=actor, at=at)
    return evidence


def _renew(implementation: SafeguardImplementation, at: datetime) -> bool:
    """Brings version and digest into step with what is described and attached; False when nothing changed."""
    now = version_digest(implementation, list(implementation.evidence.filter(withdrawn_at=None)))
    if now == implementation.version_digest:
        return False
    stood = past.of(implementation)
    implementation.version, implementation.version_digest, implementation.changed_at = implementation.version + 1, now, at
    implementation.save()
    past.keep(stood, at=at)
    return True


def _locked(implementation: SafeguardImplementation) -> SafeguardImplementation:
    found = SafeguardImplementation.objects.select_for_update(of=("self",)).select_related("owner").get(pk=implementation.pk)
    if found.retired_at is not None:
        raise Retired
    return found


def contributors(implementation: SafeguardImplementation) -> frozenset[str]:
    """Who brought its evidence or wrote how it is built: none of them signs it off. The ledger says who wrote, so it cannot be rewritten."""
    attached = implementation.evidence.filter(withdrawn_at=None).values_list("attached_by_id", flat=True)
    written = Entry.objects.filter(thing=f"implementation:{implementation.pk}", kind__in=WRITTEN).values_list("actor", flat=True)
    return frozenset(str(person) for person in (*attached, *written))


def _shown_as_asked(implementation: SafeguardImplementation, defined: Safeguard) -> QuerySet[ImplementationEvidence]:
    """The evidence in force of a kind the framework takes for it now; what was attached under an earlier version may be of another."""
    shown = implementation.evidence.filter(withdrawn_at=None)
    return shown.filter(evidence_type__in=defined.evidence_types) if defined.evidence_types else shown


def is_hazardous(implementation: SafeguardImplementation) -> bool:
    """Whether some of what shows it goes to cleared people only, so that nobody else may put their name to it."""
    return implementation.evidence.filter(withdrawn_at=None, hazard=True).exists()


@refusals_entered("reviews:signoff:refused", about="implementation")
@transaction.atomic
def give_signoff(
    *,
    implementation: SafeguardImplementation,
    meaning: str,
    rationale: str,
    seen_digest: str,
    seen_wording: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
    hazard: bool = False,
) -> SignOff:
    """A reviewer's signature under one implementation version, for the safeguard as the framework in force words it, until its validity runs out.

    `seen_digest`: the version digest the page showed; `seen_wording`: that of the wording it showed; `hazard`: the rationale goes to cleared
    people only.
    Raises NotAllowed, ImplementationChanged, NoEvidence, CannotSignTwice, NotValid and what `people.signing.sign` raises.
    """
    implementation = _locked(implementation)
    version, defined = definition_of(implementation.framework_name, implementation.safeguard)
    wording = version.wordings[defined.slug]
    attachers = contributors(implementation)
    signer = actor_of(actor, at)
    hazardous = is_hazardous(implementation)
    require(policies.may_sign_off(signer, implementation, competence=defined.competence, attachers=attachers, hazardous=hazardous))
    require(may_sign_about(signer, version.document, {defined.axis: defined.tier}))
    if not rationale.strip():
        raise NotValid("Say what you looked at and why it is enough.", code="rationale_missing")
    if implementation.version_digest != seen_digest or seen_wording != wording:
        raise ImplementationChanged
    if not _shown_as_asked(implementation, defined).exists():
        raise NoEvidence
    if implementation.signoffs.in_force(at, version).filter(person=actor).exists():
        raise CannotSignTwice
    expires_at = at + timedelta(days=defined.validity_days)
    statement = signing.signoff_statement(
        implementation=implementation,
        wording=wording,
        meaning=Meaning(meaning),
        rationale=rationale.strip(),
        expires_on=expires_at.date().isoformat(),
    )
    signature = sign(person=actor, user=user, statement=statement, confirmation=confirmation, at=at)
    # An earlier one of the same person on the same version has run out, or was for another wording; it makes room and stays readable.
    earlier = list(implementation.signoffs.filter(person=actor, content_digest=implementation.version_digest, revoked_at=None))
    for each in earlier:
        _take_back(each, "Signed anew", actor, at)
    signoff = SignOff.objects.create(
        implementation=implementation,
        version=implementation.version,
        content_digest=implementation.version_digest,
        wording_digest=wording,
        person=actor,
        owner=implementation.owner,
        meaning=Meaning(meaning),
        rationale=rationale.strip(),
        hazard=hazard,
        signature=signature,
        given_at=at,
        expires_at=expires_at,
    )
    for each in earlier:
        entries.signoff_revoked(each, actor=actor, at=at)
    entries.signoff_given(signoff, at=at)
    return signoff


def _take_back(signoff: SignOff, why: str, actor: Person, at: datetime) -> None:
    signoff.revoked_at, signoff.revoked_by, signoff.revoked_why = at, actor, why
    signoff.save(update_fields=["revoked_at", "revoked_by", "revoked_why"])


@refusals_entered("reviews:revocation:refused", about="signoff")
@transaction.atomic
def revoke_signoff(*, signoff: SignOff, reason: str, actor: Person, at: datetime) -> SignOff:
    """Takes effect at once; everything that leans on it lapses with it. Raises NotAllowed, NotInForce, NotValid."""
    signoff = SignOff.objects.select_for_update(of=("self",)).select_related("implementation").get(pk=signoff.pk)
    require(policies.may_revoke(actor_of(actor, at), signoff))
    if not reason.strip():
        raise NotValid("Say why it no longer holds.", code="rationale_missing")
    if not signoff.stands(at):
        raise NotInForce
    _take_back(signoff, reason.strip(), actor, at)
    entries.signoff_revoked(signoff, actor=actor, at=at)
    return signoff
