"""When the portal itself fails: a page that stands alone and says what to do, a problem document for programs, no word of what broke, and the headers of every answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import path

from asl_portal.embedded.valkey import free_port
from asl_portal.openapi import PROBLEM
from asl_portal.urls import handler500  # noqa: F401 - the error handler of the addresses below
from asl_portal.urls import urlpatterns as portal_addresses
from tests.headers import unprotected

SECRET = "what-broke-and-nobody-may-read"


@login_not_required
def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


urlpatterns = [path("breaks/", breaks), path("api/v1/breaks/", breaks), *portal_addresses]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def database_away(transactional_db: None) -> Iterator[None]:
    """Nobody listens where the database is said to be."""
    connection.close()
    told = dict(connection.settings_dict)
    connection.settings_dict.update(HOST="127.0.0.1", PORT=str(free_port()))
    yield
    connection.close()
    connection.settings_dict.update(told)


def is_alone(answer: Any) -> str:
    """The text of a page that needs nothing but its style sheet, and tells nothing of what broke."""
    text = answer.content.decode()
    assert unprotected(answer) == []
    assert text.startswith("<!doctype html>") and "<h1>" in text and "<script" not in text and 'href="/"' in text
    assert SECRET not in text and "Traceback" not in text and "Error" not in text
    return str(text)


@pytest.mark.parametrize("where", ["/", "/portfolio/", "/accounts/login/", "/inbox/", "/people/me/"])
def test_without_a_database_a_page_says_so_and_what_to_do(database_away: None, client: Client, where: str) -> None:
    client.cookies["asl_session"] = "of somebody who was signed in"
    answer = client.get(where)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    text = is_alone(answer)
    assert "database does not answer" in text and "Try again" in text and "doctor" in text


def test_without_a_database_a_program_is_told_that_no_answer_is_no_yes(database_away: None, client: Client) -> None:
    answer = client.get("/api/v1/gate?scope=external&subject=heron", headers={"Authorization": "Bearer asl_any"})
    assert (answer.status_code, answer["Content-Type"], answer["Retry-After"]) == (503, PROBLEM, "30")
    assert answer.json().keys() == {"type", "title", "status", "code", "what_to_do"} and answer.json()["code"] == "database_away"
    assert "not a yes" in answer.json()["what_to_do"] and unprotected(answer) == []


@pytest.mark.urls("tests.asl_portal.test_failures")
def test_whatever_else_breaks_is_a_page_without_a_word_of_it(db: None, client: Client) -> None:
    answer = client.get("/breaks/")
    assert answer.status_code == 500 and "Try again" in is_alone(answer)
    answer = client.get("/api/v1/breaks/")
    assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
    assert SECRET not in answer.content.decode() and unprotected(answer) == []


def test_the_pages_that_stand_alone_ask_no_database() -> None:
    for page in ("500.html", "503.html"):
        assert "<h1>" in render_to_string(page)


def test_a_static_file_and_a_page_that_is_not_there_are_protected_too(db: None, client: Client) -> None:
    for where, status in (("/static/css/portal.css", 200), ("/static/none.css", 404), ("/none/", 302), ("/accounts/none/", 302)):
        answer = client.get(where)
        assert answer.status_code in {status, 404} and unprotected(answer) == [], where
        if answer.streaming:
            answer.getvalue()


def test_refusals_by_size_and_by_number_are_protected_too(db: None, client: Client, settings: Any) -> None:
    settings.API_REFUSED_PER_MINUTE = 1
    asked = [client.get("/api/v1/subjects") for _ in range(2)]
    assert [answer.status_code for answer in asked] == [401, 429] and [unprotected(answer) for answer in asked] == [[], []]
    bad = client.get("/", headers={"Host": "elsewhere.example"})
    assert bad.status_code == 400 and unprotected(bad) == []
