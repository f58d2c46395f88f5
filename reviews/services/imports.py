"""Bringing in what was decided before the portal went live. It may raise at once and never releases anything."""

from datetime import datetime

from django.db import IntegrityError, transaction

from evaluations.models import Subject
from frameworks.models import FrameworkVersion
from frameworks.policies import may_sign_about
from frameworks.queries import in_force
from ledger.refusals import NotNow, NotValid
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.signing import Statement, sign
from reviews import entries, policies
from reviews.models import ImportedRecord
from reviews.models.case import CaseKind
from reviews.rules import is_strict
from reviews.services.cases import open_or_join
from reviews.services.locks import lock_subject


class RecordNotValid(NotValid):
    code = "imported_record_not_valid"


class RecordKnown(NotNow):
    code = "record_known"
    sentence = "This decision was brought in from this source already."


class RecordSeconded(NotNow):
    code = "record_seconded"
    sentence = "Two people attested this record already."


def statement(record: ImportedRecord, *, role: str) -> Statement:
    """What each of the two signs: the source by its digest, the threshold, what was decided and when."""
    return Statement(
        type="reviews.imported_record",
        digests={"source": record.source_digest, "framework": record.framework_version.digest},
        meaning="attests",
        role=role,
        text=(
            f"{record.subject.name}, {record.threshold}: {record.get_verdict_display().lower()}, decided on {record.true_at:%Y-%m-%d},"
            f" as {record.source_place} tells. Until {record.expires_at:%Y-%m-%d}."
        ),
    )


@refusals_entered("reviews:import:refused", about="subject")
@transaction.atomic
def attest(
    *,
    subject: Subject,
    framework_version: FrameworkVersion,
    threshold: str,
    verdict: str,
    source_digest: str,
    source_place: str,
    note: str,
    true_at: datetime,
    expires_at: datetime,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
) -> ImportedRecord:
    """The first of two who attest it. Nothing follows yet. Raises NotAllowed, RecordNotValid, RecordKnown, and what `people.signing.sign` raises."""
    attester, document = actor_of(actor, at), framework_version.document
    require(policies.may_attest_import(attester))
    if not document.gates(threshold):
        raise RecordNotValid("The framework in force has no such threshold.", code="threshold_not_known")
    if not true_at < at < expires_at:
        raise RecordNotValid("It was decided before today and holds until a later day.", code="dates_not_valid")
    if not source_place.strip() or not note.strip():
        raise RecordNotValid("Say where it stands and what you compared.", code="note_missing")
    require(may_sign_about(attester, document, document.threshold(threshold).requires))
    record = ImportedRecord(
        subject=subject,
        framework_version=framework_version,
        threshold=threshold,
        verdict=verdict,
        source_digest=source_digest,
        source_place=source_place.strip(),
        note=note.strip(),
        true_at=true_at,
        expires_at=expires_at,
        attested_by=actor,
        attested_at=at,
    )
    said = statement(record, role=policies.attesting_role(attester))
    record.attested = sign(person=actor, user=user, statement=said, confirmation=confirmation, at=at)
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError as error:
        raise RecordKnown from error
    entries.record_attested(record, at=at)
    return record


@refusals_entered("reviews:import:refused", about="record")
@transaction.atomic
def second(*, record: ImportedRecord, actor: Person, user: User, confirmation: Confirmation, at: datetime) -> ImportedRecord:
    """The second one. A strict record raises at once: its threshold is asked in a case of kind import, and counts until the board decides.

    Raises NotAllowed, RecordSeconded, and what `people.signing.sign` raises."""
    lock_subject(record.subject)
    record = ImportedRecord.objects.select_for_update(of=("self",)).select_related("subject", "framework_version").get(pk=record.pk)
    attester, document = actor_of(actor, at), record.framework_version.document
    require(policies.may_second_import(attester, record))
    if record.seconded_at is not None:
        raise RecordSeconded
    requires = document.threshold(record.threshold).requires
    require(may_sign_about(attester, document, requires))
    said = statement(record, role=policies.attesting_role(attester))
    record.seconded = sign(person=actor, user=user, statement=said, confirmation=confirmation, at=at)
    record.seconded_by, record.seconded_at = actor, at
    record.save(update_fields=["seconded", "seconded_by", "seconded_at"])
    if is_strict(record.verdict) and at < record.expires_at:
        open_or_join(
            subject=record.subject,
            # Another version may have come into force between the two.
            framework_version=in_force(record.framework_version.name) or record.framework_version,
            kind=CaseKind.IMPORT,
            reason=f"{document.threshold(record.threshold).title} was {record.get_verdict_display().lower()} before the portal went live.",
            at=at,
            rose={record.threshold: requires},
        )
    entries.record_seconded(record, at=at)
    return record
