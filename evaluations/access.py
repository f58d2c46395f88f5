"""The only doors to subjects and uploads. What a person may not know of does not exist for them: NotKnown, on every page and in the API."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from evaluations.models import AnnouncedRun, Dossier, Run, Snapshot, Subject, Upload
from evaluations.policies import SEES_EVERY_SUBJECT
from ledger.refusals import NotKnown, the_one
from people.queries import Actor
from people.words import Role


class SubjectNotKnown(NotKnown):
    code = "subject_not_known"
    sentence = "There is no subject by that name."


class SnapshotNotKnown(NotKnown):
    code = "snapshot_not_known"
    sentence = "This subject has no snapshot by that name or digest."
    what_to_do = "Name one of its snapshots as its page lists them, by label or by sha256 digest, or register the weights first."


class UploadNotKnown(NotKnown):
    code = "upload_not_known"
    sentence = "There is no upload by that id."


class RunNotKnown(NotKnown):
    code = "run_not_known"
    sentence = "There is no run by that id."


class AnnouncedRunNotKnown(NotKnown):
    code = "announced_run_not_known"
    sentence = "No such run was announced for this subject."


def knows_every_subject(actor: Actor) -> bool:
    """Whether nothing is hidden from this person; then nothing needs to be asked to find out."""
    return bool(actor.roles & SEES_EVERY_SUBJECT)


class DossierNotKnown(NotKnown):
    code = "dossier_not_known"
    sentence = "There is no dossier by that id."


def dossiers(actor: Actor, at: datetime) -> QuerySet[Dossier]:
    """All for those of the laboratory; for outside evaluators their own that are open."""
    rows = Dossier.objects if actor.roles & SEES_EVERY_SUBJECT else _open_dossiers(actor, at)
    return rows.select_related("subject", "person", "opened_by", "closed_by")


def dossier(actor: Actor, pk: UUID, at: datetime) -> Dossier:
    """Raises DossierNotKnown."""
    return the_one(dossiers(actor, at).filter(pk=pk), DossierNotKnown)


def subjects(actor: Actor, at: datetime) -> QuerySet[Subject]:
    """The subjects this person may know of: all for those of the laboratory, the dossier for outside evaluators, none without a role."""
    if knows_every_subject(actor):
        return Subject.objects.all()
    if Role.OUTSIDE_EVALUATOR in actor.roles:
        return Subject.objects.filter(Exists(_open_dossiers(actor, at).filter(subject=OuterRef("pk"))))
    return Subject.objects.none()


def uploads(actor: Actor, at: datetime) -> QuerySet[Upload]:
    """The uploads for those subjects."""
    if knows_every_subject(actor):
        return Upload.objects.all()
    if Role.OUTSIDE_EVALUATOR in actor.roles:
        return Upload.objects.filter(Exists(_open_dossiers(actor, at).filter(subject=OuterRef("subject"))))
    return Upload.objects.none()


def subject(actor: Actor, slug: str, at: datetime) -> Subject:
    """Raises SubjectNotKnown."""
    return the_one(subjects(actor, at).filter(slug=slug), SubjectNotKnown)


def subject_named(actor: Actor, told: str, at: datetime) -> Subject:
    """A subject as people name it: by its short name, or by its name in any letter case where only one has it. Raises SubjectNotKnown."""
    mine = subjects(actor, at)
    found = list(mine.filter(slug=told.lower())) or list(mine.filter(name__iexact=told)[:2])
    if len(found) != 1:
        raise SubjectNotKnown
    return found[0]


def snapshot(subject: Subject, name: str) -> Snapshot:
    """A snapshot of this subject by label or weights digest; others' weights are not known here. Raises SnapshotNotKnown."""
    return the_one(subject.snapshots.filter(Q(label=name) | Q(weights_digest=name)), SnapshotNotKnown)


def announced_run(subject: Subject, pk: UUID) -> AnnouncedRun:
    """Raises AnnouncedRunNotKnown."""
    return the_one(subject.announced_runs.select_related("announced_by").filter(pk=pk), AnnouncedRunNotKnown)


def upload(actor: Actor, upload_id: UUID, at: datetime) -> Upload:
    """Raises UploadNotKnown."""
    return the_one(
        uploads(actor, at).select_related("subject", "snapshot", "uploader", "countersigned_by", "blob").filter(pk=upload_id),
        UploadNotKnown,
    )


def run(actor: Actor, run_id: UUID, at: datetime) -> Run:
    """Raises RunNotKnown."""
    mine = Exists(uploads(actor, at).filter(pk=OuterRef("upload")))
    runs = Run.objects.select_related("upload", "upload__uploader", "reading", "subject", "snapshot", "twin_of")
    return the_one(runs.filter(mine, pk=run_id), RunNotKnown)


def _open_dossiers(actor: Actor, at: datetime) -> QuerySet[Dossier]:
    ends = (Q(until_at=None) | Q(until_at__gt=at)) & (Q(closed_at=None) | Q(closed_at__gt=at))
    return Dossier.objects.filter(ends, person=actor.person, opened_at__lte=at)
