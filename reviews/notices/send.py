"""Bringing notices out by mail: leased, sent, marked done. A mail server that refuses or is away only delays the row."""

import logging
from datetime import datetime
from smtplib import SMTPException

from reviews.models import Notice
from reviews.models.notice import Channel, WorkState
from reviews.notices.channels import mail
from reviews.notices.compose import compose
from reviews.work import claim, postpone, settle

log = logging.getLogger(__name__)


def send_due(*, at: datetime, limit: int = 50) -> int:
    """Send what is due and give how many went out."""
    rows = Notice.objects.filter(channel=Channel.MAIL).select_related("person__user", "subject", "case__subject")
    return sum(_send(notice, at) for notice in claim(rows, at=at, limit=limit))


def settle_the_past(*, before: datetime, at: datetime) -> None:
    """Closes what a seeded world would otherwise mail out at its first start: no old mail waits, and notices older than `before` are read."""
    Notice.objects.filter(channel=Channel.MAIL, state=WorkState.WAITING, made_at__lte=at).update(
        state=WorkState.DONE, done_at=at, last_error="Not mailed: part of a seeded world."
    )
    Notice.objects.filter(channel=Channel.INBOX, read_at=None, made_at__lt=before).update(read_at=at)


def _send(notice: Notice, at: datetime) -> bool:
    try:
        message_id = mail.send(notice, compose(notice))
    except mail.NoAddress:
        settle(notice, state=WorkState.DEAD, last_error="This person has no active account to write to.")
        return False
    except (SMTPException, OSError) as error:
        # The class only: a server's answer may repeat what was written.
        log.warning("Notice %s was not sent (%s, attempt %s).", notice.pk, type(error).__name__, notice.attempts)
        postpone(notice, at=at, why=f"The mail server did not take it ({type(error).__name__}).")
        return False
    return settle(notice, state=WorkState.DONE, done_at=at, message_id=message_id, last_error="")
