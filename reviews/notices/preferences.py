"""What a person wants to be told by which way; what is theirs to do always stands in their inbox."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from reviews.models import DigestTime, NoticePreference
from reviews.models.preference import ByMail

# Every kind in the words of the page, those that ask for something first.
KIND_WORDS = {
    "vote_wanted": "A case waits for your vote",
    "vote_outdated": "A vote of yours is outdated",
    "ready_to_declare": "A quorum is reached and you chair",
    "evidence_wanted": "A case needs safeguards you keep",
    "signoff_wanted": "A safeguard waits for your sign-off",
    "adoption_wanted": "A framework version waits for your confirmation",
    "case_due_soon": "A case of yours is due soon",
    "case_overdue": "A case of yours is overdue",
    "signoff_expires": "A sign-off you gave or own runs out",
    "signoff_reworded": "A sign-off you gave or own is for an earlier wording",
    "decision_lapses": "A decision runs out soon",
    "evidence_ages": "Evidence about a model grows stale soon",
    "grant_lapses": "A role, competence or clearance of yours runs out",
    "grant_of_another_lapses": "One of somebody else runs out, and you chair",
    "token_expires": "An API token of yours runs out",
    "clock_due": "A clock of the framework comes round",
    "upload_rejected": "An upload of yours was refused",
    "correction_wanted": "A correction of weights waits for a second signature",
    "paper_wanted": "A paper that is asked for is missing",
    "set_aside_wanted": "A refused file waits for somebody to answer for it",
    "incident": "A model is served without a valid authorisation",
    "account_changed": "What your account signs in or signs with has changed",
    "case_opened": "A case was opened",
    "case_revised": "A case has changed",
    "decided": "A question was decided",
    "case_closed": "A case is closed",
    "decision_ended": "A decision left force",
    "evidence_disagrees": "The evidence says otherwise than a decision",
    "gate_changed": "A gate opened or shut",
    "scope_halted": "A scope was halted",
}
# What only informs may leave the inbox. Everything else, also a kind that is new here, stays: a turn nobody sees is a turn nobody takes.
OPTIONAL = frozenset(
    {"case_opened", "case_revised", "decided", "case_closed", "decision_ended", "evidence_disagrees", "gate_changed", "scope_halted"}
)
DEFAULT_TIME = ("UTC", 8, 0)


@dataclass(frozen=True, slots=True)
class Wish:
    """In the inbox or not; by mail at a moment, in a digest at a moment, or not (None)."""

    inbox: bool
    mail_at: datetime | None
    digest_at: datetime | None


class Wishes:
    """The choices of some people, read once."""

    def __init__(self, persons: Iterable[UUID]) -> None:
        wanted = set(persons)
        chosen = NoticePreference.objects.filter(person__in=wanted) if wanted else ()
        self._chosen: Mapping[tuple[UUID, str], NoticePreference] = {(one.person_id, one.kind): one for one in chosen}
        sometimes = {person for (person, _), one in self._chosen.items() if one.by_mail in {ByMail.DAILY, ByMail.WEEKLY}}
        times = DigestTime.objects.filter(person__in=sometimes) if sometimes else ()
        self._times = {one.person_id: (one.zone, one.hour, one.weekday) for one in times}

    def of(self, person: UUID, kind: str, at: datetime) -> Wish:
        """How this person is told something of this kind that happened at `at`."""
        chosen = self._chosen.get((person, kind))
        by_mail = chosen.by_mail if chosen else ByMail.AT_ONCE
        return Wish(
            inbox=chosen is None or chosen.inbox or kind not in OPTIONAL,
            mail_at=at if by_mail == ByMail.AT_ONCE else None,
            digest_at=None if by_mail in {ByMail.AT_ONCE, ByMail.NEVER} else self._next(person, by_mail, at),
        )

    def _next(self, person: UUID, by_mail: str, at: datetime) -> datetime:
        zone, hour, weekday = self._times.get(person, DEFAULT_TIME)
        return next_digest(at, zone=zone, hour=hour, weekday=weekday if by_mail == ByMail.WEEKLY else None)


def next_digest(at: datetime, *, zone: str, hour: int, weekday: int | None = None) -> datetime:
    """The first moment after `at` when it is this hour in this zone, on this day of the week if one is named. In UTC."""
    here = at.astimezone(ZoneInfo(zone))
    for days in range(9):
        day = here.date() + timedelta(days=days)
        moment = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if moment > at and weekday in {None, day.weekday()}:
            return moment
    raise AssertionError("A week has every weekday.")
