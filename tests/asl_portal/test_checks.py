"""System checks: each says what is wrong and how to mend it, and is silent when nothing is."""

from typing import Any

import pytest
from django.core.checks import run_checks


def _found() -> dict[str, str]:
    return {message.id: message.hint or "" for message in run_checks() if message.id and message.id.startswith("asl_portal.")}


@pytest.fixture(autouse=True)
def _sound(settings: Any) -> None:
    settings.SECRET_KEY, settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "k" * 50, "https://portal.example.org", ["portal.example.org"]


def test_sound_settings_raise_nothing() -> None:
    assert _found() == {}


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("SECRET_KEY", "short", "asl_portal.W001"),
        ("PUBLIC_URL", "portal.example.org", "asl_portal.E001"),
        ("PUBLIC_URL", "https://portal.example.org/safety", "asl_portal.E001"),
        ("PUBLIC_URL", "http://portal.example.org", "asl_portal.E002"),
        ("PUBLIC_URL", "https://elsewhere.example.org", "asl_portal.E003"),
        ("ALLOWED_HOSTS", ["portal.example.org", "*"], "asl_portal.E004"),
        ("DEBUG", True, "asl_portal.E005"),
        ("TIME_ZONE", "Europe/Berlin", "asl_portal.E006"),
        ("CELERY_TASK_TIME_LIMIT", 700, "asl_portal.E007"),
    ],
)
def test_each_wrong_setting_is_found_and_its_mend_named(settings: Any, name: str, value: object, check: str) -> None:
    setattr(settings, name, value)
    found = _found()
    assert list(found) == [check]
    assert found[check]


@pytest.mark.parametrize(
    ("issuer", "public", "found"),
    [
        ("http://127.0.0.1:9400", "https://portal.example.org", ["asl_portal.E008"]),
        ("http://localhost:9400", "http://localhost:8000", []),
        ("https://login.example.org", "https://portal.example.org", []),
    ],
)
def test_nobody_elsewhere_is_sent_to_a_sign_in_provider_on_their_own_machine(
    settings: Any, issuer: str, public: str, found: list[str]
) -> None:
    settings.OIDC_ISSUER, settings.PUBLIC_URL, settings.ALLOWED_HOSTS = issuer, public, ["portal.example.org", "localhost"]
    assert list(_found()) == found


def test_plain_http_is_fine_on_this_machine_alone(settings: Any) -> None:
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS, settings.DEBUG = "http://localhost:8000", ["localhost"], True
    assert _found() == {}
