"""Ledger entry → notice rows: in the inbox, by mail or in a digest, as each person wants it. What an entry settles is taken back first."""

from collections.abc import Iterable
from datetime import datetime

from ledger.delivery import consumer, kick
from ledger.models import Entry
from people.models import SignInLink
from reviews.models import Notice
from reviews.models.notice import Channel, WorkState
from reviews.notices import withdraw
from reviews.notices.preferences import Wishes
from reviews.notices.recipients import KINDS_HEARD, Told, recipients
from reviews.notices.send import SIGN_IN_LINK
from reviews.tasks import sweep_notices


@consumer("reviews.notices", kinds=tuple(dict.fromkeys((*KINDS_HEARD, *withdraw.KINDS_HEARD))))
def hear(entry: Entry) -> None:
    """Twice is once: the rows are unique by entry, person, channel, kind and question. One consumer does both, so that nothing is
    taken back before it was told."""
    withdraw.follow(entry)
    tell([(entry.seq, told) for told in recipients(entry)], at=entry.recorded_at)


@consumer("reviews.letters", kinds=("people:link:created",), prompt=True)
def hear_of_link(entry: Entry) -> None:
    """A link that two people gave is mailed to the account it opens. One from the shell is in the hands of whoever asked for it."""
    link = SignInLink.objects.select_related("user").exclude(sealed="").filter(pk=entry.thing.partition(":")[2]).first()
    if link is None:
        return
    row = Notice(person_id=link.user.person_id, channel=Channel.MAIL, kind=SIGN_IN_LINK, entry_seq=entry.seq, data={"link": str(link.pk)})
    row.not_before = row.made_at = entry.recorded_at
    Notice.objects.bulk_create([row], ignore_conflicts=True)
    kick(sweep_notices)


def tell(news: Iterable[tuple[int, Told]], *, at: datetime) -> None:
    """Write the rows that tell people; each beside the number of the entry it is about."""
    listed = list(news)
    wishes = Wishes(told.person for _, told in listed)
    rows = [row for seq, told in listed for row in _rows(seq, told, wishes, at)]
    if rows:
        Notice.objects.bulk_create(rows, ignore_conflicts=True)
        kick(sweep_notices)


def _rows(seq: int, told: Told, wishes: Wishes, at: datetime) -> list[Notice]:
    wish = wishes.of(told.person, told.kind, at)
    rows = [_row(seq, told, Channel.INBOX, at, at)] if wish.inbox else []
    rows += [_row(seq, told, Channel.MAIL, at, wish.mail_at)] if wish.mail_at else []
    return rows + ([_row(seq, told, Channel.DIGEST, at, wish.digest_at)] if wish.digest_at else [])


def _row(seq: int, told: Told, channel: Channel, at: datetime, not_before: datetime) -> Notice:
    shown_at_once = channel == Channel.INBOX
    return Notice(
        person_id=told.person,
        channel=channel,
        kind=told.kind,
        entry_seq=seq,
        subject_id=told.subject,
        case_id=told.case,
        question_id=told.question,
        data=dict(told.data),
        state=WorkState.DONE if shown_at_once else WorkState.WAITING,
        done_at=at if shown_at_once else None,
        not_before=not_before,
        made_at=at,
    )
