"""Every address × every kind of visitor × every method, against one table.

Closed by construction: an address without a row fails, a row without an address fails, and what a row does not name is refused.
To add one: a line in `ROWS` (and, where the address has parameters, one in `PLACES`). A failure prints the line it would take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from people import services as people
from people.models import Person, RoleGrant
from people.words import Role, Scope
from tests.makers import Cast, give_password, make_people, make_token

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LOGIN = "login"  # sent to the sign-in page: nobody is signed in
ANYBODY = "anonymous"
STRANGER = "stranger"  # an account, no role
PERSONAS = {role: name for name, role in {
    "ada": Role.RESEARCHER, "ben": Role.REVIEWER, "farid": Role.SAFEGUARD_OWNER, "dan": Role.CHAIR, "grace": Role.EXECUTIVE,
    "kai": Role.BOARD_OBSERVER, "hana": Role.AUDITOR, "lena": Role.OUTSIDE_EVALUATOR, "ivo": Role.ADMINISTRATOR,
}.items()}  # fmt: skip
ROLES = tuple(str(role) for role in Role)
VISITORS = (ANYBODY, STRANGER, *ROLES)

Expected = dict[str, object]


# How a row is written


def by(usual: object, **others: object) -> Expected:
    """The answer for every role, but for those named: `by(200, outside_evaluator=404)`."""
    assert set(others) <= set(VISITORS), f"no such visitor: {set(others) - set(VISITORS)}"
    return dict.fromkeys(ROLES, usual) | others


def only(roles: tuple[str, ...], answer: object, others: object = 403, **named: object) -> Expected:
    """One answer for some roles, another for the rest: `only(KEEPERS, 200, outside_evaluator=404)`."""
    return by(others, **dict.fromkeys(roles, answer) | named)


def everybody(answer: object) -> Expected:
    """The same for all, signed in or not."""
    return dict.fromkeys(VISITORS, answer)


def signed_in(answer: object) -> Expected:
    """The same for all who are signed in, with a role or without."""
    return by(answer, stranger=answer)


@dataclass(frozen=True)
class Row:
    """What each method answers to each visitor. Methods that are not named answer 405, once one has come as far as the view."""

    methods: dict[str, Expected]
    rest: Expected

    def answer(self, method: str, visitor: str, is_api: bool) -> object:
        said = self.methods.get(method)
        expected = self.rest if said is None else said
        if visitor in expected:
            return expected[visitor]
        if is_api:
            return 401 if said is not None else 405
        return LOGIN if visitor == ANYBODY else 404


def row(rest: Expected | None = None, **methods: Expected) -> Row:
    """A row of the table. Unless it says otherwise, nobody comes in without signing in, and to a stranger nothing is there."""
    return Row(methods, by(405) if rest is None else rest)


KEEPERS = ("administrator", "chair", "executive")
OPEN_REST = everybody(405)

# The table. One block a room, one line an address. An answer is a status, a tuple of statuses, or LOGIN.

ROWS: dict[str, Row] = {
    # asl_portal
    "healthz": row(OPEN_REST, GET=everybody(200)),
    "readyz": row(OPEN_REST, GET=everybody((200, 503))),
    "metrics": row(OPEN_REST, GET=everybody(200)),
    "theme": row(OPEN_REST, POST=everybody(302)),
    # people: signing in
    "account_login": row(OPEN_REST, GET=by(302, anonymous=200, stranger=302), POST=by(302, anonymous=200, stranger=302)),
    "account_logout": row(OPEN_REST, GET=by(200, anonymous=302, stranger=200), POST=everybody(302)),
    "account_inactive": row(OPEN_REST, GET=everybody(200)),
    "account_change_password": row(signed_in(405), GET=signed_in(200), POST=signed_in(200)),
    "choose_password": row(OPEN_REST, GET=everybody(404), POST=everybody(404)),
    "sign_in_link": row(OPEN_REST, GET=everybody(302)),
    # people: pages
    "people:me": row(signed_in(405), GET=signed_in(200)),
    "people:token-create": row(POST=by(422)),
    "people:token-revoke": row(POST=only(KEEPERS, 302, others=404, researcher=302)),
    "people:members": row(GET=by(200, outside_evaluator=404)),
    "people:new-person": row(GET=only(KEEPERS, 200, outside_evaluator=404), POST=only(KEEPERS, 422, outside_evaluator=404)),
    "people:person": row(GET=by(200, outside_evaluator=404)),
    "people:grant-propose": row(POST=only(KEEPERS, 422, outside_evaluator=404)),
    "people:grant-act": row(POST=only(KEEPERS, 302, outside_evaluator=404)),
    "people:link-propose": row(POST=only(KEEPERS, 302, outside_evaluator=404)),
    "people:link-act": row(POST=only(KEEPERS, 302, others=404)),
    "people:account-close": row(POST=only(KEEPERS, 302, outside_evaluator=404)),
    # ledger
    "ledger:list": row(GET=by(200, outside_evaluator=404)),
    "ledger:verify": row(GET=by(200, outside_evaluator=404), POST=by(302, outside_evaluator=404)),
    "ledger:checkpoint": row(GET=by(404)),
    "ledger:entry": row(GET=by(200, outside_evaluator=404)),
}  # fmt: skip


@dataclass
class World:
    """One small world for all rows, built once; every request is rolled back. Rooms put what their addresses name into `things`."""

    cast: Cast
    sessions: dict[str, str]
    tokens: dict[str, str]
    things: dict[str, Any]


# Where a door with parameters stands in that world: the keywords of its address.
PLACES: dict[str, Callable[[World], dict[str, object]]] = {
    "sign_in_link": lambda world: {"secret": world.things["secret"]},
    "people:token-revoke": lambda world: {"pk": world.cast.ada.api_tokens.get().pk},
    "people:person": lambda world: {"pk": world.cast.ben.pk},
    "people:grant-propose": lambda world: {"pk": world.cast.ben.pk},
    "people:grant-act": lambda world: {"kind": "role", "pk": world.things["grant"].pk, "act": "confirm"},
    "people:link-propose": lambda world: {"pk": world.cast.ben.pk},
    "people:link-act": lambda world: {"pk": world.things["link"].pk, "act": "confirm"},
    "people:account-close": lambda world: {"pk": world.cast.chloe.pk},
    "ledger:entry": lambda world: {"seq": 1},
}


def build_people(world: World) -> None:
    """What the rows of `people` speak of: a proposal and a link by Jun, which others may confirm, and an open link of Eve's."""
    cast, now = world.cast, timezone.now()
    world.things["grant"] = people.grant_role(person=cast.eve, role=Role.RESEARCHER, actor=cast.jun, at=now)
    world.things["link"] = people.propose_link(user=cast.chloe.user, actor=cast.jun, at=now)
    _, world.things["secret"] = people.persona_link(user=cast.kai.user, at=now)


BUILDERS: tuple[Callable[[World], None], ...] = (build_people,)


# How the doors are found and tried


@dataclass(frozen=True)
class Door:
    name: str
    route: str
    parameters: frozenset[str]

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")


def doors(patterns: list[URLPattern | URLResolver] | None = None, route: str = "", space: str = "") -> Iterator[Door]:
    """Every address the portal knows, by its name; one without a name goes by its route."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from doors(one.url_patterns, here, f"{space}{one.namespace}:" if one.namespace else space)
        else:
            name = f"{space}{one.name}" if one.name else here
            yield Door(name, here, frozenset(re.findall(r"<(?:[a-z_.]+:)?(\w+)>", here)))


DOORS = {door.name: door for door in doors()}


def session_of(person: Person) -> str:
    """A session of somebody with a password: without one, half of the sign-in pages would lead elsewhere."""
    give_password(person)
    client = Client()
    client.force_login(person.user)
    return client.cookies["asl_session"].value


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        cast = make_people()
        visitors = {role: getattr(cast, name) for role, name in PERSONAS.items()} | {STRANGER: cast.eve}
        sessions = {visitor: session_of(person) for visitor, person in visitors.items()}
        # Last: tokens live at now, and the ledger only grows forward.
        tokens = {visitor: make_token(person, *Scope.values) for visitor, person in visitors.items() if visitor != STRANGER}
        built = World(cast, sessions, tokens, {})
        for build in BUILDERS:
            build(built)
        yield built
        transaction.set_rollback(True)


def address(door: Door, world: World) -> str:
    keywords = PLACES[door.name](world) if door.name in PLACES else {}
    assert door.parameters == set(keywords), (
        f"{door.name} ({door.route}) has the parameters {sorted(door.parameters)}.\n"
        f'Add to PLACES in tests/test_doors.py:\n    "{door.name}": lambda world: {{{", ".join(f"{p!r}: …" for p in sorted(door.parameters))}}},'
    )
    return reverse(door.name, kwargs=keywords) if ":" in door.name or not door.route.endswith(door.name) else f"/{door.route}"


def knock(door: Door, where: str, method: str, visitor: str, world: World) -> object:
    """The answer to one request, with everything it changed undone."""
    cache.clear()
    client = Client(raise_request_exception=False)
    headers = {}
    if door.is_api and visitor in world.tokens:
        headers = {"Authorization": f"Bearer {world.tokens[visitor]}"}
    elif visitor in world.sessions:
        client.cookies["asl_session"] = world.sessions[visitor]
    with transaction.atomic():
        content = {"data": "", "content_type": "application/x-www-form-urlencoded"} if method != "GET" else {}
        answer = client.generic(method, where, headers=headers, **content)
        if answer.streaming:
            answer.close()
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
    told = f"\nWhat was seen, as a row of ROWS in tests/test_doors.py (is it right?):\n{observed_row(door, seen)}"
    assert name in ROWS, f"{name} ({door.route}) has no row.{told}"
    wrong = [
        f"  {method} as {visitor}: expected {expected}, got {seen[method][visitor]}"
        for method in METHODS
        for visitor in VISITORS
        if seen[method][visitor] != (expected := ROWS[name].answer(method, visitor, door.is_api))
        and not (isinstance(expected, tuple) and seen[method][visitor] in expected)
    ]
    assert not wrong, "\n".join([f"{name} ({where}):", *wrong]) + told


def test_every_row_has_its_door() -> None:
    assert sorted(set(ROWS) - set(DOORS)) == [], "These rows of tests/test_doors.py describe addresses that are not there."
    assert sorted(set(PLACES) - set(DOORS)) == [], "These places of tests/test_doors.py belong to addresses that are not there."


def test_no_two_addresses_share_a_name() -> None:
    names = [door.name for door in doors()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.django_db
def test_the_personas_hold_exactly_the_roles_they_stand_for(world: World) -> None:
    for role, name in PERSONAS.items():
        held = RoleGrant.objects.filter(person=getattr(world.cast, name), confirmed_at__isnull=False)
        assert set(held.values_list("role", flat=True)) == {role}
    assert not RoleGrant.objects.filter(person=world.cast.eve, confirmed_at__isnull=False).exists()
