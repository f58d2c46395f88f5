"""Alive, ready, and the figures."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.core.management import call_command
from django.db import DataError, connection
from django.test import Client, override_settings

from asl_portal import health
from ledger.models import Head
from tests.makers import make_log

pytestmark = pytest.mark.django_db


def test_anyone_may_ask_whether_the_portal_is_alive(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_portal_without_a_worker_is_not_ready_and_says_which_part_is_missing(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": True, "broker": True, "worker": False, "blobs": True, "ledger": True}


def test_a_portal_with_a_worker_is_ready(client: Client) -> None:
    health.mark_worker_alive()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_a_portal_whose_broker_is_gone_is_not_ready(client: Client, settings: Any) -> None:
    health.mark_worker_alive()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, False)


def test_a_portal_that_cannot_keep_an_upload_is_not_ready(client: Client, settings: Any, tmp_path: Path) -> None:
    health.mark_worker_alive()
    (tmp_path / "file").touch()
    settings.BLOB_DIR = tmp_path / "file" / "blobs"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["blobs"]) == (503, False)


def test_asking_leaves_nothing_in_the_blob_folder(client: Client, settings: Any) -> None:
    client.get("/readyz")
    assert list(settings.BLOB_DIR.iterdir()) == []


def test_a_portal_whose_ledger_does_not_fit_is_not_ready(client: Client) -> None:
    health.mark_worker_alive()
    make_log()
    assert client.get("/readyz").json()["ledger"]
    Head.objects.update(root=bytes(32))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ledger"]) == (503, False)


@pytest.fixture
def with_a_new_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Writes the one migration of a room that a new version of the portal brings, with this body."""
    room = tmp_path / "new_room"
    (room / "migrations").mkdir(parents=True)
    (room / "__init__.py").touch()
    (room / "migrations" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def write(statements: str) -> None:
        (room / "migrations" / "0001_begins.py").write_text(
            "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
            f"    operations = [migrations.RunSQL({statements!r}, migrations.RunSQL.noop)]\n"
        )
        for name in [name for name in sys.modules if name.startswith("new_room.migrations")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        health.migrations_of_this_code.cache_clear()

    write("SELECT 1")
    with override_settings(INSTALLED_APPS=[*portal_settings.INSTALLED_APPS, "new_room"]):
        yield write
    health.migrations_of_this_code.cache_clear()


def _tables() -> set[str]:
    return {name for name in connection.introspection.table_names() if name.startswith("new_room")}


def test_a_migration_that_is_missing_or_failed_keeps_the_portal_from_being_ready(
    client: Client, with_a_new_version: Callable[[str], None]
) -> None:
    health.mark_worker_alive()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, False), "it was never run"

    with_a_new_version("CREATE TABLE new_room_half (n int); SELECT 1/0")
    with pytest.raises(DataError):
        call_command("migrate", "new_room", verbosity=0)
    assert _tables() == set(), "nothing half done stays"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, False), "it failed"

    with_a_new_version("CREATE TABLE new_room_whole (n int)")
    call_command("migrate", "new_room", verbosity=0)
    assert _tables() == {"new_room_whole"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_this_machine_reads_the_figures_and_another_does_not(client: Client) -> None:
    assert b"python_info" in client.get("/metrics").content
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403


def test_behind_a_proxy_only_the_token_reads_the_figures(client: Client, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    assert client.get("/metrics").status_code == 403
    settings.METRICS_TOKEN = "figures-please"
    assert client.get("/metrics", headers={"Authorization": "Bearer figures-please"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer figures"}).status_code == 403
