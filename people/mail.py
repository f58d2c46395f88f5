"""The words of a sign-in link's mail. A worker sends it, as every other mail, to the account's own address."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from people.models import SignInLink
from people.sealing import opened
from people.services.credentials import SEALED_FOR

TITLE = "Your sign-in link to the ASL portal"


def link_address(secret: str) -> str:
    """The whole address of a link, built from PUBLIC_URL: a request's Host header never reaches a mail."""
    return settings.PUBLIC_URL + reverse("sign_in_link", args=[secret])


def letter(link: SignInLink) -> str:
    """The text of a link that waits to be mailed: the only place where its secret is opened. Raises SealDoesNotOpen."""
    secret = opened(link.sealed, purpose=SEALED_FOR)
    return render_to_string(
        "emails/sign_in_link.txt", {"address": link_address(secret), "expires_at": link.expires_at, "name": link.user.person.name}
    )
