"""What the logs say of signing in at the provider: that it went wrong and where, never with which secret."""

import io
import logging

import pytest
from django.test import Client

from tests.makers import give_password, make_people
from tests.people.provider_steps import asked, back, give_identity, setting_out
from tests.processes import SignInProvider

pytestmark = [pytest.mark.django_db, pytest.mark.processes]


def test_no_line_about_signing_in_at_the_provider_holds_a_secret_or_says_who_it_was(
    client: Client, lines: io.StringIO, sign_in_provider: SignInProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ben = make_people("ben").ben
    give_password(ben)
    give_identity(ben, sign_in_provider)
    secrets = [sign_in_provider.secret, "ben-at-id", "mallory", "Call 555-0100"]
    for lie in (
        {},
        {"signed": "by nobody"},
        {"at": "/oauth2/token", "say": {"error": "Call 555-0100"}, "status": 400},
        {"at": "/jwks", "status": 503},
    ):
        for subject in ("ben-at-id", "mallory"):
            address = setting_out(client)
            answer = sign_in_provider.answer(address, subject)
            sign_in_provider.lie(**lie)
            back(client, answer)
            sign_in_provider.lie()
            client.post("/accounts/logout/")
            question = asked(address)
            secrets += [question["state"], question["nonce"], asked(answer)["code"], sign_in_provider.asked[-1]["form"]["code_verifier"]]
    back(client, f"{answer}&error=Call%20555-0100")
    written = lines.getvalue()
    assert "The sign-in provider's answer was not accepted" in written
    assert "has no account here" in written
    assert not [each for each in secrets if each in written]
