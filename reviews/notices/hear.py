"""Ledger entry → notice rows: one for the inbox, which is its own delivery, and one for the mail, which waits to be sent."""

from ledger.delivery import consumer, kick
from ledger.models import Entry
from reviews.models import Notice
from reviews.models.notice import Channel, WorkState
from reviews.notices.recipients import KINDS_HEARD, Told, recipients
from reviews.tasks import sweep_notices


@consumer("reviews.notices", kinds=KINDS_HEARD)
def hear(entry: Entry) -> None:
    """Twice is once: the rows are unique by entry, person, channel, kind and question."""
    rows = [row for told in recipients(entry) for row in (_row(entry, told, Channel.INBOX), _row(entry, told, Channel.MAIL))]
    if rows:
        Notice.objects.bulk_create(rows, ignore_conflicts=True)
        kick(sweep_notices)


def _row(entry: Entry, told: Told, channel: Channel) -> Notice:
    at = entry.recorded_at
    shown_at_once = channel == Channel.INBOX
    return Notice(
        person_id=told.person,
        channel=channel,
        kind=told.kind,
        entry_seq=entry.seq,
        subject_id=told.subject,
        case_id=told.case,
        question_id=told.question,
        data=dict(told.data),
        state=WorkState.DONE if shown_at_once else WorkState.WAITING,
        done_at=at if shown_at_once else None,
        not_before=at,
        made_at=at,
    )
