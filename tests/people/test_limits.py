"""How many calls of the API are heard in a minute. Counted in the real cache; a limit says "not now" and never yes."""

import socket
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from asl_portal.embedded.valkey import free_port
from asl_portal.openapi import PROBLEM
from people import limits
from people.models import ApiToken
from people.words import Scope
from tests.makers import make_people, make_token

pytestmark = pytest.mark.django_db

SUBJECTS, GATE = "/api/v1/subjects", "/api/v1/gate?scope=external&artefact=sha256:" + 64 * "0"


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The portal's clock stands 20 seconds into the present minute, so that no test runs across its end."""
    now = timezone.now().replace(second=20, microsecond=0)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return now


@pytest.fixture
def few(settings: Any) -> None:
    settings.API_GATE_PER_MINUTE, settings.API_CALLS_PER_MINUTE, settings.API_REFUSED_PER_MINUTE = 3, 2, 2
    settings.API_REFUSED_PER_HOUR = 3


def ask(address: str, token: str, **more: Any) -> HttpResponse:
    return Client().get(address, headers={"Authorization": f"Bearer {token}"}, **more)


def test_past_the_limit_a_token_waits_for_the_next_minute_and_is_told_how_long(
    few: None, monkeypatch: pytest.MonkeyPatch, _one_minute: datetime
) -> None:
    token = make_token(make_people("ada").ada, Scope.SUBJECTS_READ, at=_one_minute)
    assert [ask(SUBJECTS, token).status_code for _ in range(2)] == [200, 200]
    refused = ask(SUBJECTS, token)
    assert (refused.status_code, refused["Content-Type"], refused["Retry-After"]) == (429, PROBLEM, "40")
    assert refused.json()["code"] == "too_many_requests"
    monkeypatch.setattr("django.utils.timezone.now", lambda: _one_minute + timedelta(seconds=40))
    assert ask(SUBJECTS, token).status_code == 200


def test_a_question_past_the_limit_is_not_answered_at_all(few: None, _one_minute: datetime) -> None:
    token = make_token(make_people("ada").ada, Scope.GATE_READ, at=_one_minute)
    answered = [ask(GATE, token) for _ in range(3)]
    assert [(answer.status_code, answer.json()["allowed"]) for answer in answered] == [(200, False)] * 3
    refused = ask(GATE, token)
    assert refused.status_code == 429
    assert refused.json().keys() == {"type", "title", "status", "code", "what_to_do"}
    assert "not a yes" in refused.json()["what_to_do"]


def test_the_gate_and_all_other_calls_and_each_token_are_counted_apart(few: None, _one_minute: datetime) -> None:
    ada = make_people("ada").ada
    first, second = (make_token(ada, Scope.GATE_READ, Scope.SUBJECTS_READ, at=_one_minute) for _ in range(2))
    assert [ask(SUBJECTS, first).status_code for _ in range(3)] == [200, 200, 429]
    assert ask(GATE, first).status_code == 200
    assert ask(SUBJECTS, second).status_code == 200


def test_calls_without_a_valid_token_are_counted_by_address_and_a_valid_one_from_there_is_heard(few: None, _one_minute: datetime) -> None:
    token = make_token(make_people("ada").ada, Scope.SUBJECTS_READ, at=_one_minute)
    assert Client().get(SUBJECTS).status_code == 401
    assert ask(SUBJECTS, "asl_none").status_code == 401
    refused = ask(SUBJECTS, "asl_none")
    assert (refused.status_code, refused["Retry-After"], refused.json()["code"]) == (429, "40", "too_many_requests")
    assert Client().get(SUBJECTS).status_code == 429
    assert ask(SUBJECTS, "asl_none", REMOTE_ADDR="192.0.2.7").status_code == 401
    assert ask(SUBJECTS, token).status_code == 200


def test_whoever_stays_below_the_limit_of_each_minute_meets_that_of_the_hour(
    few: None, monkeypatch: pytest.MonkeyPatch, _one_minute: datetime
) -> None:
    now = _one_minute.replace(minute=10)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    assert [Client().get(SUBJECTS).status_code for _ in range(3)] == [401, 401, 429]
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + timedelta(minutes=1))
    assert Client().get(SUBJECTS).status_code == 401
    refused = Client().get(SUBJECTS)
    assert (refused.status_code, refused["Retry-After"], "in this hour" in refused.json()["title"]) == (429, str(49 * 60 - 20), True)
    assert Client().get(SUBJECTS, REMOTE_ADDR="192.0.2.7").status_code == 401
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + timedelta(hours=1))
    assert Client().get(SUBJECTS).status_code == 401


def test_what_is_refused_for_its_scope_counts_too(few: None, _one_minute: datetime) -> None:
    token = make_token(make_people("ada").ada, Scope.GATE_READ, at=_one_minute)
    assert [ask(SUBJECTS, token).status_code for _ in range(3)] == [403, 403, 429]


def test_no_limit_is_no_limit(settings: Any, _one_minute: datetime) -> None:
    settings.API_CALLS_PER_MINUTE = 0
    token = make_token(make_people("ada").ada, Scope.SUBJECTS_READ, at=_one_minute)
    assert {ask(SUBJECTS, token).status_code for _ in range(5)} == {200}


def test_out_of_the_box_one_token_may_ask_the_gate_500_times_a_second(settings: Any) -> None:
    assert settings.API_GATE_PER_MINUTE >= 60 * 500
    assert settings.API_CALLS_PER_MINUTE > 0 and settings.API_REFUSED_PER_MINUTE > 0 < settings.API_REFUSED_PER_HOUR


def test_a_count_goes_with_its_minute(settings: Any, few: None, _one_minute: datetime) -> None:
    ask(SUBJECTS, make_token(make_people("ada").ada, Scope.SUBJECTS_READ, at=_one_minute))
    with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as client:
        [key] = client.keys("people:limit:calls:*")
        assert str(ApiToken.objects.get().pk) in key.decode()
        assert 0 < client.ttl(key) <= 2 * limits.MINUTE


def test_while_the_cache_is_away_calls_go_on_and_nobody_is_let_in(settings: Any, few: None, _one_minute: datetime) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    }
    token = make_token(make_people("ada").ada, Scope.GATE_READ, at=_one_minute)
    assert [ask(GATE, token).json()["allowed"] for _ in range(5)] == [False] * 5
    assert {ask(GATE, "asl_none").status_code for _ in range(5)} == {401}
    assert {ask(SUBJECTS, token).status_code for _ in range(5)} == {403}


def test_a_cache_that_has_frozen_holds_up_one_call_and_not_those_after_it(settings: Any, _one_minute: datetime) -> None:
    make_token(make_people("ada").ada, Scope.GATE_READ, at=_one_minute)
    token = ApiToken.objects.get()
    with socket.create_server(("127.0.0.1", 0)) as frozen:  # takes connections and says nothing
        settings.CACHES = {"default": {"LOCATION": f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"}}
        began = time.monotonic()
        for _ in range(20):
            limits.count_call(token, Scope.GATE_READ, at=_one_minute)
        assert time.monotonic() - began < 10 * limits.PATIENCE_SECONDS


def refused_from(named: str) -> int:
    return Client().get(SUBJECTS, headers={"X-Forwarded-For": named}).status_code


def test_without_a_proxy_nobody_gets_round_a_limit_by_naming_another_address(few: None, _one_minute: datetime) -> None:
    assert [refused_from(f"192.0.2.{number}") for number in range(3)] == [401, 401, 429]


def test_behind_a_proxy_the_address_it_named_counts_and_none_that_was_sent_to_it(few: None, settings: Any, _one_minute: datetime) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert [refused_from(f"192.0.2.{number}, 198.51.100.7") for number in range(3)] == [401, 401, 429]
    assert refused_from("192.0.2.0, 198.51.100.8") == 401
