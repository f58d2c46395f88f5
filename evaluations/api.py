"""Evaluations and subjects for programs."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, File, Form, Header, Query, Router, Schema, Status
from ninja.files import UploadedFile

from evaluations import access
from evaluations.models import Derivation, Subject
from evaluations.paging import LONGEST as LONGEST_PAGE
from evaluations.paging import page
from evaluations.receipts import receipt
from evaluations.services import results, subjects, uploads
from ledger.refusals import NotValid
from people.api_auth import TokenAuth
from people.api_text import SHORT, WITHOUT_NUL, Body, Short, once
from people.queries import Actor
from people.words import Scope

router = Router(tags=["evaluations"])

MOST_AT_ONCE = 100


class ElicitationNotJson(NotValid):
    code = "elicitation_not_valid"
    sentence = "`elicitation` is a JSON object of facts."
    what_to_do = 'Send for example {"variant": "helpful-only", "safeguards_on": false, "attempts": 10}.'


class Receipt(Schema):
    """Where an upload stands."""

    id: UUID
    address: str
    page: str
    state: str
    percent: int
    subject: str
    snapshot: str | None
    filename: str
    sha256: str
    received_at: datetime


class Warned(Schema):
    """`holds` takes the power to rule a threshold out, never the power to raise concern; `info` is for the reader only."""

    code: str
    message: str
    where: str
    effect: str


class Interval(Schema):
    low: str | None
    high: str | None
    level: str | None
    method: str | None


class MeasurementOut(Schema):
    id: UUID
    scorer: str | None
    metric: str
    filter: str | None
    reducer: str | None
    group: str | None
    value: str | None
    stderr: str | None
    n: int | None
    n_source: str | None
    interval: Interval | None
    where: str
    warnings: list[Warned]


class Counts(Schema):
    total: int | None
    completed: int | None
    scored: int | None
    errored: int | None
    invalidated: int | None


class RevisionOut(Schema):
    commit: str | None
    dirty: bool | None
    verified: bool


class RunOut(Schema):
    id: UUID
    harness: str
    run_id: str | None
    twin_of: UUID | None
    model: str | None
    task: str | None
    task_version: str | None
    status: str
    counts: Counts
    invalidated: bool
    epochs: int | None
    created: str | None
    revision: RevisionOut
    measurements: list[MeasurementOut]
    warnings: list[Warned]


class EvaluationOut(Receipt):
    """Once parsed: format, verdict, runs, warnings. Once rejected: code, message, where, what_to_do."""

    format: str | None = None
    verdict: str | None = None
    runs: list[RunOut] | None = None
    warnings: list[Warned] | None = None
    code: str | None = None
    message: str | None = None
    where: str | None = None
    what_to_do: str | None = None


class AnnouncedRunIn(Body):
    subject: Annotated[str, Field(max_length=80, pattern=WITHOUT_NUL)]
    indicator: Annotated[str, Field(max_length=120, pattern=WITHOUT_NUL)]
    harness: Annotated[str, Field(max_length=60, pattern=WITHOUT_NUL)]
    run_id: Annotated[str, Field(max_length=200, pattern=WITHOUT_NUL)]


class AnnouncedRunOut(AnnouncedRunIn):
    id: UUID
    announced_at: datetime
    ledger_seq: int


class SnapshotIn(Body):
    label: Annotated[str, Field(max_length=80, pattern=WITHOUT_NUL)]
    weights_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    model_names: Annotated[list[Short], Field(max_length=MOST_AT_ONCE)] = []
    compute_factor: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=4)] | None = None
    is_release_candidate: bool = False


class SubjectIn(Body):
    slug: Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: Annotated[str, Field(max_length=120, pattern=WITHOUT_NUL)]
    parent: Short | None = None
    derivation: Derivation = Derivation.ORIGINAL
    snapshots: Annotated[list[SnapshotIn], Field(max_length=MOST_AT_ONCE)] = []


class SnapshotOut(Schema):
    label: str
    weights_digest: str
    confirmed: bool
    release_candidate: bool


class SubjectOut(Schema):
    id: UUID
    slug: str
    name: str
    parent: str | None
    derivation: str
    snapshots: list[SnapshotOut]


class SubjectList(Schema):
    subjects: list[SubjectOut]
    next: str | None


@router.post(
    "/evaluations",
    auth=TokenAuth(Scope.EVALUATIONS_WRITE),
    response={202: Receipt, 200: Receipt},
    summary="Upload an evaluation result file",
)
def upload_evaluation(
    request: HttpRequest,
    *,
    file: File[UploadedFile],
    subject: Annotated[str, Form(**SHORT)],
    snapshot: Annotated[str, Form(**SHORT)] = "",
    indicator: Annotated[str, Form(max_length=120, pattern=WITHOUT_NUL)] = "",
    elicitation: Form[str] = "",
    idempotency_key: Annotated[str, Header(alias="Idempotency-Key", max_length=200, pattern=WITHOUT_NUL)] = "",
) -> Status[dict[str, Any]]:
    """202 with the upload's id and address: it will be read by a worker. The same bytes with the same particulars again: 200 with the same id;
    with other particulars, or the key of another request: 409. `snapshot` is a label or a weights digest of the subject. `indicator` only
    asserts: it binds nothing, and a mismatch is a warning.
    """
    actor, now = _actor(request), timezone.now()
    about = access.subject(actor, subject, now)
    upload, created = uploads.receive(
        stream=file,
        filename=file.name or "",
        subject=about,
        snapshot=access.snapshot(about, snapshot) if snapshot else None,
        declared=_elicitation(elicitation),
        indicator=indicator,
        idempotency_key=idempotency_key,
        actor=actor.person,
        at=now,
    )
    return Status(202 if created else 200, receipt(access.upload(actor, upload.pk, now)))


@router.get(
    "/evaluations/{upload_id}",
    auth=TokenAuth(Scope.EVALUATIONS_READ),
    response=EvaluationOut,
    exclude_unset=True,
    summary="Where an upload stands and what was found in it",
)
def evaluation(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    """`state` is received, parsing, parsed or rejected; `percent` ends at 100."""
    return receipt(access.upload(_actor(request), upload_id, timezone.now()))


@router.post(
    "/announced-runs",
    auth=TokenAuth(Scope.EVALUATIONS_WRITE),
    response={201: AnnouncedRunOut},
    summary="Announce a run before it is started",
)
def announce_run(request: HttpRequest, body: AnnouncedRunIn) -> Status[dict[str, Any]]:
    """Until a run by that id arrives that speaks of the indicator, or somebody other than you signs it away, the indicator rules nothing out."""
    actor, now = _actor(request), timezone.now()
    subject = access.subject(actor, body.subject, now)
    made = results.announce(
        subject=subject, indicator=body.indicator, harness=body.harness, external_id=body.run_id, actor=actor.person, at=now
    )
    return Status(201, body.dict() | {"id": made.pk, "announced_at": made.announced_at, "ledger_seq": made.seq})


@router.post("/subjects", auth=TokenAuth(Scope.SUBJECTS_WRITE), response={201: SubjectOut}, tags=["subjects"], summary="Register a subject")
def register_subject(request: HttpRequest, body: SubjectIn, response: HttpResponse) -> Status[dict[str, Any]]:
    """A new subject with its lineage and its snapshots' digests. A snapshot has full power once another person confirms it on its page."""
    actor, now = _actor(request), timezone.now()
    parent = access.subject(actor, body.parent, now) if body.parent else None
    subject = subjects.register_with_snapshots(
        slug=body.slug,
        name=body.name,
        parent=parent,
        derivation=body.derivation,
        snapshots=[snapshot.dict() for snapshot in body.snapshots],
        actor=actor.person,
        at=now,
    )
    response.headers["Location"] = f"/api/v1/subjects/{subject.slug}/status"
    return Status(201, _subject(subject))


@router.get("/subjects", auth=TokenAuth(Scope.SUBJECTS_READ), response=SubjectList, tags=["subjects"], summary="The subjects, by slug")
def list_subjects(
    request: HttpRequest, cursor: Annotated[str, Query(**SHORT)] = "", limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 50
) -> dict[str, Any]:
    """Follow `next` until it is null."""
    rows = access.subjects(_actor(request), timezone.now()).select_related("parent").prefetch_related("snapshots")
    found = page(rows, by="slug", cursor=cursor, limit=limit)
    told = [_subject(subject) for subject in found.rows]
    if not access.knows_every_subject(_actor(request)):
        # Where their model comes from is a model they may not know of.
        told = [each | {"parent": None} for each in told]
    return {"subjects": told, "next": found.following}


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _elicitation(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        facts = json.loads(text, parse_float=Decimal, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ElicitationNotJson from error
    if not isinstance(facts, dict):
        raise ElicitationNotJson
    return facts


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        "id": subject.pk,
        "slug": subject.slug,
        "name": subject.name,
        "parent": subject.parent.slug if subject.parent else None,
        "derivation": subject.derivation,
        "snapshots": [
            {
                "label": snapshot.label,
                "weights_digest": snapshot.weights_digest,
                "confirmed": snapshot.is_confirmed,
                "release_candidate": snapshot.is_release_candidate,
            }
            for snapshot in subject.snapshots.all()
        ],
    }
