"""Signing in at an OpenID Connect provider that runs as a process of its own: who gets in, who does not, and what no answer of it can do."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from people import account_urls, oidc, outgoing, services
from people import urls as people_urls
from people.factors import code_at
from people.models import Identity, Person, User
from tests.makers import APP_SECRET, PASSWORD, Cast, client_of, give_app, give_password, make_people
from tests.people.provider_steps import SIGN_IN, asked, back, give_identity, is_signed_in, setting_out, there_and_back
from tests.processes import SignInProvider

pytestmark = [pytest.mark.django_db, pytest.mark.processes]

LOGIN = "/accounts/login/"
CALLBACK = "/accounts/provider/callback/"
NOBODY = "00000000-0000-4000-8000-000000000000"
PLACES = {
    "post": (SIGN_IN, "/accounts/link/provider/", "/people/me/provider/", "/people/me/provider/confirm/"),
    "get": (
        CALLBACK,
        "/accounts/provider/signed-out/",
        "/accounts/provider/sign-out/",
        "/accounts/link/provider/confirm/",
        "/people/me/provider/confirm-link/",
        f"/people/me/provider/{NOBODY}/unlink/",
    ),
}


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"


@pytest.fixture
def linked(_here: None, db: None, sign_in_provider: SignInProvider) -> Cast:
    """Ben, linked to who he is at the provider."""
    cast = make_people("ben", "chloe")
    give_password(cast.ben)
    give_identity(cast.ben, sign_in_provider)
    return cast


def refused(answer: Any) -> tuple[int, str]:
    """The status of a page that says what went wrong, and its stable code."""
    page = answer.content.decode()
    assert "Traceback" not in page
    return answer.status_code, page.split("<code>")[1].split("</code>")[0]


# Without a provider


def test_without_a_provider_there_is_neither_button_nor_address(client: Client) -> None:
    cast = make_people("ben")
    give_password(cast.ben)
    assert "Sign in with" not in client.get(LOGIN).content.decode()
    for visitor in (None, cast.ben.user):
        if visitor:
            client.force_login(visitor)
            assert "How you sign in" not in client.get("/people/me/").content.decode()
        for method, places in PLACES.items():
            for place in places:
                answer = getattr(client, method)(place)
                to_sign_in = visitor is None and place.startswith("/people/")
                assert answer.status_code == (302 if to_sign_in else 404), place


# Who gets in


def test_whoever_is_linked_signs_in_by_code_and_pkce(client: Client, linked: Cast, sign_in_provider: SignInProvider, settings: Any) -> None:
    page = client.get(LOGIN).content.decode()
    assert "Sign in with Northbridge ID" in page
    address = setting_out(client)
    question = asked(address)
    assert address.startswith(f"{sign_in_provider.issuer}/oauth2/authorize?")
    assert question["response_type"] == "code"
    assert question["redirect_uri"] == "http://localhost:8000/accounts/provider/callback/"
    assert question["code_challenge_method"] == "S256"
    assert not {"prompt", "max_age"} & question.keys()
    assert "email" not in question["scope"]
    answer = back(client, sign_in_provider.answer(address, "ben-at-id"))
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(linked.ben.user.pk)
    [request] = sign_in_provider.asked
    assert len(request["form"]["code_verifier"]) >= 43
    assert "client_secret" not in request["form"] and request["authorization"].startswith("Basic ")
    assert UserSession.objects.get().user == linked.ben.user


def test_signing_in_gives_the_session_another_key(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    address = setting_out(client)
    before = client.session.session_key
    assert before
    back(client, sign_in_provider.answer(address, "ben-at-id"))
    assert is_signed_in(client) and client.session.session_key != before
    planted = Client()
    planted.cookies["asl_session"] = before
    assert planted.get("/people/me/").status_code == 302


def test_nobody_gets_an_account_by_signing_in_there(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    accounts = User.objects.count(), Person.objects.count()
    sign_in_provider.knows("mallory", email="ben@lab.example", email_verified=True, name="Ben", preferred_username="ben@lab.example")
    answer = there_and_back(client, sign_in_provider, "mallory")
    assert refused(answer) == (403, "identity_not_linked")
    assert not is_signed_in(client)
    assert accounts == (User.objects.count(), Person.objects.count())
    assert Identity.objects.count() == 1


def test_an_identity_of_another_issuer_opens_nothing_here(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    Identity.objects.update(issuer="https://login.example.org")
    assert refused(there_and_back(client, sign_in_provider, "ben-at-id")) == (403, "identity_not_linked")
    assert not is_signed_in(client)


def test_a_closed_account_gets_in_no_more_than_a_stranger(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    services.close_user(user=linked.ben.user, actor=Person.objects.get(name="Ivo"), at=timezone.now())
    known = there_and_back(client, sign_in_provider, "ben-at-id")
    unknown = there_and_back(client, sign_in_provider, "mallory")
    assert refused(known) == refused(unknown) == (403, "identity_not_linked")
    assert not is_signed_in(client)


def test_whoever_has_a_second_factor_is_asked_for_it_here_too(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    give_app(linked.ben)
    answer = there_and_back(client, sign_in_provider, "ben-at-id", next="/people/me/")
    assert answer["Location"] == "/accounts/second-factor/"
    assert not is_signed_in(client)
    answer = client.post("/accounts/second-factor/", {"code": code_at(APP_SECRET, timezone.now())})
    assert answer["Location"] == "/people/me/"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("/people/me/", "/people/me/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_signing_in_there_leads_on_only_within_the_portal(
    client: Client, linked: Cast, sign_in_provider: SignInProvider, wanted: str, where: str
) -> None:
    assert there_and_back(client, sign_in_provider, "ben-at-id", next=wanted)["Location"] == where
    assert client.post(SIGN_IN, {"next": wanted})["Location"] == where  # signed in already


# Answers to nothing that was asked here


def test_an_answer_nobody_here_asked_for_is_refused(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    elsewhere = Client()
    answer = sign_in_provider.answer(setting_out(elsewhere), "ben-at-id")
    for forged in (answer, CALLBACK, f"{CALLBACK}?code=x", f"{CALLBACK}?code=x&state=guess", f"{CALLBACK}?error=access_denied"):
        assert refused(back(client, forged)) == (409, "sign_in_not_begun_here"), forged
    assert not is_signed_in(client)
    assert back(elsewhere, answer).status_code == 302 and is_signed_in(elsewhere)


def test_an_answer_counts_once(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    answer = sign_in_provider.answer(setting_out(client), "ben-at-id")
    assert back(client, answer).status_code == 302
    client.post("/accounts/logout/")
    assert refused(back(client, answer)) == (409, "sign_in_not_begun_here")
    assert not is_signed_in(client)


def test_an_answer_that_failed_is_used_up_too(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    answer = sign_in_provider.answer(setting_out(client), "ben-at-id")
    sign_in_provider.lie(at="/.well-known/openid-configuration", status=503)
    assert refused(back(client, answer)) == (409, "provider_away")
    sign_in_provider.lie()
    assert refused(back(client, answer)) == (409, "sign_in_not_begun_here")
    assert not is_signed_in(client)


def test_an_answer_that_comes_too_late_is_refused(
    client: Client, linked: Cast, sign_in_provider: SignInProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = sign_in_provider.answer(setting_out(client), "ben-at-id")
    monkeypatch.setattr("people.trips.AWAY_AT_MOST", timedelta(0))
    assert refused(back(client, answer)) == (409, "sign_in_not_begun_here")


def test_a_code_that_was_given_to_another_browser_buys_nothing(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    """A stolen code in a flow of one's own: the provider holds it against the challenge it was asked under."""
    stolen = asked(sign_in_provider.answer(setting_out(Client()), "ben-at-id"))["code"]
    state = asked(setting_out(client))["state"]
    assert refused(client.get(CALLBACK, {"code": stolen, "state": state})) == (422, "provider_answer_not_accepted")
    assert not is_signed_in(client)


def test_an_answer_that_says_it_comes_from_another_issuer_is_refused(
    client: Client, linked: Cast, sign_in_provider: SignInProvider
) -> None:
    answer = sign_in_provider.answer(setting_out(client), "ben-at-id")
    assert refused(back(client, f"{answer}&iss=https://evil.example")) == (422, "provider_answer_not_accepted")
    answer = sign_in_provider.answer(setting_out(client), "ben-at-id")
    assert back(client, f"{answer}&iss={sign_in_provider.issuer}").status_code == 302


def test_a_form_of_another_site_sets_nobody_out(linked: Cast, sign_in_provider: SignInProvider) -> None:
    guarded = Client(enforce_csrf_checks=True)
    assert guarded.post(SIGN_IN).status_code == 403
    guarded.get(LOGIN)
    assert guarded.post(SIGN_IN, {"csrfmiddlewaretoken": guarded.cookies["csrftoken"].value}).status_code == 200


def test_whoever_asks_too_often_waits(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    assert [client.post(SIGN_IN).status_code for _ in range(31)].count(429) == 1


# Tokens that do not hold


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": ["another-client"]}},
        {"claims": {"azp": "another-client"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {}, "from_now": {"exp": -3600}},
        {"claims": {}, "from_now": {"iat": 3600}},
        {"claims": {}, "from_now": {"nbf": 3600}},
        {"claims": {"nonce": "of another question"}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": "ben\x00"}},
        {"claims": {"sub": 7}},
        {"claims": {"sub": "b" * 256}},
        *({"claims": {}, "without": [each]} for each in ("aud", "iss", "exp", "iat", "nonce", "sub")),
        {"signed": "by another"},
        {"signed": "by nobody"},
        {"signed": "by the secret", "secret": "a secret of more than thirty-two letters"},
        {"at": "/oauth2/token", "say": {}},
        {"at": "/oauth2/token", "say": {"id_token": "rubbish"}},
        {"at": "/oauth2/token", "say": {"id_token": "e30.e30.e30"}},
        {"at": "/oauth2/token", "say": {"error": "invalid_client"}, "status": 401},
        {"at": "/jwks", "say": {"keys": []}},
        {"at": "/jwks", "say": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {"at": "/jwks", "say": {"keys": "many"}},
        {"at": "/jwks", "say": {}, "status": 404},
    ],
    ids=str,
)
def test_a_token_that_does_not_hold_lets_nobody_in(
    client: Client, linked: Cast, sign_in_provider: SignInProvider, lie: dict[str, Any]
) -> None:
    answer = sign_in_provider.answer(setting_out(client), "ben-at-id")
    sign_in_provider.lie(**lie)
    assert refused(back(client, answer)) == (422, "provider_answer_not_accepted")
    assert not is_signed_in(client)


def test_the_same_token_with_nothing_changed_lets_in(client: Client, linked: Cast, sign_in_provider: SignInProvider, settings: Any) -> None:
    """The lies above are told by the same hand: what refuses them is what each says, not who signed it."""
    sign_in_provider.lie(claims={})
    assert there_and_back(client, sign_in_provider, "ben-at-id").status_code == 302
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    sign_in_provider.lie(claims={"aud": [settings.OIDC_CLIENT_ID, "another"], "azp": settings.OIDC_CLIENT_ID})
    assert there_and_back(client, sign_in_provider, "ben-at-id").status_code == 302
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://evil.example"},
        {"issuer": "http://127.0.0.1:1/"},
        {"at": "/.well-known/openid-configuration", "say": ["not", "an", "object"]},
        {"at": "/.well-known/openid-configuration", "status": 404},
    ],
    ids=str,
)
def test_a_provider_that_is_another_than_the_one_named_is_asked_nothing(
    client: Client, linked: Cast, sign_in_provider: SignInProvider, lie: dict[str, Any]
) -> None:
    sign_in_provider.lie(**lie)
    assert refused(client.post(SIGN_IN)) == (422, "provider_answer_not_accepted")


@pytest.mark.parametrize(
    "place", ["http://evil.example/authorize", "javascript:alert(1)", "ftp://127.0.0.1/", "https://x@evil.example/", "", 7]
)
def test_nobody_is_sent_to_an_address_that_can_be_read_on_the_way(
    client: Client, linked: Cast, sign_in_provider: SignInProvider, place: object
) -> None:
    told = {"issuer": sign_in_provider.issuer, "authorization_endpoint": place}
    sign_in_provider.lie(at="/.well-known/openid-configuration", say=told)
    assert refused(client.post(SIGN_IN)) == (422, "provider_answer_not_accepted")


# A provider that is away, slow, or says no


def test_a_provider_that_is_away_is_said_so_at_once_and_tried_again_later(
    client: Client, linked: Cast, sign_in_provider: SignInProvider
) -> None:
    answer = sign_in_provider.answer(setting_out(client), "ben-at-id")
    sign_in_provider.process.kill()
    sign_in_provider.process.wait()
    assert refused(client.post(SIGN_IN)) == (409, "provider_away")
    assert refused(back(client, answer)) == (409, "provider_away")
    assert client.get(LOGIN).status_code == 200
    client.post(LOGIN, {"login": "ben@lab.example", "password": PASSWORD})
    assert is_signed_in(client)


def test_whoever_comes_after_the_one_who_waited_does_not_wait(
    client: Client, linked: Cast, sign_in_provider: SignInProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_provider.lie(at="/.well-known/openid-configuration", drip=True)
    monkeypatch.setattr(outgoing, "ALTOGETHER_SECONDS", 0.5)
    began = time.monotonic()
    assert refused(client.post(SIGN_IN)) == (409, "provider_away")
    assert time.monotonic() - began < 5
    monkeypatch.setattr(outgoing, "ask", lambda *_, **__: pytest.fail("the provider was asked again"))
    assert refused(client.post(SIGN_IN)) == (409, "provider_away")
    monkeypatch.undo()
    sign_in_provider.lie()
    oidc.try_again()
    assert client.post(SIGN_IN).status_code == 200


def test_an_answer_longer_than_any_true_one_is_not_read_to_its_end(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    sign_in_provider.lie(at="/.well-known/openid-configuration", say={"issuer": sign_in_provider.issuer, "more": "x" * 300_000})
    assert refused(client.post(SIGN_IN)) == (409, "provider_away")


def test_a_provider_in_trouble_is_away_and_its_words_are_not_repeated(
    client: Client, linked: Cast, sign_in_provider: SignInProvider
) -> None:
    answer = sign_in_provider.answer(setting_out(client), "ben-at-id")
    sign_in_provider.lie(at="/oauth2/token", status=503)
    said = back(client, answer)
    assert refused(said) == (409, "provider_away")
    assert "a secret of the provider" not in said.content.decode()


def test_whoever_says_no_there_is_not_signed_in_here(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    answer = back(client, sign_in_provider.refuse(setting_out(client)))
    assert refused(answer) == (409, "provider_said_no")
    state = asked(setting_out(client))["state"]
    answer = client.get(CALLBACK, {"error": "call_us", "error_description": "Call 555-0100 and say your password", "state": state})
    assert refused(answer) == (409, "provider_said_no")
    assert "555" not in answer.content.decode()
    assert not is_signed_in(client)


# What is kept, and the way out


def test_neither_tokens_nor_what_the_provider_tells_of_somebody_are_kept(
    client: Client, linked: Cast, sign_in_provider: SignInProvider
) -> None:
    sign_in_provider.knows("ben-at-id", name="Benedikt Canary", email="canary@id.example")
    address = setting_out(client)
    answer = sign_in_provider.answer(address, "ben-at-id")
    back(client, answer)
    kept = (
        str(client.session.items())
        + str(list(Identity.objects.values()))
        + "".join(str(each.get_decoded()) for each in Session.objects.all())
    )
    verifier, code = sign_in_provider.asked[0]["form"]["code_verifier"], asked(answer)["code"]
    for gone in ("anary", "eyJ", "access_token", verifier, code, asked(address)["nonce"], sign_in_provider.secret):
        assert gone not in kept, gone


def test_signing_out_ends_the_session_here_and_leads_to_the_way_out_there(
    client: Client, linked: Cast, sign_in_provider: SignInProvider
) -> None:
    there_and_back(client, sign_in_provider, "ben-at-id")
    assert client.get("/accounts/provider/sign-out/")["Location"].startswith(f"{sign_in_provider.issuer}/oauth2/end_session?")
    assert is_signed_in(client)  # an address that is merely followed signs nobody out
    answer = client.post("/accounts/logout/", {"next": "https://evil.example/"})
    assert answer["Location"] == "/accounts/provider/signed-out/"
    assert not is_signed_in(client) and client.get("/people/me/").status_code == 302
    assert "Sign out at Northbridge ID" in client.get(answer["Location"]).content.decode()
    way_out = client.get("/accounts/provider/sign-out/")["Location"]
    assert asked(way_out)["post_logout_redirect_uri"] == "http://localhost:8000/accounts/login/"
    assert "id_token_hint" not in way_out


def test_whoever_came_by_password_just_signs_out(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    client.post(LOGIN, {"login": "ben@lab.example", "password": PASSWORD})
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert not is_signed_in(client)


def test_a_provider_without_a_way_out_is_said_so(client: Client, linked: Cast, sign_in_provider: SignInProvider) -> None:
    sign_in_provider.lie(at="/.well-known/openid-configuration", say={"issuer": sign_in_provider.issuer})
    assert refused(client.get("/accounts/provider/sign-out/")) == (409, "provider_has_no_sign_out")


def test_every_page_on_the_way_keeps_the_strict_policy_and_out_of_caches(
    client: Client, linked: Cast, sign_in_provider: SignInProvider
) -> None:
    for answer in (client.post(SIGN_IN), client.get(CALLBACK), client.get("/accounts/provider/signed-out/")):
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
        assert sign_in_provider.issuer not in answer.headers["Content-Security-Policy"]
        assert "no-store" in answer.headers["Cache-Control"]


def test_the_database_links_an_identity_to_one_account_and_an_account_to_one_identity(
    linked: Cast, sign_in_provider: SignInProvider
) -> None:
    mine = Identity.objects.get()
    for user, subject, rule in (
        (linked.chloe.user, mine.subject, "one_account_per_identity"),
        (linked.ben.user, "another", "one_identity_per_account_and_issuer"),
        (linked.chloe.user, "", "an_identity_is_somebody_somewhere"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            Identity.objects.create(user=user, issuer=mine.issuer, subject=subject, linked_at=timezone.now())


# The doors, in a world that has a provider (tests/test_doors.py walks them in one that has none)

DOORS: dict[tuple[str, str], tuple[int, int]] = {
    # (method, place): what somebody who is not signed in is answered, and Chloé, who is and is linked to nobody
    ("post", SIGN_IN): (200, 302),
    ("get", CALLBACK): (409, 409),
    ("get", "/accounts/provider/signed-out/"): (200, 200),
    ("get", "/accounts/provider/sign-out/"): (302, 302),
    ("post", "/accounts/link/provider/"): (404, 404),
    ("get", "/accounts/link/provider/confirm/"): (404, 404),
    ("post", "/accounts/link/provider/confirm/"): (404, 404),
    ("post", "/people/me/provider/"): (302, 200),
    ("get", "/people/me/provider/confirm-link/"): (302, 302),
    ("post", "/people/me/provider/confirm-link/"): (302, 302),
    ("post", "/people/me/provider/confirm/"): (302, 404),
    ("get", f"/people/me/provider/{NOBODY}/unlink/"): (302, 404),
    ("post", f"/people/me/provider/{NOBODY}/unlink/"): (302, 404),
}


@pytest.mark.parametrize(("method", "place"), DOORS, ids=str)
def test_a_door_to_the_provider_opens_to_whom_it_is_for(linked: Cast, sign_in_provider: SignInProvider, method: str, place: str) -> None:
    stranger, chloe = Client(), Client()
    chloe.force_login(linked.chloe.user)
    assert tuple(getattr(each, method)(place).status_code for each in (stranger, chloe)) == DOORS[method, place]
    theirs = client_of(linked.ben)
    if "unlink" in place:  # somebody else's is not there for Chloé
        own = place.replace(NOBODY, str(Identity.objects.get().pk))
        assert (getattr(chloe, method)(own).status_code, theirs.get(own).status_code) == (404, 200)


def test_every_door_to_the_provider_is_walked() -> None:
    own = {str(each.name) for each in account_urls.urlpatterns} | {f"people:{each.name}" for each in people_urls.urlpatterns}
    there = {name for name in own if name.removeprefix("people:").startswith("provider")}
    assert there == {resolve(place).view_name for _, place in DOORS}
