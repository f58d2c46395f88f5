"""The signer as it runs: a process of its own, stopped by a signal."""

import signal
import subprocess
import sys
import uuid

import pytest
from django.db import transaction

from ledger import services
from ledger.models import Checkpoint
from tests.makers import NOON, make_log
from tests.processes import ROOT, eventually, own_environment

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def signer(tmp_path):
    command = [sys.executable, "manage.py", "sign_checkpoints", "--watch", "--every", "0.1"]
    environment = own_environment() | {"ASL_CHECKPOINT_KEY_FILE": str(tmp_path / "key")}
    with (tmp_path / "signer.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def _last_signed() -> int:
    return Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0


def test_the_signer_waits_for_the_log_signs_as_it_grows_and_leaves_when_told(signer):
    make_log(at=NOON)
    eventually(lambda: _last_signed() == 2, seconds=60)
    with transaction.atomic():
        services.append(kind="tests:stone:laid", thing=f"stone:{uuid.UUID(int=7)}", actor=None, at=services.head().recorded_at)
    eventually(lambda: _last_signed() == 3)
    signer.send_signal(signal.SIGTERM)
    assert signer.wait(timeout=20) == 0
    assert services.verify().checkpoints == 2
