"""A passkey from its making to a signature, in a real browser with a virtual device."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from people.models import Signature
from people.signing import verify_signature
from tests.makers import PASSWORD, client_of, give_password
from tests.reviews.conftest import make_board

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def with_device(page: Page) -> None:
    """What CDP calls an authenticator: it has a key inside and says yes at once, as its owner's finger would."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_made_signs_in_signs_a_vote_and_goes(new_context: Any, tmp_path: Path, settings: Any) -> None:
    settings.BLOB_DIR = tmp_path
    board = make_board()
    board.rise()
    question = board.question(threshold="bio-3")
    give_password(board.cast.ben, at=timezone.now())
    client = client_of(board.cast.ben)
    context = new_context(reduced_motion="reduce")
    context.add_cookies([{"name": "asl_session", "value": client.cookies["asl_session"].value, "domain": "localhost", "path": "/"}])
    page = context.new_page()
    with_device(page)

    page.goto("/people/me/factors/passkey/")
    page.get_by_label("Name").fill("This laptop")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()

    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.get_by_label(re.compile("^E-?mail")).fill(board.cast.ben.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Waiting on me", level=1)).to_be_visible()

    page.goto(f"/cases/{question.case.number}/")
    page.locator(f"a[href$='{question.pk}/vote/']").first.click()
    sheet = page.locator("dialog[open]")
    sheet.get_by_role("radio").first.check()
    sheet.get_by_label("Rationale").fill("I read the log myself.")
    sheet.get_by_label("Your password").fill(PASSWORD)
    sheet.get_by_role("button", name="Confirm with a passkey").click()
    expect(page.get_by_text("Your vote is in the record")).to_be_visible()
    vote = question.votes.get()
    signature = Signature.objects.get(pk=vote.signature_id)
    assert (signature.method, signature.confirmed_with) == ("webauthn", "password+passkey")
    assert verify_signature(signature)

    page.goto("/people/me/factors/")
    page.get_by_role("link", name="Remove passkey This laptop").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm with a passkey").click()
    expect(page.get_by_text("The second factor is removed.")).to_be_visible()
