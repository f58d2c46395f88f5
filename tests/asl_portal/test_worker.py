"""A real worker: it says that it is alive, and works on what it is sent."""

from collections.abc import Callable

import pytest
from django.test import Client

from asl_portal import health
from ledger.tasks import deliver
from tests.processes import Worker, eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_a_worker_makes_the_portal_ready_and_its_pool_dies_with_it(worker: Callable[..., Worker], client: Client) -> None:
    assert client.get("/readyz").status_code == 503
    running = worker()
    eventually(health.worker_alive)
    assert client.get("/readyz").status_code == 200
    running.kill()
    assert running.process.returncode != 0


def test_a_worker_works_on_what_it_is_sent(worker: Callable[..., Worker]) -> None:
    running = worker()
    deliver.delay(an_unknown_keyword="is no harm")
    eventually(lambda: not _waiting())
    running.stop()
    assert '"level": "error"' not in running.log.read_text()


def _waiting() -> int:
    with deliver.app.connection_for_read() as connection:
        return int(connection.default_channel.client.llen("celery"))
