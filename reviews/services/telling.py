"""How a person wants to be told, as they chose it on their own page."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction

from ledger.refusals import NotValid
from people.models import Person
from reviews import entries
from reviews.models import DigestTime, NoticePreference
from reviews.models.preference import ByMail
from reviews.notices.preferences import KIND_WORDS, OPTIONAL


class ChoiceNotKnown(NotValid):
    code = "choice_not_known"
    sentence = "There is no such choice."


class StaysInTheInbox(NotValid):
    code = "stays_in_the_inbox"
    sentence = "What is yours to do stays in your inbox."
    what_to_do = "Choose how it comes by mail; the inbox keeps it either way."


@transaction.atomic
def choose_notices(*, choices: Mapping[str, tuple[bool, str]], zone: str, hour: int, weekday: int, actor: Person, at: datetime) -> None:
    """For each kind: in the inbox or not, and how by mail. Raises ChoiceNotKnown, StaysInTheInbox."""
    for kind, (inbox, by_mail) in choices.items():
        if kind not in KIND_WORDS or by_mail not in ByMail.values:
            raise ChoiceNotKnown
        if not inbox and kind not in OPTIONAL:
            raise StaysInTheInbox
    if zone not in available_timezones() or hour not in range(24) or weekday not in range(7):
        raise ChoiceNotKnown
    rows = [NoticePreference(person=actor, kind=kind, inbox=inbox, by_mail=by_mail) for kind, (inbox, by_mail) in choices.items()]
    NoticePreference.objects.bulk_create(rows, update_conflicts=True, unique_fields=["person", "kind"], update_fields=["inbox", "by_mail"])
    DigestTime.objects.update_or_create(person=actor, defaults={"zone": zone, "hour": hour, "weekday": weekday})
    entries.notices_chosen(actor, {kind: [inbox, by_mail] for kind, (inbox, by_mail) in choices.items()}, at=at)
