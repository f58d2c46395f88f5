"""Bringing notices out by mail: leased, sent, marked done. A mail server that refuses or is away only delays the row."""

import logging
from collections.abc import Sequence
from datetime import datetime
from smtplib import SMTPException
from uuid import UUID

from django.db import transaction

from people.mail import TITLE, letter
from people.models import SignInLink
from people.sealing import SealDoesNotOpen
from people.services import forget_secret
from reviews.models import Notice
from reviews.models.notice import Channel, WorkState
from reviews.notices.channels import mail
from reviews.notices.compose import compose
from reviews.work import claim, postpone, settle

log = logging.getLogger(__name__)

DIGESTS_AT_ONCE = 20
LONGEST_DIGEST = 500
# A mail that is no notice and has no words in `compose`: nobody chooses how to be told of it, and it stands in no inbox.
SIGN_IN_LINK = "sign_in_link"


def send_due(*, at: datetime, limit: int = 50) -> int:
    """Send what is due and give how many went out."""
    rows = Notice.objects.filter(channel=Channel.MAIL).select_related("person__user", "subject", "case__subject")
    return sum(_send(notice, at) for notice in claim(rows, at=at, limit=limit))


def send_digests(*, at: datetime) -> int:
    """Send each person whose hour has come one mail with everything that waited for it, and give how many mails went out."""
    due = Notice.objects.filter(channel=Channel.DIGEST, state__in=[WorkState.WAITING, WorkState.WORKING], not_before__lte=at)
    people = due.order_by("person").values_list("person", flat=True).distinct()[:DIGESTS_AT_ONCE]
    return sum(_send_digest(person, at) for person in people)


def _send_digest(person: UUID, at: datetime) -> int:
    # A digest may wait for a week, which `claim` alone would take for a clock that jumped.
    rows = Notice.objects.filter(channel=Channel.DIGEST, person=person, not_before__lte=at).select_related(
        "person__user", "subject", "case__subject"
    )
    notices = sorted(claim(rows, at=at, limit=LONGEST_DIGEST), key=lambda notice: (notice.made_at, str(notice.pk)))
    return sum(_send_together(identity, together, at) for identity, together in _mails_of(notices).items())


def _mails_of(notices: Sequence[Notice]) -> dict[str, list[Notice]]:
    """What goes out together, by the id of its mail. The id is written down before the mail is handed over: what a lost worker may have sent goes out under
    the same id again, and takes nothing new along that whoever has seen that id would miss."""
    mails: dict[str, list[Notice]] = {}
    for notice in notices:
        mails.setdefault(notice.message_id, []).append(notice)
    if new := mails.pop("", []):
        identity = mail.digest_id(new)
        Notice.objects.filter(lease_token=new[0].lease_token, pk__in=[notice.pk for notice in new]).update(message_id=identity)
        mails[identity] = new
    return mails


def _send_together(identity: str, notices: Sequence[Notice], at: datetime) -> bool:
    try:
        mail.send_digest(notices, identity=identity)
    except mail.NoAddress:
        for notice in notices:
            settle(notice, state=WorkState.DEAD, last_error="This person has no active account to write to.")
        return False
    except (SMTPException, OSError) as error:
        log.warning("A digest of %s notices was not sent (%s).", len(notices), type(error).__name__)
        for notice in notices:
            postpone(notice, at=at, why=f"The mail server did not take it ({type(error).__name__}).")
        return False
    settled = [settle(notice, state=WorkState.DONE, done_at=at, last_error="") for notice in notices]
    return all(settled)


def settle_the_past(*, before: datetime, at: datetime) -> None:
    """Closes what a seeded world would otherwise mail out at its first start: no old mail waits, and notices older than `before` are read."""
    Notice.objects.filter(channel=Channel.MAIL, state=WorkState.WAITING, made_at__lte=at).update(
        state=WorkState.DONE, done_at=at, last_error="Not mailed: part of a seeded world."
    )
    Notice.objects.filter(channel=Channel.INBOX, read_at=None, made_at__lt=before).update(read_at=at)


def _send(notice: Notice, at: datetime) -> bool:
    link = _link_of(notice) if notice.kind == SIGN_IN_LINK else None
    if link is not None and not (link.sealed and link.opens(at)):
        # Nobody waits for it any more: it was taken back, replaced, or has run out.
        forget_secret(link)
        settle(
            notice,
            state=WorkState.DONE,
            done_at=at,
            withdrawn_at=at,
            last_error="Not sent: the link is out already, or opens nothing any more.",
        )
        return False
    try:
        message_id = mail.send_letter(notice, TITLE, letter(link)) if link is not None else mail.send(notice, compose(notice))
    except SealDoesNotOpen:
        settle(notice, state=WorkState.DEAD, last_error="The link was sealed under a portal secret that is gone. Propose another one.")
        return False
    except mail.NoAddress:
        settle(notice, state=WorkState.DEAD, last_error="This person has no active account to write to.")
        return False
    except (SMTPException, OSError) as error:
        # The class only: a server's answer may repeat what was written.
        log.warning("Notice %s was not sent (%s, attempt %s).", notice.pk, type(error).__name__, notice.attempts)
        postpone(notice, at=at, why=f"The mail server did not take it ({type(error).__name__}).")
        return False
    with transaction.atomic():
        if link is not None:
            forget_secret(link)
        return settle(notice, state=WorkState.DONE, done_at=at, message_id=message_id, last_error="")


def _link_of(notice: Notice) -> SignInLink:
    return SignInLink.objects.select_related("user__person").get(pk=notice.data["link"])
