"""A notice by e-mail, through Django's mail settings."""

from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse

from reviews.models import Notice
from reviews.notices.compose import Message, compose_digest


class NoAddress(Exception):
    """The person has no active account, so there is no address to write to."""


def message_id(notice: Notice) -> str:
    """The same for every attempt: a receiver that gets a message twice can tell that it is one."""
    return f"<notice-{notice.pk}@{_host()}>"


def send(notice: Notice, message: Message) -> str:
    """Hand the message to the mail server and give its id. Raises NoAddress, OSError or SMTPException; then nothing was accepted."""
    return _send(notice, message_id(notice), message.title, message.as_text(settings.PUBLIC_URL))


def send_letter(notice: Notice, title: str, text: str) -> str:
    """The same with words that are nobody's notice: a sign-in link's. Raises as `send` does."""
    return _send(notice, message_id(notice), title, text)


def digest_id(notices: Sequence[Notice]) -> str:
    """The same notices give the same id."""
    mark = sha256("".join(sorted(str(notice.pk) for notice in notices)).encode()).hexdigest()[:32]
    return f"<digest-{mark}@{_host()}>"


def send_digest(notices: Sequence[Notice], *, identity: str) -> str:
    """Several notices to one person in one mail. Raises as `send` does."""
    subject, text = compose_digest(notices, public_url=settings.PUBLIC_URL, settings_path=reverse("reviews:notice-settings"))
    return _send(notices[0], identity, subject, text)


def _send(notice: Notice, identity: str, subject: str, text: str) -> str:
    user = getattr(notice.person, "user", None)
    if user is None or not user.is_active:
        raise NoAddress
    mail = EmailMessage(
        subject=subject,
        body=text,
        to=[user.email],
        headers={"Message-ID": identity, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        connection=get_connection(),
    )
    mail.send()
    return identity


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "localhost"
