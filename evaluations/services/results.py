"""What is said about results after they came: announced beforehand, superseded, set aside, admitted by a quorum."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from evaluations import entries
from evaluations.adapters import HARNESSES_WITH_IDS
from evaluations.models import Admission, AnnouncedRun, Measurement, Run, Subject, Supersession, Upload, UploadState
from evaluations.policies import may_register, may_set_aside
from frameworks.models import IndicatorVersion
from frameworks.policies import may_sign_evidence
from ledger.refusals import NotNow, NotValid
from people.models import Person, Signature
from people.policies import require
from people.queries import actor_of
from people.signing import require_signature

STATEMENT = "evaluations/supersession"
LONGEST_ID = 200


class AlreadySuperseded(NotNow):
    code = "already_superseded"
    sentence = "This result has been superseded already."


class AlreadyAnnounced(NotNow):
    code = "already_announced"
    sentence = "This run has been announced already."


class AnnouncementNotValid(NotValid):
    code = "announcement_not_valid"


class RunIsHere(NotNow):
    code = "run_is_here"
    sentence = "This run has arrived already, so there is nothing to announce."
    what_to_do = "Announce a run before it is started."


class SupersessionNotValid(NotValid):
    code = "supersession_not_valid"


class NotRefused(NotNow):
    code = "not_refused"
    sentence = "This file was not refused, so there is nothing of it to set aside whole."
    what_to_do = "Set aside its runs one by one."


def supersession_digests(
    *,
    measurement: Measurement | None = None,
    run: Run | None = None,
    announced: AnnouncedRun | None = None,
    upload: Upload | None = None,
    replacement: Measurement | None = None,
) -> dict[str, str]:
    """What the statement of a supersession is about; sign exactly these under the type `evaluations/supersession`."""
    about = {"measurement": measurement, "run": run, "announced_run": announced, "upload": upload, "replacement": replacement}
    return {name: str(thing.pk) for name, thing in about.items() if thing is not None}


@transaction.atomic
def supersede(
    *,
    reason: str,
    signature: Signature,
    actor: Person,
    at: datetime,
    measurement: Measurement | None = None,
    run: Run | None = None,
    announced: AnnouncedRun | None = None,
    upload: Upload | None = None,
    replacement: Measurement | None = None,
) -> Supersession:
    """Takes one thing out of the evidence, signed and with a reason: a measurement (perhaps replaced by a better one), a run that is bound
    to nothing, an announced run that will not come, or a file that was refused. Raises SupersessionNotValid, AlreadySuperseded, SignatureDoesNotFit.
    """
    subject, brought_by = _about(measurement, run, announced, upload)
    speaker = actor_of(actor, at)
    require(may_sign_evidence(speaker))
    # Nobody puts a result of their own in the place of another's.
    for uploader in [*brought_by, *([replacement.run.upload.uploader] if replacement is not None else [])]:
        require(may_set_aside(speaker, uploader=uploader))
    if not reason.strip():
        raise SupersessionNotValid("A result leaves the evidence with a reason.", code="reason_missing")
    if replacement is not None and (measurement is None or replacement.pk == measurement.pk or replacement.run.subject_id != subject.pk):
        raise SupersessionNotValid("A measurement is replaced by another one of the same subject.", code="replacement_not_valid")
    if replacement is not None and measurement is not None and _is_older(replacement, measurement):
        raise SupersessionNotValid("A result is replaced by one that came after it.", code="replacement_older")
    digests = supersession_digests(measurement=measurement, run=run, announced=announced, upload=upload, replacement=replacement)
    require_signature(signature, person=actor, type=STATEMENT, digests=digests)
    row = Supersession(
        measurement=measurement, run=run, announced_run=announced, upload=upload, replacement=replacement, reason=reason.strip()
    )
    row.signature, row.person, row.at = signature, actor, at
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "once" in str(error):
            raise AlreadySuperseded from None
        raise
    row.seq = entries.superseded(row, subject=subject, actor=actor, at=at).seq
    row.save(update_fields=["seq"])
    if run is not None and run.claimed_elsewhere and run.twin_of is not None:
        entries.run_cleared(run.twin_of, actor=actor, at=at)
    return row


def _is_older(replacement: Measurement, measurement: Measurement) -> bool:
    """By the log: what was known when the other one came is not a better look at the same thing, only another choice."""
    return (replacement.run.upload.received_seq or 0) < (measurement.run.upload.received_seq or 0)


@transaction.atomic
def announce(*, subject: Subject, indicator: str, harness: str, external_id: str, actor: Person, at: datetime) -> AnnouncedRun:
    """Says before its result is known that a run will come; until it does, its indicator does not rule out. Raises AnnouncementNotValid,
    AlreadyAnnounced, RunIsHere."""
    require(may_register(actor_of(actor, at)))
    _check_announcement(indicator, harness, external_id)
    announced = AnnouncedRun(subject=subject, indicator=indicator, harness=harness, external_id=external_id, announced_by=actor)
    announced.announced_at = at
    if AnnouncedRun.objects.filter(subject=subject, harness=harness, external_id=external_id).exists():
        raise AlreadyAnnounced
    if Run.objects.filter(subject=subject, harness=harness, external_id=external_id).exists():
        raise RunIsHere
    announced.save(force_insert=True)
    announced.seq = entries.run_announced(announced, actor=actor, at=at).seq
    announced.save(update_fields=["seq"])
    return announced


@transaction.atomic
def admit(*, measurement: Measurement, indicator_digest: str, decision: UUID, actor: Person | None, at: datetime) -> Admission:
    """Writes down a quorum's decision that this result counts under this indicator version although the indicator came later.

    Called downwards by the room that decides; it does not ask who voted. Saying it twice is saying it once.
    """
    known = Admission.objects.filter(measurement=measurement, indicator_digest=indicator_digest).first()
    if known is not None:
        return known
    admission = Admission(measurement=measurement, indicator_digest=indicator_digest, decision=decision, recorded_at=at)
    admission.save(force_insert=True)
    admission.seq = entries.measurement_admitted(admission, subject=measurement.run.subject, actor=actor, at=at).seq
    admission.save(update_fields=["seq"])
    return admission


def _check_announcement(indicator: str, harness: str, external_id: str) -> None:
    if harness not in HARNESSES_WITH_IDS:
        raise AnnouncementNotValid(f"A harness is one of {', '.join(HARNESSES_WITH_IDS)}.", code="harness_not_known")
    if not external_id.strip() or len(external_id) > LONGEST_ID or "\0" in external_id:
        raise AnnouncementNotValid(
            f"A run has an id of at most {LONGEST_ID} characters, as its harness writes it.", code="run_id_not_valid"
        )
    if not IndicatorVersion.objects.filter(slug=indicator).exists():
        raise AnnouncementNotValid(f"No framework has an indicator {indicator!r}.", code="indicator_not_known")


def _about(
    measurement: Measurement | None, run: Run | None, announced: AnnouncedRun | None, upload: Upload | None
) -> tuple[Subject, list[Person]]:
    """Whose evidence it is, and who brought it: of a run, everyone who told of it, so that nobody signs a rival claim of their own run away."""
    if [measurement, run, announced, upload].count(None) != 3:
        raise SupersessionNotValid(
            "A supersession is about one measurement, one run, one announced run or one refused file.", code="one_thing_only"
        )
    if announced is not None:
        return announced.subject, [announced.announced_by]
    if upload is not None:
        if upload.state != UploadState.REJECTED:
            raise NotRefused
        return upload.subject, [upload.uploader]
    told = measurement.run if measurement is not None else run
    assert told is not None
    if run is None:
        return told.subject, [told.upload.uploader]
    original = run.twin_of_id or run.pk
    tellings = Run.objects.filter(Q(pk=original) | Q(twin_of=original)).select_related("upload__uploader").order_by("pk")
    return run.subject, [each.upload.uploader for each in tellings]
