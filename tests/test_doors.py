"""Every address × every kind of visitor × every method, against one table.

Closed by construction: an address without a row fails, a row without an address fails, and what a row does not name is refused.
To add one: a line in `ROWS` (`tests/doors/rows.py`) and, where the address has parameters, one in `PLACES` (`tests/doors/world.py`). A failure prints the line it would take.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client, override_settings

from asl_portal.api import AUTH, api
from people.api_auth import TokenAuth
from people.models import RoleGrant
from people.words import Scope
from tests.doors.rows import ANYBODY, LOGIN, METHODS, PERSONAS, ROLES, ROWS, STRANGER, VISITORS
from tests.doors.world import DOORS, FORM, JSON, PLACES, SENT, Door, World, address, build_world, doors
from tests.headers import unprotected


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    blobs = tmp_path_factory.mktemp("blobs")
    with django_db_blocker.unblock(), override_settings(BLOB_DIR=blobs), transaction.atomic():
        yield build_world(blobs)
        transaction.set_rollback(True)


def knock(door: Door, where: str, method: str, visitor: str, world: World) -> object:
    """The answer to one request, with everything it changed undone."""
    if where.startswith("/accounts/"):
        cache.clear()  # rate limits
    client = Client(raise_request_exception=False)
    headers = {}
    if door.is_api and visitor in world.tokens:
        headers = {"Authorization": f"Bearer {world.tokens[visitor]}"}
    elif visitor in world.sessions:
        client.cookies["asl_session"] = world.sessions[visitor]
    if door.name == "choose_password":
        client.cookies["asl_link"] = world.things["secret"]  # what following the link left there
    with transaction.atomic(), override_settings(BLOB_DIR=world.blobs):
        content = {} if method in {"GET", "HEAD"} else JSON if door.is_api else FORM
        if (door.name, method) in SENT:
            content = SENT[door.name, method](world)
        answer = client.generic(method, where, headers=headers, **content)
        known = visitor in world.sessions and door.name != "api:openapi-json"  # the description of the API is everybody's
        assert unprotected(answer, signed_in=known) == [], f"{method} {where} as {visitor}"
        if answer.streaming:
            list(answer.streaming_content)  # a file left open is a warning; closing it by hand would close the database too
        transaction.set_rollback(True)
    sent_to_login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    return LOGIN if sent_to_login else answer.status_code


def observed_row(door: Door, seen: dict[str, dict[str, object]]) -> str:
    """The line that would describe what was seen; a person has to say whether it is right."""
    parts = []
    for method, answers in seen.items():
        roles = [answers[role] for role in ROLES]
        usual = max(set(roles), key=roles.count)
        if usual == 405:
            continue
        others = {role: answers[role] for role in ROLES if answers[role] != usual}
        unsaid = {ANYBODY: 401 if door.is_api else LOGIN, STRANGER: 401 if door.is_api else 404}
        others |= {visitor: answers[visitor] for visitor, answer in unsaid.items() if answers[visitor] != answer}
        parts.append(f"{method}=by({', '.join([repr(usual), *(f'{who}={what!r}' for who, what in others.items())])})")
    return f'    "{door.name}": row({", ".join(parts)}),'


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(DOORS))
def test_a_door_answers_as_its_row_says(name: str, world: World) -> None:
    door = DOORS[name]
    where = address(door, world)
    seen = {method: {visitor: knock(door, where, method, visitor, world) for visitor in VISITORS} for method in METHODS}
    told = f"\nWhat was seen, as a row of ROWS in tests/doors/rows.py (is it right?):\n{observed_row(door, seen)}"
    assert name in ROWS, f"{name} ({door.route}) has no row.{told}"
    wrong = [
        f"  {method} as {visitor}: expected {expected}, got {seen[method][visitor]}"
        for method in METHODS
        for visitor in VISITORS
        if seen[method][visitor] != (expected := ROWS[name].answer(method, visitor, door.is_api))
        and not (isinstance(expected, tuple) and seen[method][visitor] in expected)
    ]
    assert not wrong, "\n".join([f"{name} ({where}):", *wrong]) + told


@pytest.mark.django_db
def test_a_file_that_is_too_large_is_refused_under_the_same_headers(world: World) -> None:
    with override_settings(UPLOAD_MAX_BYTES=1):
        assert knock(DOORS["api:upload_evaluation"], "/api/v1/evaluations", "POST", "researcher", world) == 413


# Doors that take a change without the token of the portal's own page, each with its reason. Calls of the API are none: no cookie opens them (below).
WITHOUT_PAGE_TOKEN: dict[str, str] = {}
CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name, door in DOORS.items() if not door.is_api))
def test_a_form_of_another_site_opens_no_door(name: str, world: World) -> None:
    where = address(DOORS[name], world)
    for visitor in (ANYBODY, "chair"):
        client = Client(enforce_csrf_checks=True)
        if visitor in world.sessions:
            client.cookies["asl_session"] = world.sessions[visitor]
        for method in CHANGES:
            answer = client.generic(method, where, **FORM)
            refused = answer.status_code == 403 and "403_csrf.html" in [template.name for template in answer.templates]
            assert refused == (name not in WITHOUT_PAGE_TOKEN), (
                f"{method} {where} as {visitor} without the page's token: {answer.status_code}"
            )


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name, door in DOORS.items() if door.is_api and name in ROWS))
def test_a_session_opens_no_door_of_the_api(name: str, world: World) -> None:
    """So that what another site makes a browser send, cookies and all, is nobody's."""
    where = address(DOORS[name], world)
    client = Client(enforce_csrf_checks=True)
    client.cookies["asl_session"] = world.sessions["chair"]
    for method in (method for method, answers in ROWS[name].methods.items() if ANYBODY not in answers):
        content = {} if method == "GET" else JSON
        assert client.generic(method, where, **content).status_code == 401, method


def test_every_exception_from_the_pages_token_is_a_door() -> None:
    assert not WITHOUT_PAGE_TOKEN.keys() - DOORS.keys()


def test_every_row_has_its_door() -> None:
    assert sorted(set(ROWS) - set(DOORS)) == [], "These rows of tests/doors/rows.py describe addresses that are not there."
    assert sorted(set(PLACES) - set(DOORS)) == [], "These places of tests/doors/world.py belong to addresses that are not there."


def test_no_two_addresses_share_a_name() -> None:
    names = [door.name for door in doors()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.django_db
def test_every_call_of_the_api_asks_for_one_scope() -> None:
    calls = [call for _, router in api._routers for place in router.path_operations.values() for call in place.operations]
    assert len(calls) >= 8
    for call in calls:
        room = call.view_func.__module__.split(".")[0]
        [auth] = call.auth_callbacks or [AUTH.get(room)]
        assert isinstance(auth, TokenAuth), f"{call.view_func.__name__} asks for no token"
        assert auth.scope in Scope.values


def test_the_personas_hold_exactly_the_roles_they_stand_for(world: World) -> None:
    for role, name in PERSONAS.items():
        held = RoleGrant.objects.filter(person=getattr(world.cast, name), confirmed_at__isnull=False)
        assert set(held.values_list("role", flat=True)) == {role}
    assert not RoleGrant.objects.filter(person=world.cast.eve, confirmed_at__isnull=False).exists()
