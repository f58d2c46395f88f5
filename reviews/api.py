"""Status, gate and cases for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from evaluations import access as evaluations_access
from evaluations.models import Snapshot
from evaluations.paging import LONGEST as LONGEST_PAGE
from evaluations.paging import page
from frameworks.models import FrameworkVersion
from frameworks.queries import in_force, in_force_then, in_force_versions
from ledger.refusals import NotKnown, NotNow, NotValid
from people.api_auth import TokenAuth
from people.api_text import SHORT, WITHOUT_NUL, Body
from people.policies import may_serve, require
from people.queries import Actor
from people.words import Scope
from reviews import access, gate
from reviews.case_json import case_json, case_row, status_json
from reviews.deployments_api import router as deployments_router
from reviews.gate_rules import STACK_NOT_NAMED
from reviews.gate_words import ARTEFACT, GateScope
from reviews.moments import moment
from reviews.status import subject_status

router = Router(tags=["gate"])
router.add_router("", deployments_router)

# A document whose parts follow the framework is described as an object and no further.
_AN_OBJECT = {"responses": {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}}


class FrameworkNotKnown(NotKnown):
    code = "framework_not_known"
    sentence = "No framework of that name is in force."


class FrameworkNotNamed(NotValid):
    code = "framework_not_named"
    sentence = "Several frameworks are in force; name one."


class NothingInForce(NotNow):
    code = "no_framework"
    sentence = "No framework is in force yet."


class OneQuestion(NotValid):
    code = "ask_for_one_thing"
    sentence = "Ask by artefact or by subject, and by one of them only."
    what_to_do = "Send artefact with the digest of the weights; send subject only to look."


class ReasonOut(Schema):
    """Why the gate denies, and who can resolve it."""

    code: str
    sentence: str
    who: list[str] = Field(description="Roles that can resolve it.")
    what_to_do: str
    about: str = Field(description="The threshold, axis, safeguard, case or scope it speaks of; empty where there is none.")


class NoteOut(Schema):
    """What an answer leaves open."""

    code: str
    sentence: str


class GateOut(Schema):
    """`allowed` is true only where no reason stands against it. Good until `expires_at`, and for exactly this artefact and scope."""

    allowed: bool
    reasons: list[ReasonOut]
    notes: list[NoteOut] = Field(description="What the answer leaves open without denying, such as a stack that was not named.")
    artefact: str | None
    scope: str
    stack: str | None
    at: datetime = Field(description="When it was worked out: at most a second ago, and nothing has been written since.")
    expires_at: datetime
    required: dict[str, str]
    framework_digest: str | None
    inputs_digest: str | None
    answer_digest: str | None
    ledger_size: int = Field(description="The ledger's head when the gate was asked: how many entries it had.")
    ledger_root: str | None = Field(description="The root over those entries; null where nothing was entered yet.")
    informative_only: bool = Field(
        description="It authorises nothing: asked by subject, which is no artefact, or without the stack where the answer holds for one stack only."
    )


class AuthorisationIn(Body):
    artefact: str = Field(pattern=ARTEFACT)
    scope: GateScope
    stack_digest: str = Field("", pattern=r"^(sha256:[0-9a-f]{64})?$")


class AuthorisationOut(Schema):
    """The answer for the record, with the digests of what it was computed from and its place in the ledger."""

    id: UUID
    allowed: bool
    reasons: list[ReasonOut]
    artefact: str
    scope: str
    stack_digest: str
    at: datetime
    expires_at: datetime
    framework_digest: str | None
    inputs_digest: str
    answer_digest: str
    ledger_seq: int


@router.get("/gate", auth=TokenAuth(Scope.GATE_READ), response=GateOut, summary="May this artefact go to this scope?")
def ask_gate(
    request: HttpRequest,
    scope: GateScope,
    artefact: Annotated[str, Query(pattern=r"^(sha256:[0-9a-f]{64})?$")] = "",
    subject: Annotated[str, Query(max_length=80, pattern=WITHOUT_NUL)] = "",
    stack: Annotated[str, Query(pattern=r"^(sha256:[0-9a-f]{64})?$")] = "",
) -> dict[str, Any]:
    """200 for every well-formed question, deny included. Asks and writes nothing; by `subject` it is informative only.

    `stack` is the digest of the stack that would serve it; where the answer holds for one stack only, one given without it is informative only too, and says so
    in `notes`. Whatever releases a model asks for an authorisation.
    """
    if bool(artefact) == bool(subject):
        raise OneQuestion
    actor, now = _actor(request), timezone.now()
    about = access.subjects(actor, now).filter(slug=subject).first() if subject else None
    # What this person may not know of is unknown to the gate as well.
    known = _visible(actor, artefact, now) if artefact else None
    answer = gate.ask(scope=scope, artefact=known, subject=about, stack=stack or None, seen=request.seen)  # type: ignore[attr-defined]
    return {
        "allowed": answer.allowed,
        "reasons": answer.reasons,
        "notes": answer.notes,
        "artefact": artefact or answer.artefact,
        "scope": scope,
        "stack": answer.stack,
        "at": answer.at,
        "expires_at": answer.expires_at,
        "required": answer.required,
        "framework_digest": answer.framework_digest,
        "inputs_digest": answer.inputs_digest,
        "answer_digest": answer.answer_digest,
        "ledger_size": answer.ledger_size,
        "ledger_root": answer.ledger_root,
        "informative_only": bool(subject) or any(note["code"] == STACK_NOT_NAMED for note in answer.notes),
    }


@router.post(
    "/gate/authorisations",
    auth=TokenAuth(Scope.GATE_AUTHORISE),
    response={201: AuthorisationOut},
    summary="The same question, answered for the record",
)
def authorise(request: HttpRequest, body: AuthorisationIn) -> Status[dict[str, Any]]:
    """Short-lived, bound to artefact, scope and stack, entered in the ledger with its inputs; a deny too. Read `allowed`.

    It writes, so only a token of somebody who runs the serving side makes one: a researcher, a safeguard owner, an administrator or the chair (403 for
    everybody else). A pipeline carries the token of such a person, or of an account of its own that holds one of these roles and never signs in.

    Where safeguards are built into one serving stack, `stack_digest` is that stack's, as the applicability statement names it; any other is denied.
    """
    actor, now = _actor(request), timezone.now()
    require(may_serve(actor))
    if Snapshot.objects.filter(weights_digest=body.artefact).exists() and _visible(actor, body.artefact, now) is None:
        raise evaluations_access.SnapshotNotKnown
    made = gate.authorise(artefact=body.artefact, scope=body.scope, stack=body.stack_digest, actor=actor.person)
    return Status(
        201,
        {
            "id": made.pk,
            "allowed": made.allowed,
            "reasons": made.reasons,
            "artefact": made.artefact,
            "scope": made.scope,
            "stack_digest": made.stack_digest,
            "at": made.at,
            "expires_at": made.expires_at,
            "framework_digest": made.framework_document_id,
            "inputs_digest": made.inputs_document_id,
            "answer_digest": made.answer_document_id,
            "ledger_seq": made.ledger_seq,
        },
    )


@router.get(
    "/subjects/{slug}/status",
    auth=TokenAuth(Scope.SUBJECTS_READ),
    tags=["subjects"],
    summary="How a subject stands",
    openapi_extra=_AN_OBJECT,
)
def status(
    request: HttpRequest,
    slug: Annotated[str, Path(**SHORT)],
    framework: Annotated[str, Query(**SHORT)] = "",
    as_of: Annotated[str, Query(**SHORT)] = "",
    as_known_at: Annotated[str, Query(**SHORT)] = "",
) -> dict[str, Any]:
    """The required tier per axis, determinations in force, findings with reason trees and what they lack, open case, safeguards signed of required, gate.
    A determination that is `covered_by` says under `coverage` which snapshot it covers and by which one of which model.
    `as_of` is when it was true, `as_known_at` what the portal had learned by then; a bare date means the end of that UTC day.
    """
    now = timezone.now()
    subject = access.subject(_actor(request), slug, now)
    at, known_at = (min(moment(asked, default=now), now) for asked in (as_of, as_known_at))
    version = _version(framework)
    back = min(at, known_at) < now
    version = in_force_then(version.name, min(at, known_at)) or version if back else version
    return status_json(subject_status(subject, version, at, known_at=known_at, back=back))


class CaseList(Schema):
    cases: list[dict[str, Any]]
    next: str | None


@router.get("/cases", auth=TokenAuth(Scope.CASES_READ), response=CaseList, tags=["cases"], summary="The cases, newest first")
def list_cases(
    request: HttpRequest,
    subject: Annotated[str, Query(**SHORT)] = "",
    state: Annotated[str, Query(**SHORT)] = "",
    cursor: Annotated[str, Query(**SHORT)] = "",
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 50,
) -> dict[str, Any]:
    """Follow `next` until it is null."""
    rows = access.cases(_actor(request), timezone.now())
    rows = rows.filter(subject__slug=subject) if subject else rows
    rows = rows.filter(state=state) if state else rows
    found = page(rows, by="-number", cursor=cursor, limit=limit)
    return {"cases": [case_row(case) for case in found.rows], "next": found.following}


@router.get("/cases/{case_id}", auth=TokenAuth(Scope.CASES_READ), tags=["cases"], summary="The case file", openapi_extra=_AN_OBJECT)
def case(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """Questions with their requirements, every vote ever cast, decisions with their dissent, revisions and the discussion."""
    now = timezone.now()
    return case_json(access.case(_actor(request), case_id, now), now)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _visible(actor: Actor, artefact: str, at: datetime) -> str | None:
    """The artefact, unless it belongs to a subject this person may not know of."""
    if evaluations_access.knows_every_subject(actor):
        return artefact
    hidden = Snapshot.objects.filter(weights_digest=artefact).exclude(subject__in=access.subjects(actor, at)).exists()
    return None if hidden else artefact


def _version(name: str) -> FrameworkVersion:
    if name:
        found = in_force(name)
        if found is None:
            raise FrameworkNotKnown
        return found
    several = list(in_force_versions()[:2])
    if not several:
        raise NothingInForce
    if len(several) > 1:
        raise FrameworkNotNamed
    return several[0]
