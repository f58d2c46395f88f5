"""What is in service: reported with the gate's authorisation, or an incident that the chair and administrators hear of."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations.models import Deployment
from evaluations.services.subjects import DeploymentNotValid
from ledger.models import Entry
from ledger.refusals import NotAllowed
from reviews import gate
from reviews.models import Incident, Notice
from reviews.services import deployments
from reviews.services.scopes import halt
from tests.makers import client_of, make_token
from tests.reviews.conftest import Board


@pytest.fixture
def board(open_board: Board) -> Board:
    """One world a module: the one whose gate to external is open."""
    return open_board


def report(board: Board, **more: Any) -> Deployment:
    at = board.now()
    told = {"snapshot": board.snapshot, "scope": "external", "since": at, "actor": board.cast.farid, "at": at} | more
    return deployments.report(**told)


def page(board: Board, who: str, address: str = "/subjects/heron/deployments/") -> str:
    client = client_of(getattr(board.cast, who))
    return client.get(address).content.decode()


def test_a_deployment_under_a_valid_authorisation_is_no_incident(board: Board) -> None:
    at = board.now()
    allowed = gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", actor=board.cast.farid, at=at)
    report(board, authorisation=allowed.pk, since=at)
    assert not Incident.objects.exists() and "In service, authorised" in page(board, "hana")


def test_what_runs_from_another_stack_beside_what_was_authorised_is_reported_and_an_incident(board: Board) -> None:
    at = board.now()
    allowed = gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", actor=board.cast.farid, at=at)
    report(board, authorisation=allowed.pk, since=at)
    beside = report(board, stack="sha256:" + "e" * 64)
    assert Incident.objects.get().deployment == beside


@pytest.mark.parametrize("change", ["none", "unknown", "denied", "other scope", "other stack", "expired", "too early"])
def test_without_a_valid_authorisation_it_is_an_incident_that_is_told_and_shown(board: Board, change: str) -> None:
    at = board.now()
    weights = board.snapshot.weights_digest
    allowed = gate.authorise_at(artefact=weights, scope="external", actor=board.cast.farid, at=at)
    denied = gate.authorise_at(artefact=weights, scope="internal", actor=board.cast.farid, at=at)
    assert allowed.allowed and not denied.allowed
    told = {
        "none": {},
        "unknown": {"authorisation": uuid4()},
        "denied": {"authorisation": denied.pk, "scope": "internal"},
        "other scope": {"authorisation": allowed.pk, "scope": "internal"},
        "other stack": {"authorisation": allowed.pk, "stack": weights},
        "expired": {"authorisation": allowed.pk, "since": allowed.expires_at, "at": allowed.expires_at},
        "too early": {"authorisation": allowed.pk, "since": at - timedelta(seconds=1)},
    }[change]
    deployment = report(board, **{"since": at} | told)
    incident = Incident.objects.get(deployment=deployment)
    assert incident.cause == ("no_authorisation" if change == "none" else "not_valid")
    assert Entry.objects.filter(kind="reviews:incident:found", thing=f"incident:{incident.pk}").count() == 1
    assert "In service, not authorised" in page(board, "hana") and "Not authorised" in page(board, "hana", "/portfolio/")
    assert "In service without a valid authorisation" in page(board, "hana", "/subjects/heron/")


def test_what_goes_out_after_a_halt_is_an_incident_though_it_was_authorised_a_minute_before(board: Board) -> None:
    allowed = gate.authorise_at(artefact=board.snapshot.weights_digest, scope="external", actor=board.cast.farid, at=board.now())
    told = {"subject": board.subject, "framework_version": board.version, "scope": "external", "reason": "A jailbreak."}
    stopped = halt(**told, actor=board.cast.ben, at=board.now())
    late = board.now()
    assert allowed.at < stopped.changed_at < late < allowed.expires_at
    assert Incident.objects.get(deployment=report(board, authorisation=allowed.pk, since=late)).cause == "not_valid"


def test_the_chair_and_administrators_are_told_and_others_are_not(board: Board) -> None:
    report(board)
    board.work()
    told = set(Notice.objects.filter(kind="incident", channel="inbox").values_list("person__name", flat=True))
    assert told == {"Dan", "Ivo", "Jun"}


def test_an_incident_is_over_when_the_deployment_ends_and_stays_on_record(board: Board) -> None:
    deployment = report(board)
    deployments.end(deployment=deployment, until=(at := board.now()), actor=board.cast.farid, at=at)
    assert "In service without" not in page(board, "hana", "/subjects/heron/") and "Incident found" in page(board, "hana")
    with pytest.raises(DatabaseError), transaction.atomic():
        Incident.objects.update(cause="not_valid")


def test_who_does_not_serve_reports_nothing_and_nobody_reports_the_future(board: Board) -> None:
    with pytest.raises(NotAllowed):
        report(board, actor=board.cast.ben)
    with pytest.raises(DeploymentNotValid):
        report(board, since=board.now() + timedelta(hours=1))
    assert "Report a deployment" not in page(board, "ben") and "Report a deployment" in page(board, "farid")
    deployment = report(board)
    with pytest.raises(DeploymentNotValid):
        deployments.end(deployment=deployment, until=deployment.since - timedelta(hours=1), actor=board.cast.farid, at=board.now())


def test_a_deployment_is_reported_and_ended_on_its_page(board: Board) -> None:
    client = client_of(board.cast.farid)
    address = reverse("reviews:deployments", args=["heron"])
    told = {"snapshot": board.snapshot.pk, "scope": "external", "since": "2026-05-22T12:30"}
    assert client.post(address, told | {"since": "2126-05-22T12:30"}).status_code == 422
    assert client.post(address, told).status_code == 302
    end = reverse("reviews:deployment-end", args=[Deployment.objects.get().pk])
    assert client.post(end).status_code == 302 and Deployment.objects.get().until is not None
    assert client.post(end).status_code == 409


def test_the_serving_side_reports_through_the_api(board: Board) -> None:
    token = make_token(board.cast.farid, "deployments:write", "subjects:read")
    headers = {"Authorization": f"Bearer {token}"}
    body = {"artefact": board.snapshot.weights_digest, "scope": "external", "since": timezone.now().isoformat()}
    client = Client(headers=headers)
    made = client.post("/api/v1/deployments", body, content_type="application/json")
    assert made.status_code == 201 and made.json()["incident"] == "no_authorisation"
    assert client.post("/api/v1/deployments", body, content_type="application/json").status_code == 409
    hidden = client.post("/api/v1/deployments", body | {"artefact": "sha256:" + "0" * 64}, content_type="application/json")
    assert hidden.status_code == 404
    listed = client.get("/api/v1/deployments", {"subject": "heron", "running": "true"}).json()["deployments"]
    assert [each["id"] for each in listed] == [made.json()["id"]]
    until = {"until": timezone.now().isoformat()}
    ended = client.post(f"/api/v1/deployments/{made.json()['id']}/end", until, content_type="application/json")
    assert ended.status_code == 200 and ended.json()["until"] is not None
    assert client.get("/api/v1/deployments", {"running": "true"}).json()["deployments"] == []
