"""The news as an Atom feed (RFC 4287): what the person it belongs to may know of, in the words that leave the house."""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed

from evaluations import access as evaluations_access
from ledger.models import Entry, Log
from people.queries import Actor
from reviews.models.outlet import Topic
from reviews.notices.news import News, kinds_about, news_of

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
TOPICS = (Topic.CASES, Topic.DECISIONS, Topic.GATE)
LATEST = 50


def atom(actor: Actor, *, log: Log, at: datetime) -> bytes:
    """The latest news first. The same news gives the same bytes."""
    news = _visible(actor, at)
    name = f"tag:{urlsplit(settings.PUBLIC_URL).hostname or 'localhost'},{log.opened_at:%Y-%m-%d}:ledger/{log.pk}"
    feed = _Feed(
        title="ASL portal: cases, decisions and the gate",
        link=f"{settings.PUBLIC_URL}/",
        description=None,
        author_name="ASL portal",
        feed_guid=name,
    )
    feed.updated_at = news[0].at if news else log.opened_at
    for one in news:
        feed.add_item(
            title=one.sentence,
            link=f"{settings.PUBLIC_URL}{one.path}",
            description=None,  # type: ignore[arg-type]  # Django leaves it out then; its stubs know no such thing
            unique_id=f"{name}/{one.seq}",
            pubdate=one.at,
            updateddate=one.at,
            categories=[one.topic, one.kind],
        )
    return feed.writeString("utf-8").encode()


class _Feed(Atom1Feed):
    """A feed that is as new as its newest entry, and not as the moment somebody asks."""

    updated_at: datetime

    def latest_post_date(self) -> datetime:
        return self.updated_at


def _visible(actor: Actor, at: datetime) -> list[News]:
    subjects = set(evaluations_access.subjects(actor, at).values_list("pk", flat=True))
    latest = Entry.objects.filter(kind__in=kinds_about(TOPICS)).order_by("-seq").prefetch_related("fields")[: 4 * LATEST]
    return [one for one in news_of(latest) if one.subject is None or one.subject.pk in subjects][:LATEST]
