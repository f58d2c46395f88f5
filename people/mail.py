"""The one mail this room sends: a sign-in link, to the account's own address."""

from __future__ import annotations

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from people.models import SignInLink

logger = logging.getLogger(__name__)


def link_address(secret: str) -> str:
    """The whole address of a link, built from PUBLIC_URL: a request's Host header never reaches a mail."""
    return settings.PUBLIC_URL + reverse("sign_in_link", args=[secret])


def send_link(link: SignInLink, secret: str) -> bool:
    """Sends it; False if the mail server would not take it. The link is never shown anywhere else."""
    text = render_to_string(
        "emails/sign_in_link.txt", {"address": link_address(secret), "expires_at": link.expires_at, "name": link.user.person.name}
    )
    try:
        send_mail("Your sign-in link to the ASL portal", text, None, [link.user.email])
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("A sign-in link could not be mailed: link %s, %s", link.pk, type(error).__name__)
        return False
    return True
