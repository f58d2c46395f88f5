"""Deployments as the serving side reports them, for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import AfterValidator, AwareDatetime

from evaluations import access as evaluations_access
from evaluations.models import Deployment, Snapshot
from evaluations.paging import page
from ledger.refusals import the_one
from people.api_auth import TokenAuth
from people.api_text import SHORT, WITHOUT_NUL, Body
from people.queries import Actor
from people.words import Scope
from reviews import access
from reviews.gate_words import ARTEFACT, STACK, GateScope
from reviews.services import deployments

router = Router(tags=["deployments"])


def _in_utc(told: datetime) -> datetime:
    """What is stored is UTC: PostgreSQL does not take every offset that a time may have."""
    try:
        return told.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("there is no such moment in UTC") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class DeploymentIn(Body):
    artefact: str = Field(pattern=ARTEFACT)
    scope: GateScope
    since: Moment
    authorisation: UUID | None = Field(None, description="The id `POST /gate/authorisations` answered, valid when it went out.")
    stack_digest: str = Field("", pattern=STACK)


class DeploymentEnd(Body):
    until: Moment


class DeploymentOut(Schema):
    """`incident` names why no valid authorisation covers it; null where one does."""

    id: UUID
    subject: str
    artefact: str
    scope: str
    since: AwareDatetime
    until: AwareDatetime | None
    authorisation: UUID | None
    stack_digest: str
    reported_at: AwareDatetime
    incident: str | None
    ledger_seq: int


class DeploymentList(Schema):
    deployments: list[DeploymentOut]
    next: str | None


@router.post("/deployments", auth=TokenAuth(Scope.DEPLOYMENTS_WRITE), response={201: DeploymentOut}, summary="Report what is in service")
def report_deployment(request: HttpRequest, body: DeploymentIn) -> Status[dict[str, Any]]:
    """Recorded whatever it says. Without a valid authorisation it is an incident, and the chair and administrators are told."""
    actor, now = _actor(request), timezone.now()
    known = Snapshot.objects.filter(subject__in=access.subjects(actor, now)).select_related("subject")
    snapshot = the_one(known.filter(weights_digest=body.artefact), evaluations_access.SnapshotNotKnown)
    made = deployments.report(
        snapshot=snapshot,
        scope=body.scope,
        since=body.since,
        authorisation=body.authorisation,
        stack=body.stack_digest,
        actor=actor.person,
        at=now,
    )
    return Status(201, _told(made))


@router.post(
    "/deployments/{deployment_id}/end", auth=TokenAuth(Scope.DEPLOYMENTS_WRITE), response=DeploymentOut, summary="It went out of service"
)
def end_deployment(request: HttpRequest, deployment_id: UUID, body: DeploymentEnd) -> dict[str, Any]:
    actor, now = _actor(request), timezone.now()
    found = access.deployment(actor, deployment_id, now)
    return _told(deployments.end(deployment=found, until=body.until, actor=actor.person, at=now))


@router.get("/deployments", auth=TokenAuth(Scope.SUBJECTS_READ), response=DeploymentList, summary="What is or was in service")
def list_deployments(
    request: HttpRequest,
    subject: Annotated[str, Query(max_length=80, pattern=WITHOUT_NUL)] = "",
    running: bool | None = None,
    cursor: Annotated[str, Query(**SHORT)] = "",
    limit: int = 50,
) -> dict[str, Any]:
    """The latest report first. Follow `next` until it is null."""
    rows = access.deployments(_actor(request), timezone.now())
    rows = rows.filter(snapshot__subject__slug=subject) if subject else rows
    rows = rows if running is None else rows.filter(until__isnull=running)
    found = page(rows, by="-seq", cursor=cursor, limit=limit)
    return {"deployments": [_told(each) for each in found.rows], "next": found.following}


def _told(deployment: Deployment) -> dict[str, Any]:
    incident = getattr(deployment, "incident", None)
    return {
        "id": deployment.pk,
        "subject": deployment.snapshot.subject.slug,
        "artefact": deployment.snapshot.weights_digest,
        "scope": deployment.scope,
        "since": deployment.since,
        "until": deployment.until,
        "authorisation": deployment.authorisation,
        "stack_digest": deployment.stack_digest,
        "reported_at": deployment.reported_at,
        "incident": incident.cause if incident else None,
        "ledger_seq": deployment.seq,
    }


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]
