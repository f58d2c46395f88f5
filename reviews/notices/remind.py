"""What the clock alone makes worth telling: cases due and overdue; sign-offs, decisions, evidence, roles and tokens that run out. Each is told once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from celery import shared_task
from django.db.models import Exists, F, OuterRef, Q

from evaluations.models import Assessment
from frameworks.queries import in_force_versions
from ledger.clock import shared_now
from ledger.models import Entry
from people.models import ApiToken
from people.queries import KINDS as GRANT_NOUNS
from people.queries import people_with, people_with_any
from people.words import Role
from reviews.models import Case, Determination, Notice, ReleaseDecision, SafeguardsDecision, SignOff
from reviews.models.case import CaseState
from reviews.notices.hear import tell
from reviews.notices.recipients import Told

CASE_SOON = timedelta(days=2)
SIGNOFF_SOON = timedelta(days=30)
DECISION_SOON = timedelta(days=14)
EVIDENCE_SOON = timedelta(days=14)
GRANT_SOON = timedelta(days=30)
TOKEN_SOON = timedelta(days=7)
DECISIONS = {Determination: "determination:made", SafeguardsDecision: "safeguards:decided", ReleaseDecision: "release:decided"}
NOUNS = {Determination: "determination", SafeguardsDecision: "safeguards", ReleaseDecision: "release"}


@dataclass(frozen=True, slots=True)
class Reminder:
    """`entry` and `thing` name the entry that began what now runs out: one reminder of a kind for each."""

    entry: str
    thing: str
    told: Told


@shared_task(name="reviews.notices.sweep_reminders")
def sweep_reminders(**_: object) -> None:
    """Tells what the clock made due."""
    remind(at=shared_now())


def remind(*, at: datetime) -> int:
    """Tell what is due to be told and give to how many. A row says that it was told, so that the next sweep does not tell it again."""
    found = [*_cases(at), *_signoffs(at), *_decisions(at), *_evidence(at), *_grants(at), *_tokens(at)]
    seqs = _entries(found)
    known = {(each.entry, each.thing): seq for each in found if (seq := seqs.get((each.entry, each.thing))) is not None}
    done = set(
        Notice.objects.filter(entry_seq__in=known.values(), kind__in={each.told.kind for each in found}).values_list(
            "entry_seq", "person", "kind"
        )
    )
    new = [
        (seq, each.told)
        for each in found
        if (seq := known.get((each.entry, each.thing))) is not None and (seq, each.told.person, each.told.kind) not in done
    ]
    tell(new, at=at)
    return len(new)


def _entries(found: Iterable[Reminder]) -> dict[tuple[str, str], int]:
    rows = Entry.objects.filter(kind__in={each.entry for each in found}, thing__in={each.thing for each in found})
    return {(kind, thing): seq for kind, thing, seq in rows.values_list("kind", "thing", "seq")}


def _cases(at: datetime) -> Iterator[Reminder]:
    """Everyone on the roster: who has voted may still move those who have not."""
    for case in Case.objects.filter(state=CaseState.OPEN, due_at__lte=at + CASE_SOON):
        kind = "case_overdue" if case.due_at is not None and case.due_at <= at else "case_due_soon"
        aside = set(case.recusals.values_list("person", flat=True))
        for member in case.roster:
            person = UUID(member["person"])
            if person not in aside:
                told = Told(person, kind, case.subject_id, case.pk, data={"until": _day(case.due_at)})
                yield Reminder("reviews:case:opened", f"case:{case.pk}", told)


def _signoffs(at: datetime) -> Iterator[Reminder]:
    """The owner, who renews the evidence, and the signer, unless another sign-off lasts longer."""
    held = SignOff.objects.in_force(at, *in_force_versions())
    lasting = held.filter(implementation=OuterRef("implementation"), expires_at__gt=at + SIGNOFF_SOON)
    ending = held.filter(~Exists(lasting), expires_at__lte=at + SIGNOFF_SOON).select_related("implementation")
    for signoff in ending:
        implementation = signoff.implementation
        data = {"implementation": str(implementation.pk), "safeguard": implementation.safeguard, "until": _day(signoff.expires_at)}
        for person in {implementation.owner_id, signoff.person_id}:
            yield Reminder("reviews:signoff:given", f"signoff:{signoff.pk}", Told(person, "signoff_expires", data=data))


def _decisions(at: datetime) -> Iterator[Reminder]:
    """Those who chair: a decision is renewed by a case, and they open it."""
    chairs = [person.pk for person in people_with(Role.CHAIR, at)]
    for model, verb in DECISIONS.items():
        for decision in model.objects.in_force(at).filter(valid_until__lte=at + DECISION_SOON):
            for person in chairs:
                told = Told(
                    person, "decision_lapses", decision.subject_id, data={"noun": NOUNS[model], "until": _day(decision.valid_until)}
                )
                yield Reminder(f"reviews:{verb}", f"{NOUNS[model]}:{decision.pk}", told)


def _evidence(at: datetime) -> Iterator[Reminder]:
    """Those who run evaluations, and the chair. An assessment that was made anew and runs out on the same day is no news."""
    ending = list(Assessment.objects.filter(superseded_by=None, valid_until__gt=at, valid_until__lte=at + EVIDENCE_SOON))
    subjects = {each.subject_id for each in ending}
    said = set(
        Notice.objects.filter(kind="evidence_ages", subject__in=subjects).values_list("person", "subject", "data__until") if ending else ()
    )
    tellers = [person.pk for person in people_with_any([Role.RESEARCHER, Role.CHAIR], at)] if ending else []
    for each in ending:
        until = _day(each.valid_until)
        for person in tellers:
            if (person, each.subject_id, until) not in said:
                told = Told(person, "evidence_ages", each.subject_id, data={"until": until})
                yield Reminder("evaluations:assessment:made", f"assessment:{each.pk}", told)


def _grants(at: datetime) -> Iterator[Reminder]:
    """Whoever holds it, and the chair, whose quorums it may be missing from; unless the same lasts longer by another grant."""
    for model, noun in GRANT_NOUNS.items():
        word = {"role": "role", "competence": "area", "clearance": "level"}[noun]
        held = model.objects.in_force(at)
        lasting = held.filter(Q(until_at=None) | Q(until_at__gt=at + GRANT_SOON), person=OuterRef("person"), **{word: OuterRef(word)})
        ending = list(held.filter(~Exists(lasting), until_at__lte=at + GRANT_SOON))
        chairs = [person.pk for person in people_with(Role.CHAIR, at)] if ending else []
        for grant in ending:
            data = {"noun": noun, "what": str(grant), "until": _day(grant.until_at), "person": str(grant.person_id)}
            for person in {grant.person_id, *chairs}:
                kind = "grant_lapses" if person == grant.person_id else "grant_of_another_lapses"
                yield Reminder(f"people:{noun}:confirmed", f"{noun}:{grant.pk}", Told(person, kind, data=data))


def _tokens(at: datetime) -> Iterator[Reminder]:
    """Its person, before what runs with it stands still. One that was made for a few days is not worth it."""
    ending = ApiToken.objects.filter(
        revoked_at=None, expires_at__gt=at, expires_at__lte=at + TOKEN_SOON, created_at__lte=F("expires_at") - 2 * TOKEN_SOON
    )
    for token in ending.exclude(person__user__is_active=False):
        data = {"token": token.prefix, "until": _day(token.expires_at)}
        yield Reminder("people:token:created", f"token:{token.pk}", Told(token.person_id, "token_expires", data=data))


def _day(moment: datetime | None) -> str:
    return f"{moment.day} {moment:%b %Y}" if moment else ""
