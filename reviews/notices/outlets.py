"""Ledger entry → a row for each outlet that is told of it."""

from datetime import datetime

from django.conf import settings

from ledger.canonical import canonical
from ledger.delivery import consumer, kick
from ledger.models import Entry
from reviews.models import Delivery, Outlet
from reviews.notices.news import KINDS_TOLD, News, news_of
from reviews.tasks import send_deliveries


@consumer("reviews.outlets", kinds=KINDS_TOLD)
def hear(entry: Entry) -> None:
    """Twice is once: the rows are unique by outlet and entry. An outlet hears nothing of the time before it was made."""
    live = list(Outlet.objects.filter(stopped_at=None, made_at__lte=entry.recorded_at))
    for news in news_of([entry]) if live else ():
        rows = [delivery_of(news, outlet, at=entry.recorded_at) for outlet in live if news.topic in outlet.topics]
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        kick(send_deliveries)


def delivery_of(news: News, outlet: Outlet, *, at: datetime) -> Delivery:
    """The row that brings this news to this outlet; what it says is fixed from here on."""
    return Delivery(
        outlet=outlet,
        entry_seq=news.seq,
        kind=news.kind,
        title=news.sentence[:300],
        body=canonical(payload(news)).decode(),
        subject=news.subject,
        case=news.case,
        not_before=at,
        made_at=at,
    )


def payload(news: News) -> dict[str, object]:
    """What a webhook says: kind, ids, codes, one sentence and where to read more."""
    case: dict[str, str | int] | None = {"id": str(news.case.pk), "number": news.case.number} if news.case else None
    return {
        "type": news.kind,
        "timestamp": news.at.isoformat(),
        "data": {
            "entry": news.seq,
            "subject": news.subject.slug if news.subject else None,
            "case": case,
            "codes": dict(news.codes),
            "sentence": news.sentence,
            "address": f"{settings.PUBLIC_URL}{news.path}",
        },
    }
