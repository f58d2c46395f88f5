"""What protects every page, whoever asks: headers, cookies, hosts, forged forms, and doors that do not tell what is behind them."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from django.urls import reverse

from people.models import ApiToken, Person
from tests.makers import PASSWORD, give_password, make_people, make_token

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
LOGIN = "/accounts/login/"


def pages() -> Iterator[str]:
    """One of every kind: open, one's own, a form that asks for a secret, not there, refused."""
    yield from (LOGIN, "/people/me/", "/people/me/factors/app/", "/people/me/tokens/", "/nothing/", "/people/new/", "/api/v1/gate")


@pytest.fixture
def ben(client: Client) -> Client:
    cast = make_people("ada", "ben")
    give_password(cast.ben)
    client.post(LOGIN, {"login": cast.ben.user.email, "password": PASSWORD})
    return client


def test_every_page_carries_the_strict_content_policy(ben: Client) -> None:
    for page in pages():
        said = ben.get(page).headers["Content-Security-Policy"]
        assert {part.strip() for part in said.split(";") if part.strip()} == POLICY, page


def test_every_page_carries_the_security_headers(ben: Client) -> None:
    for page in pages():
        headers = ben.get(page).headers
        assert headers["X-Content-Type-Options"] == "nosniff", page
        assert headers["X-Frame-Options"] == "DENY", page
        assert headers["Referrer-Policy"] == "same-origin", page
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", page
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", page
        assert "camera=()" in headers["Permissions-Policy"], page


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(ben: Client) -> None:
    cookie = ben.cookies["asl_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    ben.get(LOGIN)
    assert portal_settings.CSRF_COOKIE_HTTPONLY


@pytest.mark.parametrize(
    ("public", "secure", "hsts"), [("https://asl.example", "True", "31536000"), ("http://localhost:8000", "False", "0")]
)
def test_cookies_are_secure_and_https_is_kept_to_everywhere_but_on_this_machine(public: str, secure: str, hsts: str) -> None:
    told = "from asl_portal import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS)"
    here = os.environ | {"ASL_PUBLIC_URL": public}
    answer = subprocess.run(
        [sys.executable, "-c", told], env=here, cwd=portal_settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == [secure, secure, hsts]


def test_a_form_of_another_site_does_nothing() -> None:
    cast = make_people("ben")
    give_password(cast.ben)
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(cast.ben.user)
    for place in ("/accounts/logout/", "/people/me/sessions/", "/people/me/tokens/", "/people/me/factors/app/"):
        assert guarded.post(place).status_code == 403, place
    assert guarded.get("/people/me/").status_code == 200
    guarded.get("/accounts/logout/")
    token = guarded.cookies["csrftoken"].value
    assert guarded.post("/accounts/logout/", {"csrfmiddlewaretoken": token}).status_code == 302


def test_a_forged_host_reaches_nothing_and_stands_in_no_answer(client: Client) -> None:
    for page in pages():
        answer = client.get(page, headers={"host": "evil.example"})
        assert answer.status_code == 400, page
        assert "evil.example" not in answer.content.decode(), page
    assert client.get(LOGIN, headers={"host": "localhost"}).status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"]
)
def test_no_door_leads_out_of_the_portal(elsewhere: str) -> None:
    cast = make_people("ben")
    give_password(cast.ben)
    visitor = Client()
    for method, place in (("post", LOGIN), ("get", LOGIN), ("post", "/accounts/logout/"), ("post", reverse("theme"))):
        told = {"next": elsewhere, "login": cast.ben.user.email, "password": PASSWORD}
        answer = getattr(visitor, method)(place, told)
        where = answer.headers.get("Location", "/")
        assert where.startswith("/"), (place, where)
        assert not where.startswith(("//", "/\\")), (place, where)
        assert "evil" not in where.partition("?")[0], (place, where)
    assert visitor.post(LOGIN, told | {"next": "/people/me/"}).headers["Location"] == "/people/me/"


def test_what_belongs_to_another_answers_as_what_is_not_there(ben: Client) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    for place in (f"/people/tokens/{nobody}/revoke/", "/people/me/factors/1/remove/", f"/people/links/{nobody}/confirm/"):
        assert ben.post(place).status_code == 404, place
    make_token(Person.objects.get(name="Ada"), "gate:read")
    answer = ben.post(f"/people/tokens/{ApiToken.objects.get().pk}/revoke/")
    absent = ben.post(f"/people/tokens/{nobody}/revoke/")
    assert (answer.status_code, absent.status_code) == (404, 404)
