"""A turn that is over is taken back: its notice leaves the inbox, and what was not sent yet is not sent any more."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import Q

from ledger.models import Entry
from reviews.models import Adoption, Notice
from reviews.models.notice import Channel, WorkState

VOTES = ("vote_wanted", "vote_outdated")
OF_A_QUESTION = (*VOTES, "ready_to_declare")
OF_A_CASE = (*OF_A_QUESTION, "evidence_wanted", "paper_wanted", "case_due_soon", "case_overdue")


def follow(entry: Entry) -> None:
    """Take back what this entry settled, told before it. Twice is once."""
    rule = _RULES.get(entry.kind)
    if rule is None:
        return
    stale = Notice.objects.filter(rule(entry), entry_seq__lt=entry.seq, withdrawn_at=None)
    stale.exclude(channel=Channel.INBOX).filter(state=WorkState.WAITING).update(
        state=WorkState.DONE, done_at=entry.recorded_at, withdrawn_at=entry.recorded_at, last_error="Not sent: it was settled before."
    )
    stale.filter(channel=Channel.INBOX).update(withdrawn_at=entry.recorded_at)


def _thing(entry: Entry) -> UUID:
    return UUID(entry.thing.partition(":")[2])


def _voted(entry: Entry) -> Q:
    return Q(kind__in=VOTES, question=_thing(entry), person=entry.actor)


def _decided(entry: Entry) -> Q:
    return Q(kind__in=OF_A_QUESTION, question=UUID(str(entry.values["question"])))


def _ended(entry: Entry) -> Q:
    return Q(kind__in=OF_A_CASE, case=_thing(entry))


def _stood_aside(entry: Entry) -> Q:
    return Q(kind__in=OF_A_CASE, case=_thing(entry), person=entry.actor)


def _signed_off(entry: Entry) -> Q:
    """One sign-off suffices, so the others' turn is over too."""
    return Q(kind__in=("signoff_wanted", "signoff_reworded"), data__implementation=str(entry.values["implementation"]))


def _changed(entry: Entry) -> Q:
    """What is now built is another version; where it still needs a sign-off, a notice about that one says so."""
    return Q(kind__in=("signoff_wanted", "signoff_expires", "signoff_reworded"), data__implementation=str(entry.values["implementation"]))


def _adopted(entry: Entry) -> Q:
    version = Adoption.objects.values_list("version", flat=True).get(pk=_thing(entry))
    return Q(kind="adoption_wanted", data__version=str(version))


def _answered_for(entry: Entry) -> Q:
    return Q(kind="set_aside_wanted", data__upload=str(entry.values["upload"]))


def _corrected(entry: Entry) -> Q:
    return Q(kind="correction_wanted", data__correction=str(_thing(entry)))


def _brought(entry: Entry) -> Q:
    paper = f"{entry.values['threshold']}/{entry.values['artefact']}"
    return Q(kind="paper_wanted", subject=UUID(str(entry.values["subject"])), data__paper=paper)


def _released(entry: Entry) -> Q:
    """Whoever plays the persona next starts afresh: what changed about the account before says nothing of theirs."""
    return Q(kind="account_changed", person=UUID(str(entry.values["person"])))


def _read_again(entry: Entry) -> Q:
    """Should it be refused again, that is told anew."""
    return Q(kind="set_aside_wanted", data__upload=str(_thing(entry)))


def _clock_answered(entry: Entry) -> Q:
    """What was told when this turn began."""
    begun = Entry.objects.filter(kind="reviews:clock:begun", thing=entry.thing).values("seq")
    return Q(kind="clock_due", entry_seq__in=begun)


_RULES: dict[str, Callable[[Entry], Q]] = {
    "reviews:vote:cast": _voted,
    "reviews:recusal:declared": _stood_aside,
    "reviews:determination:made": _decided,
    "reviews:safeguards:decided": _decided,
    "reviews:release:decided": _decided,
    "reviews:case:closed": _ended,
    "reviews:signoff:given": _signed_off,
    "reviews:implementation:changed": _changed,
    "reviews:evidence:attached": _changed,
    "reviews:adoption:confirmed": _adopted,
    "people:credential:released": _released,
    "reviews:paper:supplied": _brought,
    "evaluations:correction:signed": _corrected,
    "reviews:clock:answered": _clock_answered,
    "evaluations:result:superseded": _answered_for,
    "evaluations:upload:retried": _read_again,
}
KINDS_HEARD = tuple(_RULES)
