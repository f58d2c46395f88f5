"""What a long-lived process begins with stays for good, so the search for cycles need not go through it again and again."""

import subprocess
import sys

import pytest

from tests.processes import ROOT

WEB = "import asl_portal.wsgi"
WORKER = "import django; django.setup(); from celery.signals import worker_process_init; worker_process_init.send(sender=None)"
TOLD = "\nimport gc, sys; print(gc.get_freeze_count(), 'asl_portal.urls' in sys.modules, len(gc.get_objects()))"


@pytest.mark.parametrize(("begin", "has_addresses"), [(WEB, True), (WORKER, False)], ids=["web", "worker"])
def test_what_a_process_begins_with_is_set_aside_and_a_web_process_begins_with_every_address(begin: str, has_addresses: bool) -> None:
    run = [sys.executable, "-c", begin + TOLD]
    frozen, addresses, left = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=True).stdout.split()
    assert int(frozen) > 100_000 > 10_000 > int(left)
    assert addresses == str(has_addresses)
