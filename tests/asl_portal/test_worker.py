"""A real worker: it says that it is alive, and works on what it is sent."""

import os
import signal
from collections.abc import Callable

import psutil
import pytest
from django.test import Client

from asl_portal import health
from asl_portal.embedded.ending import end_of
from ledger.tasks import deliver
from tests.processes import Worker, eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_a_worker_makes_the_portal_ready(worker: Callable[..., Worker], client: Client) -> None:
    assert client.get("/readyz").status_code == 503
    worker()
    eventually(health.worker_alive)
    assert client.get("/readyz").status_code == 200


def test_pool_and_scheduler_die_with_their_worker_though_it_alone_was_killed(worker: Callable[..., Worker]) -> None:
    """Or a scheduler would go on sending, and a pool working, for nobody."""
    running = worker(beat=True)
    ended = [end_of(child.pid) for child in psutil.Process(running.process.pid).children(recursive=True)]
    assert len(ended) > 2 and not any(each() for each in ended)
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()
    eventually(lambda: all(each() for each in ended), seconds=10)


def test_a_worker_works_on_what_it_is_sent(worker: Callable[..., Worker]) -> None:
    running = worker()
    deliver.delay(an_unknown_keyword="is no harm")
    eventually(lambda: not _waiting())
    running.stop()
    assert '"level": "error"' not in running.log.read_text()


def _waiting() -> int:
    with deliver.app.connection_for_read() as connection:
        return int(connection.default_channel.client.llen("celery"))
