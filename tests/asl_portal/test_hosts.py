"""One name for the portal on this machine."""

from typing import Any

import pytest
from django.test import Client

PAGE = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def _public_url(settings: Any) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000"])
def test_a_page_asked_for_by_address_moves_to_localhost(client: Client, host: str) -> None:
    answer = client.get("/healthz?x=1", headers={**PAGE, "Host": host})
    assert (answer.status_code, answer["Location"]) == (302, "http://localhost:8000/healthz?x=1")


@pytest.mark.parametrize(
    ("host", "accept"), [("localhost:8000", "text/html"), ("127.0.0.1:8000", "application/json"), ("127.0.0.1:9000", "text/html")]
)
def test_what_is_no_page_or_comes_by_name_stays(client: Client, host: str, accept: str) -> None:
    assert client.get("/healthz", headers={"Accept": accept, "Host": host}).status_code == 200


def test_a_host_the_portal_does_not_know_is_refused(client: Client) -> None:
    assert client.get("/healthz", headers={"Host": "elsewhere.example"}).status_code == 400
