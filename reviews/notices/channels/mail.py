"""A notice by e-mail, through Django's mail settings."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from reviews.models import Notice
from reviews.notices.compose import Message


class NoAddress(Exception):
    """The person has no active account, so there is no address to write to."""


def message_id(notice: Notice) -> str:
    """The same for every attempt: a receiver that gets a message twice can tell that it is one."""
    return f"<notice-{notice.pk}@{urlsplit(settings.PUBLIC_URL).hostname or 'localhost'}>"


def send(notice: Notice, message: Message) -> str:
    """Hand the message to the mail server and give its id. Raises NoAddress, OSError or SMTPException; then nothing was accepted."""
    user = getattr(notice.person, "user", None)
    if user is None or not user.is_active:
        raise NoAddress
    identity = message_id(notice)
    mail = EmailMessage(
        subject=message.title,
        body=message.as_text(settings.PUBLIC_URL),
        to=[user.email],
        headers={"Message-ID": identity, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        connection=get_connection(),
    )
    mail.send()
    return identity
