"""The same with real worker processes: the web process never reads a file, and a killed worker loses nothing."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from asl_portal.celery import app
from evaluations.models import Assessment, Upload
from tests.evaluations.conftest import World, make_world
from tests.evaluations.logs import log
from tests.makers import deliver_all, send_file
from tests.processes import Worker, eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def world(transactional_db: None, settings: Any, tmp_path: Path) -> World:
    settings.BLOB_DIR = tmp_path / "blobs"
    return make_world()


def _outcome(world: World) -> str:
    return Assessment.objects.filter(subject=world.subject).order_by("-seq").values_list("summary", flat=True)[0]["bio-3"]


def test_an_upload_is_read_and_assessed_by_a_worker(world: World, worker: Callable[..., Worker]) -> None:
    worker(beat=True)
    upload = send_file(world.cast, log(right=38), world.subject, world.snapshot, at=timezone.now())
    assert upload.state == "received"
    eventually(lambda: Upload.objects.get(pk=upload.pk).state == "parsed", seconds=60)
    eventually(lambda: _outcome(world) == "cannot_rule_out", seconds=60)


def test_what_was_sent_while_no_worker_ran_is_found_by_the_sweep(world: World, worker: Callable[..., Worker]) -> None:
    """Its news has been heard and every message that asked for it is lost: nothing but the sweep knows of it."""
    upload = send_file(world.cast, log(right=2), world.subject, world.snapshot, at=timezone.now())
    refused = send_file(world.cast, b"", world.subject, at=timezone.now())
    deliver_all(timezone.now())
    app.control.purge()
    worker(beat=True)
    eventually(lambda: Upload.objects.get(pk=upload.pk).state == "parsed", seconds=60)
    eventually(lambda: Upload.objects.get(pk=refused.pk).error_code == "empty", seconds=60)


def test_the_command_uploads_on_behalf_of_a_person_and_waits_for_the_worker(
    world: World, worker: Callable[..., Worker], tmp_path: Path
) -> None:
    worker(beat=True)
    file, broken = tmp_path / "run.eval", tmp_path / "broken.eval"
    file.write_bytes(log(right=10))
    broken.write_bytes(b"")
    told = {"subject": "heron", "email": "ada@lab.example", "snapshot": "step 1", "wait": True, "json": True}
    out = StringIO()
    call_command("import_evaluation", file, stdout=out, **told)
    receipt = json.loads(out.getvalue())
    assert receipt["state"] == "parsed" and receipt["runs"][0]["measurements"][0]["value"] == "0.25"
    with pytest.raises(CommandError, match="Not every file") as refused:
        call_command("import_evaluation", broken, stdout=StringIO(), **told)
    assert refused.value.returncode == 1
    with pytest.raises(CommandError, match="uploaded by researchers"):
        call_command("import_evaluation", file, stdout=StringIO(), **(told | {"email": "ben@lab.example"}))
