"""What nobody types and anybody may send: it is refused with words and a code, and never breaks the portal."""

import base64
import json

import pytest
from django.test import Client

from tests.makers import make_token
from tests.reviews.conftest import Board

NUL = (
    "/portfolio/?framework=%00",
    "/subjects/heron/?framework=%00",
    "/clocks/?framework=%00",
    "/search/?q=%00",
    "/frameworks/%00/1/",
    "/frameworks/x/%00/",
    "/badge/%00.svg",
    "/ledger/?thing=%00",
)
BEYOND = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
CURSORS = ('"abc"', "Infinity", "1e999", "NaN", "null", "true", "{}", "[]", '"\\u0000"', "[" * 3000, "1.5")


def signed_in(board: Board, name: str) -> Client:
    client = Client()
    client.force_login(getattr(board.cast, name).user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def program(board: Board) -> Client:
    return Client(headers={"authorization": f"Bearer {make_token(board.cast.farid, 'subjects:read', 'cases:read', 'deployments:write')}"})


@pytest.mark.parametrize("address", NUL)
def test_a_nul_in_an_address_names_nothing(board: Board, address: str) -> None:
    answer = signed_in(board, "dan").get(address)
    assert answer.status_code in {404, 422}
    assert answer.status_code == 404 or "Take %00 out of the address" in answer.content.decode()
    assert Client().get(address).status_code in {302, 404, 422}


@pytest.mark.parametrize(
    "address", ["/tables/portfolio.csv?framework=%00", "/tables/subjects/heron.csv?framework=%00", "/work/consumer/%00/retry/"]
)
def test_a_nul_in_an_address_that_is_sent_to_names_nothing_either(board: Board, address: str) -> None:
    assert signed_in(board, "ivo").post(address).status_code == 422
    assert Client().post(address).status_code == 302


@pytest.mark.parametrize("clock", ["as_of", "as_known_at"])
@pytest.mark.parametrize("told", BEYOND)
def test_a_moment_that_no_calendar_has_is_refused_by_name(board: Board, told: str, clock: str) -> None:
    answer = program(board).get("/api/v1/subjects/heron/status", {clock: told})
    assert (answer.status_code, answer.json()["code"]) == (422, "moment_not_valid")


@pytest.mark.parametrize("told", BEYOND)
def test_a_deployment_is_dated_by_no_moment_that_no_calendar_has(board: Board, told: str) -> None:
    asks, deployment = program(board), {"artefact": board.snapshot.weights_digest, "scope": "external"}
    refused = asks.post("/api/v1/deployments", json.dumps(deployment | {"since": told}), content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "request_not_valid") and "since" in refused.json()["what_to_do"]
    far = asks.post("/api/v1/deployments", json.dumps(deployment | {"since": "2026-05-22T00:00:00+23:59"}), content_type="application/json")
    assert far.status_code == 201 and far.json()["since"] == "2026-05-21T00:01:00Z"
    end = f"/api/v1/deployments/{far.json()['id']}/end"
    assert asks.post(end, json.dumps({"until": told}), content_type="application/json").status_code == 422


@pytest.mark.parametrize("query", ["subject=%00", "cursor=%00", "cursor=" + "x" * 5000])
def test_a_list_for_programs_refuses_what_it_cannot_look_for(board: Board, query: str) -> None:
    assert program(board).get(f"/api/v1/deployments?{query}").json()["code"] == "request_not_valid"


@pytest.mark.parametrize("path", ["deployments", "subjects", "cases"])
@pytest.mark.parametrize("told", CURSORS, ids=lambda told: told[:9])
def test_a_cursor_no_list_gave_is_refused(board: Board, path: str, told: str) -> None:
    cursor = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
    answer = program(board).get(f"/api/v1/{path}", {"cursor": cursor})
    if path == "subjects" and told == '"abc"':  # there it is one: the name a page ended with
        assert answer.status_code == 200
    else:
        assert answer.status_code == 422 and answer.json()["code"] in {"cursor_not_valid", "request_not_valid"}


def test_nothing_is_granted_until_the_end_of_the_calendar(board: Board) -> None:
    told = {"what": "role:reviewer", "until": "9999-12-31"}
    answer = signed_in(board, "ivo").post(f"/people/{board.cast.ada.pk}/grants/", told)
    assert answer.status_code == 422 and "Choose a day before the year 3000" in answer.content.decode()


@pytest.mark.parametrize("back", ["abc", "people:me", "", "//elsewhere.example/", "https://elsewhere.example/"])
def test_the_theme_leads_back_to_a_place_here_or_to_the_start(board: Board, back: str) -> None:
    for client in (Client(), signed_in(board, "dan")):
        assert client.post("/theme/", {"theme": "dark", "next": back}).headers["Location"] == "/"
        assert client.post("/theme/", {"theme": "dark", "next": "/people/"}).headers["Location"] == "/people/"
