"""Who is evaluated: subjects with their lineage, and the weights that results speak about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from evaluations import entries
from evaluations.models import Deployment, Derivation, Snapshot, Subject
from evaluations.policies import may_confirm, may_register
from frameworks.policies import may_sign_evidence
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import may_serve, require
from people.queries import actor_of

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WEIGHTS = re.compile(r"sha256:[0-9a-f]{64}")


class SubjectNotValid(NotValid):
    code = "subject_not_valid"


class SlugTaken(NotNow):
    code = "slug_taken"
    sentence = "There is a subject by that address already."
    what_to_do = "Choose another slug."


class SnapshotNotValid(NotValid):
    code = "snapshot_not_valid"


class WeightsKnown(NotNow):
    code = "weights_known"
    sentence = "These weights, or this label, are registered already."
    what_to_do = "Compare the digest. Weights belong to one subject only."


class AlreadyConfirmed(NotNow):
    code = "already_confirmed"
    sentence = "This has been confirmed already."


class AlreadyChosen(NotNow):
    code = "already_chosen"
    sentence = "These weights are meant for release already."


class AlreadyRunning(NotNow):
    code = "already_running"
    sentence = "This artefact is reported as running in that scope, from that stack, already."


class NotRunning(NotNow):
    code = "not_running"
    sentence = "This deployment has ended already."


class DeploymentNotValid(NotValid):
    code = "deployment_not_valid"


@transaction.atomic
def register_subject(
    *, slug: str, name: str, actor: Person, at: datetime, parent: Subject | None = None, derivation: str = Derivation.ORIGINAL
) -> Subject:
    """A new subject, with where it came from. Raises SubjectNotValid, SlugTaken or what the policy refuses."""
    require(may_register(actor_of(actor, at)))
    _check_subject(slug, name, parent, derivation)
    if Subject.objects.filter(slug=slug).exists():
        raise SlugTaken
    subject = Subject(slug=slug, name=name.strip(), parent=parent, derivation=derivation, registered_by=actor, created_at=at)
    subject.save(force_insert=True)
    subject.registered_seq = entries.subject_registered(subject, actor=actor, at=at).seq
    subject.save(update_fields=["registered_seq"])
    return subject


@transaction.atomic
def register_with_snapshots(
    *,
    slug: str,
    name: str,
    snapshots: Iterable[Mapping[str, Any]],
    actor: Person,
    at: datetime,
    parent: Subject | None = None,
    derivation: str = Derivation.ORIGINAL,
) -> Subject:
    """A subject together with its first snapshots, or nothing of it. Raises what `register_subject` and `register_snapshot` raise."""
    subject = register_subject(slug=slug, name=name, parent=parent, derivation=derivation, actor=actor, at=at)
    for particulars in snapshots:
        register_snapshot(subject=subject, actor=actor, at=at, **particulars)
    return subject


@transaction.atomic
def register_snapshot(
    *,
    subject: Subject,
    label: str,
    weights_digest: str,
    actor: Person,
    at: datetime,
    model_names: Iterable[str] = (),
    compute_factor: Decimal | None = None,
    is_release_candidate: bool = False,
) -> Snapshot:
    """Weights of a subject, by digest, with the names result files use for them. Results on them carry full power once another person
    confirmed the registration. `compute_factor` is the effective compute relative to the last comprehensively assessed weights; the first
    snapshot stands at 1, a later one without it makes earlier results stale where a clock asks. Raises SnapshotNotValid or WeightsKnown.
    """
    require(may_register(actor_of(actor, at)))
    _check_snapshot(label, weights_digest)
    # One writer at a time per subject: whether this snapshot is the first decides its compute factor.
    Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)
    if Snapshot.objects.filter(weights_digest=weights_digest).exists() or subject.snapshots.filter(label=label).exists():
        raise WeightsKnown
    if compute_factor is None and not subject.snapshots.exists():
        compute_factor = Decimal(1)
    names = sorted({name.strip() for name in model_names if name.strip()})
    snapshot = Snapshot(
        subject=subject, label=label, weights_digest=weights_digest, model_names=names, registered_by=actor, registered_at=at
    )
    snapshot.compute_factor = compute_factor
    snapshot.save(force_insert=True)
    snapshot.registered_seq = entries.snapshot_registered(snapshot, actor=actor, at=at).seq
    snapshot.candidate_seq = snapshot.registered_seq if is_release_candidate else None
    snapshot.save(update_fields=["registered_seq", "candidate_seq"])
    return snapshot


@transaction.atomic
def confirm_snapshot(*, snapshot: Snapshot, actor: Person, at: datetime) -> Snapshot:
    """A second person vouches for the digest and the names. Raises AlreadyConfirmed or what the policy refuses."""
    snapshot = Snapshot.objects.select_for_update(no_key=True, of=("self",)).select_related("registered_by").get(pk=snapshot.pk)
    confirmer = actor_of(actor, at)
    require(may_confirm(confirmer, entered_by=snapshot.registered_by))
    require(may_sign_evidence(confirmer))
    if snapshot.is_confirmed:
        raise AlreadyConfirmed
    snapshot.confirmed_by, snapshot.confirmed_at = actor, at
    snapshot.confirmed_seq = entries.snapshot_confirmed(snapshot, actor=actor, at=at).seq
    snapshot.save(update_fields=["confirmed_by", "confirmed_at", "confirmed_seq"])
    return snapshot


@transaction.atomic
def choose_for_release(*, snapshot: Snapshot, actor: Person, at: datetime) -> Snapshot:
    """From now on these weights are meant for release, so every threshold must be measured on them. Raises AlreadyChosen."""
    require(may_register(actor_of(actor, at)))
    snapshot = Snapshot.objects.select_for_update(no_key=True).get(pk=snapshot.pk)
    if snapshot.is_release_candidate:
        raise AlreadyChosen
    snapshot.candidate_seq = entries.snapshot_chosen(snapshot, actor=actor, at=at).seq
    snapshot.save(update_fields=["candidate_seq"])
    return snapshot


@transaction.atomic
def report_deployment(
    *,
    snapshot: Snapshot,
    scope: str,
    since: datetime,
    actor: Person,
    at: datetime,
    authorisation: UUID | None = None,
    stack_digest: str = "",
) -> Deployment:
    """What the serving side says is in service. It is recorded whether or not it was authorised. Raises AlreadyRunning, DeploymentNotValid."""
    require(may_serve(actor_of(actor, at)))
    if since > at:
        raise DeploymentNotValid("A deployment is reported once it runs: it cannot begin later than now.")
    Snapshot.objects.select_for_update(no_key=True).get(pk=snapshot.pk)
    if snapshot.deployments.filter(scope=scope, stack_digest=stack_digest, until=None).exists():
        raise AlreadyRunning
    deployment = Deployment(snapshot=snapshot, scope=scope, since=since, reported_by=actor, reported_at=at, stack_digest=stack_digest)
    deployment.authorisation = authorisation
    deployment.save(force_insert=True)
    deployment.seq = entries.deployment_reported(deployment, subject=snapshot.subject, actor=actor, at=at).seq
    deployment.save(update_fields=["seq"])
    return deployment


@transaction.atomic
def end_deployment(*, deployment: Deployment, until: datetime, actor: Person, at: datetime) -> Deployment:
    """The serving side took it out of service. Raises NotRunning, DeploymentNotValid."""
    require(may_serve(actor_of(actor, at)))
    deployment = Deployment.objects.select_for_update(no_key=True, of=("self",)).select_related("snapshot__subject").get(pk=deployment.pk)
    if deployment.until is not None:
        raise NotRunning
    if not deployment.since <= until <= at:
        raise DeploymentNotValid("A deployment ends after it began, and not later than now.")
    deployment.until = until
    deployment.ended_seq = entries.deployment_ended(deployment, subject=deployment.snapshot.subject, actor=actor, at=at).seq
    deployment.save(update_fields=["until", "ended_seq"])
    return deployment


def _check_subject(slug: str, name: str, parent: Subject | None, derivation: str) -> None:
    if len(slug) > 80 or slug == "new" or not _SLUG.fullmatch(slug):
        raise SubjectNotValid("A slug is lower-case letters, digits and single hyphens, at most 80.", code="slug_not_valid")
    if not name.strip() or len(name) > 120:
        raise SubjectNotValid("A subject has a name of at most 120 characters.", code="name_not_valid")
    if derivation not in Derivation.values:
        raise SubjectNotValid(f"A derivation is one of {', '.join(Derivation.values)}.", code="derivation_not_valid")
    if (parent is None) != (derivation == Derivation.ORIGINAL):
        raise SubjectNotValid(
            "A derived subject names its parent, an original one has none.",
            code="lineage_not_valid",
            what_to_do="Name the parent together with the kind of derivation, or neither.",
        )


def _check_snapshot(label: str, weights_digest: str) -> None:
    if not label.strip() or len(label) > 80:
        raise SnapshotNotValid("A snapshot has a label of at most 80 characters.", code="label_not_valid")
    if not _WEIGHTS.fullmatch(weights_digest):
        raise SnapshotNotValid(
            "Weights are known by their digest: sha256: and 64 lower-case hexadecimal digits.",
            code="digest_not_valid",
            what_to_do="Take it with sha256sum over the weights, in the order your registry fixes.",
        )
