"""Alive, ready, and the figures."""

from typing import Any

import pytest
from django.test import Client

from asl_portal import health

pytestmark = pytest.mark.django_db


def test_anyone_may_ask_whether_the_portal_is_alive(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_portal_without_a_worker_is_not_ready_and_says_which_part_is_missing(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": True, "broker": True, "worker": False}


def test_a_portal_with_a_worker_is_ready(client: Client) -> None:
    health.mark_worker_alive()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_a_portal_whose_broker_is_gone_is_not_ready(client: Client, settings: Any) -> None:
    health.mark_worker_alive()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, False)


def test_this_machine_reads_the_figures_and_another_does_not(client: Client) -> None:
    assert b"python_info" in client.get("/metrics").content
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403


def test_behind_a_proxy_only_the_token_reads_the_figures(client: Client, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    assert client.get("/metrics").status_code == 403
    settings.METRICS_TOKEN = "figures-please"
    assert client.get("/metrics", headers={"Authorization": "Bearer figures-please"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer figures"}).status_code == 403
