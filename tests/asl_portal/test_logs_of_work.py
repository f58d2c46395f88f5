"""What real processes write: one id from the page to the last task it led to, and no secret, address or hazardous text on the way."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from asl_portal.celery import app
from evaluations.models import Assessment, Upload
from evaluations.services import blobs
from people.words import Scope
from tests.evaluations.conftest import World, make_world
from tests.evaluations.logs import log
from tests.makers import PASSWORD, give_password, make_token, send_file
from tests.processes import Worker, eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

HAZARD = "how-the-canary-is-cultured"
WRONG = "a canary that is no password"


@pytest.fixture
def world(transactional_db: None, settings: Any, tmp_path: Path) -> World:
    settings.BLOB_DIR = tmp_path / "blobs"
    return make_world()


def _records(text: str) -> Iterator[dict[str, Any]]:
    """The lines that are ours; whatever Celery prints before its logging is set is not."""
    for line in text.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def test_one_id_runs_from_the_upload_through_reading_to_the_assessment(
    world: World, worker: Callable[..., Worker], client: Client, lines: io.StringIO
) -> None:
    # What making the world asked for is done and forgotten, and no scheduler asks: whatever runs was asked for by this request, or by what it led to.
    token = make_token(world.cast.ada, Scope.EVALUATIONS_WRITE)
    world.work()
    app.control.purge()
    running = worker()
    answer = client.post(
        "/api/v1/evaluations",
        {"file": SimpleUploadedFile("run.eval", log(right=10)), "subject": "heron", "snapshot": "step 1"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 202
    upload = Upload.objects.get(pk=answer.json()["id"])
    eventually(lambda: Assessment.objects.filter(subject=world.subject, made_at__gt=upload.received_at).exists(), seconds=60)

    def ran() -> set[tuple[str, str]]:
        return {(one["task"], one["request_id"]) for one in _records(running.log.read_text()) if "task" in one}

    wanted = {(task, answer["X-Request-Id"]) for task in ("evaluations.tasks.parse_upload", "ledger.deliver")}
    eventually(lambda: ran() >= wanted, seconds=60)
    assert {request_id for _, request_id in ran()} == {answer["X-Request-Id"]}
    [request] = [one for one in _records(lines.getvalue()) if one.get("request_id") == answer["X-Request-Id"] and one["event"] == "request"]
    assert (request["route"], request["status"]) == ("api/v1/evaluations", 202)


def test_no_secret_token_address_or_hazardous_text_reaches_a_log(
    world: World, worker: Callable[..., Worker], client: Client, lines: io.StringIO
) -> None:
    running = worker(beat=True)
    token = make_token(world.cast.ada, Scope.EVALUATIONS_WRITE, Scope.EVALUATIONS_READ)
    headers = {"Authorization": f"Bearer {token}"}
    give_password(world.cast.ben, at=timezone.now())
    client.post("/accounts/login/", {"login": "ben@lab.example", "password": WRONG})
    client.post("/accounts/login/", {"login": "ben@lab.example", "password": PASSWORD})
    client.get(f"/accounts/link/{token}/?next={HAZARD}")
    for content in (f'{{"prompt": "{HAZARD}"'.encode(), log(task=HAZARD, run=HAZARD, eval__metadata={"note": HAZARD})):
        sent = {"file": SimpleUploadedFile(f"{HAZARD}.eval", content), "subject": "heron", "elicitation": json.dumps({"variant": HAZARD})}
        client.post("/api/v1/evaluations", sent, headers=headers)
    client.get(f"/api/v1/evaluations/{HAZARD}?token={token}", headers=headers)
    client.get("/api/v1/subjects/heron/status", headers={"Authorization": f"Bearer {HAZARD}"})
    lost = send_file(world.cast, HAZARD.encode(), world.subject, name=HAZARD, at=timezone.now())
    blobs.path_of(lost.blob_id).unlink()
    logging.getLogger("a.library").warning("a line of its own")
    eventually(lambda: "could not be read" in running.log.read_text(), seconds=60)
    eventually(lambda: not Upload.objects.exclude(pk=lost.pk).filter(state__in=["received", "parsing"]).exists(), seconds=60)

    said = lines.getvalue() + running.log.read_text()
    assert "a line of its own" in said and "could not be read" in said
    canaries = (token, token[-20:], HAZARD, WRONG, PASSWORD, "ben@lab.example", "@lab.example")
    assert not [canary for canary in canaries if canary in said]
