"""The whole API against its own description: schemathesis asks what it allows and what it forbids, with the tokens of every role and without one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from asl_portal.api import api
from asl_portal.openapi import PROBLEM
from evaluations.services.subjects import report_deployment
from ledger.models import Entry
from ledger.notary import Notary
from tests.conftest import WorldOnce
from tests.makers import ROLES, give_role, make_person, make_wide_token
from tests.reviews.conftest import make_board

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
EXAMPLES = 30


@dataclass(frozen=True)
class World:
    """A token with every scope for each role, and what is stored behind the addresses, by the name of the parameter that asks for it."""

    tokens: dict[str, str]
    stored: dict[str, object]


@pytest.fixture(scope="module")
def world(world_once: WorldOnce, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A model whose evidence rose and the case that opened, a file that was refused, a deployment, a signed log."""
    with world_once():
        board = make_board()
        case = board.rise()
        upload = board.measure("exploits", right=1)
        board.send(b"no evaluation at all")
        board.work()
        cast, now = board.cast, board.now()
        deployment = report_deployment(snapshot=board.snapshot, scope="internal", since=now, actor=cast.farid, at=now)
        Notary(tmp_path_factory.mktemp("notary") / "key").sign(at=now)
        for name in ("kai", "lena"):
            person = make_person(name.capitalize(), at=board.now())
            give_role(cast, person, ROLES[name], at=board.now())
            setattr(cast, name, person)
        people = {name: getattr(cast, name) for name in (*ROLES, "ivo")}
        yield World(
            tokens={name: make_wide_token(person) for name, person in people.items()},
            stored={
                "upload_id": str(upload.pk),
                "case_id": str(case.pk),
                "deployment_id": str(deployment.pk),
                "slug": board.subject.slug,
                "subject": board.subject.slug,
                "artefact": board.snapshot.weights_digest,
                "snapshot": board.snapshot.weights_digest,
                "framework": board.version.name,
                "indicator": "exploits",
                "harness": "inspect",
                "elicitation": "{}",
                "authorisation": None,
                "seq": 1,
                "start": 1,
                "cursor": "",
                "since": now.isoformat(),
                "until": timezone.now().isoformat(),
                "as_of": now.isoformat(),
                "as_known_at": now.isoformat(),
            },
        )


@pytest.fixture
def tokens(world: World) -> dict[str, str]:
    return world.tokens


# A new subject has a name that is not stored; here `slug` and `parent` mean what is still to be.
MADE_ANEW = {"POST /api/v1/subjects"}


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
def test_no_request_breaks_the_api_or_gets_an_answer_it_does_not_describe(label: str, mode: GenerationMode, world: World) -> None:
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
    # The chair may do the most.
    @given(
        case=operation.as_strategy(generation_mode=mode), who=st.just("dan") | st.sampled_from([*world.tokens, ""]), stored=st.booleans()
    )
    def ask(case: Any, who: str, stored: bool) -> None:
        if stored and mode is GenerationMode.POSITIVE and label not in MADE_ANEW:
            ask_for_what_is_there(case, world.stored)
        # What is right by description may still be unknown, forbidden or not possible now; each of these answers is described.
        answer = case.call_and_validate(
            excluded_checks=[positive_data_acceptance], headers={"Authorization": f"Bearer {world.tokens.get(who, 'asl_nobody')}"}
        )
        answered.add(answer.status_code)

    answered: set[int] = set()
    ask()
    assert mode is not GenerationMode.POSITIVE or min(answered) < 300, f"{label} never got past {sorted(answered)}"


def ask_for_what_is_there(case: Any, stored: dict[str, object]) -> None:
    """Puts what is stored in the place of what was made up; a thing that every call has to name is stored."""
    assert case.path_parameters.keys() <= stored.keys(), f"what stands behind {case.path_parameters.keys() - stored.keys()}?"
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part.update({name: stored[name] for name in part.keys() & stored.keys()})


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


WEIGHTS, OTHERS = ("sha256:" + digit * 64 for digit in "ab")
TWICE = {
    "an address": lambda ask: ask.get(f"/api/v1/gate?artefact={WEIGHTS}&artefact={OTHERS}&scope=external"),
    "a body": lambda ask: ask.post(
        "/api/v1/gate/authorisations",
        f'{{"artefact": "{WEIGHTS}", "artefact": "{OTHERS}", "scope": "external"}}',
        content_type="application/json",
    ),
    "a form": lambda ask: ask.post("/api/v1/evaluations", {"subject": ["heron", "egret"], "file": SimpleUploadedFile("a.json", b"{}")}),
    "its files": lambda ask: ask.post(
        "/api/v1/evaluations", {"subject": "heron", "file": [SimpleUploadedFile(name, b"{}") for name in "ab"]}
    ),
    "a fact": lambda ask: ask.post(
        "/api/v1/evaluations",
        {"subject": "heron", "file": SimpleUploadedFile("a.json", b"{}"), "elicitation": '{"attempts": 1, "attempts": 9}'},
    ),
}


@pytest.mark.parametrize("where", TWICE)
def test_a_question_that_names_two_things_where_one_is_asked_for_is_not_answered(where: str, tokens: dict[str, str]) -> None:
    before = Entry.objects.count()
    answer = TWICE[where](Client(headers={"Authorization": f"Bearer {tokens['ada']}"}))
    assert answer.status_code == 422 and answer.json()["code"] in {"parameter_repeated", "key_repeated"}, answer.content
    assert Entry.objects.count() == before


BESIDE = {
    "the gate's other name for a stack": ("gate/authorisations", {"artefact": WEIGHTS, "scope": "external", "stack": OTHERS}),
    "a parent": ("subjects", {"slug": "young", "name": "Young", "parrent": "heron"}),
    "a snapshot's": (
        "subjects",
        {"slug": "young", "name": "Young", "snapshots": [{"label": "1", "weights_digest": WEIGHTS, "computefactor": 3}]},
    ),
    "a deployment's": ("deployments", {"artefact": WEIGHTS, "scope": "external", "since": "2026-05-22T00:00:00Z", "authorization": None}),
}


@pytest.mark.parametrize("field", BESIDE)
def test_a_misspelt_field_of_a_body_is_refused_and_not_ignored(field: str, tokens: dict[str, str], client: Client) -> None:
    path, body = BESIDE[field]
    answer = client.post(f"/api/v1/{path}", body, content_type="application/json", headers={"Authorization": f"Bearer {tokens['ada']}"})
    assert answer.status_code == 422 and "not permitted" in answer.json()["what_to_do"]


def test_a_misspelt_field_of_a_form_is_refused_and_not_ignored(tokens: dict[str, str], client: Client) -> None:
    form = {"subject": "heron", "snapshott": "1", "file": SimpleUploadedFile("a.json", b"{}")}
    answer = client.post("/api/v1/evaluations", form, headers={"Authorization": f"Bearer {tokens['ada']}"})
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_unknown")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"artefact=1", (400, "body_not_json")),
        (b"[" * 100_000, (400, "body_not_json")),
        ('{"artefact": 1}'.encode("utf-16"), (400, "body_not_json")),
        (b'{"artefact": "' + b"x" * 2_200_000 + b'"}', (413, "too_large")),
        ("\ufeff{}".encode(), (422, "request_not_valid")),
    ],
    ids=["a form", "deeper than anything", "another encoding", "too long", "a mark in front"],
)
def test_a_body_that_cannot_be_read_is_refused_by_name(body: bytes, said: tuple[int, str], tokens: dict[str, str], client: Client) -> None:
    headers = {"Authorization": f"Bearer {tokens['ada']}"}
    answer = client.post("/api/v1/gate/authorisations", body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == said


@pytest.mark.parametrize("path", ["evaluations", "gate/authorisations"])
def test_a_body_that_comes_in_pieces_is_told_to_be_one_and_not_to_lack_a_field(path: str, tokens: dict[str, str], client: Client) -> None:
    """The server in front hands it on without a length, and Django reads nothing of it then."""
    told = {"HTTP_AUTHORIZATION": f"Bearer {tokens['ada']}", "CONTENT_TYPE": "application/json"}
    pieces = client.generic("POST", f"/api/v1/{path}", b"{}", **told | {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""})
    assert (pieces.status_code, pieces.json()["code"]) == (411, "length_required")
    assert client.generic("POST", f"/api/v1/{path}", b"{}", **told).status_code == 422


@pytest.mark.parametrize("name", ["subject", "indicator", "harness", "run_id"])
def test_no_text_of_an_announced_run_holds_a_character_the_database_cannot_keep(name: str, tokens: dict[str, str], client: Client) -> None:
    body = {"subject": "heron", "indicator": "exploits", "harness": "inspect", "run_id": "r"} | {name: "a\0b"}
    headers = {"Authorization": f"Bearer {tokens['ada']}"}
    answer = client.post("/api/v1/announced-runs", body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_not_valid")


def test_every_operation_describes_each_kind_of_no() -> None:
    for methods in api.get_openapi_schema()["paths"].values():
        for operation in methods.values():
            refusals = {str(status): answer for status, answer in operation["responses"].items() if int(status) >= 400}
            assert refusals.keys() >= {"400", "401", "403", "404", "409", "422", "429"}
            assert all(PROBLEM in answer["content"] for answer in refusals.values())
