"""Entries of the ledger become work: a file to read, an assessment to make. Safe to hear twice, and prompt: people wait for it."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now

from evaluations.models import Binding, Subject, Upload, UploadState
from evaluations.queries import subjects_touched_by
from evaluations.services.assessments import dependents, mark_due
from evaluations.tasks import FOLLOWS_A_SUBJECT, assess_due, parse_upload
from frameworks.models import FrameworkVersion
from ledger.delivery import consumer, kick
from ledger.models import Entry

A_MOMENT = timedelta(seconds=2)
# What bears on one subject's findings, each with the subject among its fields.
ABOUT_A_SUBJECT = (
    "evaluations:subject:registered",
    "evaluations:snapshot:registered",
    "evaluations:snapshot:confirmed",
    "evaluations:snapshot:chosen",
    "evaluations:upload:parsed",
    "evaluations:upload:countersigned",
    "evaluations:upload:attested",
    "evaluations:run:announced",
    "evaluations:run:claimed",
    "evaluations:run:cleared",
    "evaluations:result:superseded",
    "evaluations:correction:signed",
    "evaluations:measurement:admitted",
    "evaluations:arms:confirmed",
    "evaluations:judgement:recorded",
    "evaluations:judgement:ended",
    "evaluations:coverage:recorded",
    "evaluations:coverage:ended",
    "evaluations:deployment:reported",
    "evaluations:deployment:ended",
)


@consumer("evaluations.reading", kinds=("evaluations:upload:received", "evaluations:upload:retried"), prompt=True)
def ask_to_read(entry: Entry) -> None:
    """The second way: whoever received the file asked for it to be read, and that is seldom longer than a moment away."""
    waiting = Upload.objects.filter(pk=_id(entry), state=UploadState.RECEIVED)
    if waiting.exclude(received_at__range=(Now() - A_MOMENT, Now() + A_MOMENT)).exists():
        kick(parse_upload, upload_id=_id(entry))


@consumer(FOLLOWS_A_SUBJECT, kinds=ABOUT_A_SUBJECT, prompt=True)
def assess_the_subject(entry: Entry) -> None:
    _mark([UUID(str(entry.values["subject"]))], entry)


@consumer("evaluations.binding", kinds=("evaluations:binding:proposed", "evaluations:binding:confirmed"), prompt=True)
def assess_whom_the_binding_touches(entry: Entry) -> None:
    binding = Binding.objects.get(pk=_id(entry))
    _mark(subjects_touched_by(binding).values_list("pk", flat=True), entry)


@consumer("evaluations.lineage", kinds=("evaluations:assessment:made", "evaluations:requirement:recorded"), prompt=True)
def assess_the_children(entry: Entry) -> None:
    """What stands for a parent stands for those that lean on it; an unchanged child stops the wave."""
    _mark(dependents(UUID(str(entry.values["subject"]))), entry, framework=str(entry.values["framework"]))


@consumer("evaluations.framework", kinds=("frameworks:version:adopted",), prompt=True)
def assess_everyone_under_the_framework(entry: Entry) -> None:
    version = FrameworkVersion.objects.get(pk=_id(entry))
    _mark(Subject.objects.values_list("pk", flat=True), entry, framework=version.name)


def _mark(subjects: Iterable[UUID], entry: Entry, *, framework: str | None = None) -> None:
    names = None if framework is None else [framework]
    for due_id in mark_due(subjects=subjects, reason=entry.kind, at=entry.recorded_at, framework_names=names):
        kick(assess_due, due_id=str(due_id))


def _id(entry: Entry) -> str:
    return entry.thing.partition(":")[2]
