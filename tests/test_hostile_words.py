"""Whatever people call themselves, their models and their files: no page takes it for a part of itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.db.models import Model
from django.test import Client
from django.utils.html import escape

from evaluations.models import Snapshot, Subject, Upload
from people.models import ApiToken, Person, SavedView
from reviews.models import Board, Case, Outlet, SafeguardImplementation
from tests.conftest import WorldOnce
from tests.doors.rows import ROLES, ROWS
from tests.doors.world import DOORS, World, address, build_world

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

HOSTILE = "<img src=x onerror=alert(1)>\"'>"
WRITTEN: tuple[tuple[type[Model], str], ...] = (
    (Person, "name"),
    (Person, "affiliation"),
    (SavedView, "name"),
    (ApiToken, "label"),
    (Subject, "name"),
    (Snapshot, "label"),
    (Upload, "filename"),
    (Board, "name"),
    (Case, "reason"),
    (SafeguardImplementation, "title"),
    (SafeguardImplementation, "description"),
    (Outlet, "label"),
)


@pytest.fixture(scope="module")
def world(world_once: WorldOnce) -> Iterator[World]:
    with world_once():
        yield build_world(portal_settings.BLOB_DIR)


def test_no_page_takes_what_somebody_wrote_for_a_part_of_itself(world: World, settings: Any) -> None:
    settings.BLOB_DIR = world.blobs
    for model, field in WRITTEN:
        assert model._default_manager.exists(), model
        for row in model._default_manager.all():
            # Some of these are one of a kind, so each gets its own.
            model._default_manager.filter(pk=row.pk).update(**{field: f"{str(row.pk)[:4]}{HOSTILE}"})
    shown = 0
    for name in sorted(name for name, row in ROWS.items() if "GET" in row.methods and not DOORS[name].is_api):
        visitor = next((role for role in ("reviewer", "chair", *ROLES) if ROWS[name].answer("GET", role, is_api=False) == 200), None)
        if visitor is None:
            continue
        client = Client()
        client.cookies["asl_session"] = world.sessions[visitor]
        answer: Any = client.get(address(DOORS[name], world))
        said = answer.getvalue().decode(errors="replace")
        if answer["Content-Type"].startswith("text/html"):
            assert "<img src=x" not in said and "onerror=alert(1)>\"'" not in said, name
            shown += escape(HOSTILE) in said
    assert shown > 30, "hardly a page showed any of it, so this proves nothing"
