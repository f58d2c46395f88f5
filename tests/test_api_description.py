"""The whole API against its own description: schemathesis asks what it allows and what it forbids, with the tokens of every role and without one."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from asl_portal.api import api
from asl_portal.openapi import PROBLEM
from people.words import Scope
from tests.conftest import WorldOnce
from tests.makers import ROLES, adopt_framework, later, make_people, make_snapshot, make_subject, make_token, send_file, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
EXAMPLES = 30


@pytest.fixture(scope="module")
def tokens(world_once: WorldOnce) -> Iterator[dict[str, str]]:
    """A small world with something to find behind every address, and a token with every scope for each role."""
    with world_once():
        cast = make_people()
        adopt_framework(cast)
        heron = make_subject(cast)
        make_snapshot(cast, heron)
        send_file(cast, b"no evaluation at all", heron)
        work_off(later(minutes=1))
        people = {name: getattr(cast, name) for name in (*ROLES, "ivo")}
        yield {name: make_token(person, *Scope.values) for name, person in people.items()}


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Every request on the test's own connection, as Django's test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _schema() -> Any:
    return schemathesis.openapi.from_dict(api.get_openapi_schema())


def _operations() -> list[str]:
    return [operation.ok().label for operation in _schema().get_all_operations()]


@pytest.mark.parametrize("label", _operations())
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_breaks_the_api_or_gets_an_answer_it_does_not_describe(label: str, mode: GenerationMode, tokens: dict[str, str]) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    operation = next(found.ok() for found in schema.get_all_operations() if found.ok().label == label)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), who=st.sampled_from([*tokens, ""]))
    def ask(case: Any, who: str) -> None:
        # What is right by description may still be unknown, forbidden or not possible now; each of these answers is described.
        case.call_and_validate(
            excluded_checks=[positive_data_acceptance], headers={"Authorization": f"Bearer {tokens.get(who, 'asl_nobody')}"}
        )

    ask()


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/subjects?cursor=%00",
        "/api/v1/cases?subject=%00",
        "/api/v1/cases?state=%00",
        "/api/v1/gate?scope=external&subject=%00",
        "/api/v1/subjects/%00/status",
        "/api/v1/subjects/heron/status?framework=%00",
        "/api/v1/subjects/heron/status?as_of=%00",
    ],
)
def test_a_character_the_database_cannot_keep_is_bad_input(address: str, tokens: dict[str, str], client: Client) -> None:
    headers = {"Authorization": f"Bearer {tokens['ada']}"}
    answer = client.get(address, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"], answer.json()["code"]) == (422, PROBLEM, "request_not_valid")
    assert client.get(address.replace("%00", "none"), headers=headers).json().get("code") != "request_not_valid"


def test_a_misspelt_parameter_is_refused_and_not_ignored(tokens: dict[str, str], client: Client) -> None:
    headers = {"Authorization": f"Bearer {tokens['ada']}"}
    assert client.get("/api/v1/subjects/heron/status?as_of=2026-05-23", headers=headers).status_code == 200
    answer = client.get("/api/v1/subjects/heron/status?as_off=2026-05-23", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_unknown")


def test_every_operation_describes_each_kind_of_no() -> None:
    for methods in api.get_openapi_schema()["paths"].values():
        for operation in methods.values():
            refusals = {str(status): answer for status, answer in operation["responses"].items() if int(status) >= 400}
            assert refusals.keys() >= {"400", "401", "403", "404", "409", "422", "429"}
            assert all(PROBLEM in answer["content"] for answer in refusals.values())
