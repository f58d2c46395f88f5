"""What people hold at a moment. Every answer takes `at`, so that a past one can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value

from ledger.queries import entries_holding
from ledger.sentences import sentences
from people.factors import FACTORS
from people.models import ApiToken, Clearance, Competence, Grant, Person, RoleGrant, Signature, SignInLink
from people.words import Level


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as one moment knows them: who, with which roles, competences and clearance. What a request carries.

    `second_factor`: their account has one now; without it they sign nothing that asks for it.
    """

    person: Person
    roles: frozenset[str] = frozenset()
    competences: frozenset[str] = frozenset()
    cleared: bool = False
    second_factor: bool = False

    def has(self, *roles: str) -> bool:
        """Does this person hold any of these roles?"""
        return not self.roles.isdisjoint(roles)

    @property
    def belongs(self) -> bool:
        """Without a role nothing here exists for you but your own page."""
        return bool(self.roles)


def actor_of(person: Person, at: datetime) -> Actor:
    """Everything a person holds at a moment, in one query."""
    held: dict[str, set[str]] = {"role": set(), "area": set(), "level": set(), "factor": set()}
    kinds: tuple[tuple[type[Grant], str], ...] = ((RoleGrant, "role"), (Competence, "area"), (Clearance, "level"))
    rows = [
        model.objects.in_force(at).filter(person=person).order_by().values_list(Value(field, output_field=CharField()), F(field))
        for model, field in kinds
    ]
    factors = Authenticator.objects.filter(user__person=person, type__in=FACTORS).order_by()
    rows.append(factors.values_list(Value("factor", output_field=CharField()), F("type")))
    for field, value in rows[0].union(*rows[1:]):
        held[field].add(value)
    return Actor(person, frozenset(held["role"]), frozenset(held["area"]), Level.HAZARD in held["level"], bool(held["factor"]))


def changes_at(person: Person, at: datetime) -> list[datetime]:
    """The later instants at which something this person holds begins or ends by itself, in one query."""
    kinds: tuple[type[Grant], ...] = (RoleGrant, Competence, Clearance)
    rows = [
        model.objects.filter(person=person, **{f"{field}__gt": at}).order_by().values_list(field)
        for model in kinds
        for field in ("from_at", "until_at")
    ]
    return [moment for (moment,) in rows[0].union(*rows[1:])]


def roles_of(person: Person, at: datetime) -> frozenset[str]:
    return frozenset(RoleGrant.objects.in_force(at).filter(person=person).values_list("role", flat=True))  # type: ignore[misc]  # the abstract manager hides the field


def people_with(role: str, at: datetime, competence: str | None = None) -> QuerySet[Person]:
    """Who holds this role (and this competence) at that moment, by name."""
    holders = Person.objects.filter(Exists(RoleGrant.objects.in_force(at).filter(person=OuterRef("pk"), role=role)))  # type: ignore[misc]  # the abstract manager hides the field
    if competence is not None:
        holders = holders.filter(Exists(Competence.objects.in_force(at).filter(person=OuterRef("pk"), area=competence)))  # type: ignore[misc]  # the abstract manager hides the field
    return holders.order_by("name", "id")


def people_with_any(roles: Sequence[str], at: datetime) -> QuerySet[Person]:
    """Who holds at least one of these roles at that moment, by name."""
    held = RoleGrant.objects.in_force(at).filter(person=OuterRef("pk"), role__in=roles)  # type: ignore[misc]  # the abstract manager hides the field
    return Person.objects.filter(Exists(held)).order_by("name", "id")


def members(at: datetime) -> QuerySet[Person]:
    """Everyone with a role at that moment."""
    return Person.objects.filter(Exists(RoleGrant.objects.in_force(at).filter(person=OuterRef("pk")))).order_by("name", "id")


def tokens_of(person: Person) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(person=person).order_by("-created_at", "id")


def signatures_of(person: Person) -> QuerySet[Signature]:
    return Signature.objects.filter(person=person).order_by("-at", "id")


# What the pages show


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature with what was signed, in the words of the ledger entry that used it; no words where the record holds none."""

    signature: Signature
    words: str
    seq: int | None


def signed_by(person: Person, *, limit: int) -> list[Signed]:
    """The last signatures of a person, each with what it stands under."""
    several = list(signatures_of(person)[:limit])
    entries = entries_holding([str(each.pk) for each in several], path="signature", actor=person.pk)
    told = dict(zip(entries, sentences(entries.values()), strict=True))
    return [Signed(each, told.get(key, ""), entries[key].seq if key in entries else None) for each in several for key in [str(each.pk)]]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One person on the members' page, with what they hold now."""

    person: Person
    roles: tuple[RoleGrant, ...]
    competences: tuple[Competence, ...]
    cleared: bool

    @property
    def since(self) -> datetime | None:
        return min((grant.from_at for grant in self.roles), default=None)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One grant with its state at a moment: `waiting`, `withdrawn`, `later`, `held`, `ending`, `ended`."""

    grant: Grant
    kind: str
    state: str


KINDS: dict[type[Grant], str] = {RoleGrant: "role", Competence: "competence", Clearance: "clearance"}


def member_rows(at: datetime) -> list[MemberRow]:
    """Everyone known, with what they hold now: four queries, however many they are."""
    held: dict[type[Grant], dict[UUID, list[Any]]] = {model: {} for model in KINDS}
    for model, by_person in held.items():
        for grant in model.objects.in_force(at).order_by(*(model._meta.ordering or ())):
            by_person.setdefault(grant.person_id, []).append(grant)
    return [
        MemberRow(
            person,
            tuple(held[RoleGrant].get(person.pk, ())),
            tuple(held[Competence].get(person.pk, ())),
            person.pk in held[Clearance],
        )
        for person in Person.objects.filter(is_system=False).order_by("name", "id")
    ]


def holdings_of(person: Person, at: datetime) -> list[Grant]:
    """What a person holds now, with who proposed and confirmed it."""
    return [line.grant for line in grants_of(person, at) if line.state in {"held", "ending"}]


def grants_of(person: Person, at: datetime) -> list[HistoryLine]:
    """Everything a person holds, held or was proposed for, the newest first; of one moment roles, competences, clearances, each by name."""
    lines = [
        HistoryLine(grant, kind, _state(grant, at))
        for model, kind in KINDS.items()
        for grant in model.objects.filter(person=person).select_related("person", "granted_by", "confirmed_by", "end_proposed_by")
    ]
    return sorted(lines, key=lambda line: line.grant.granted_at, reverse=True)


def waiting_for_a_second_person() -> list[HistoryLine]:
    """Proposals and proposed ends, the oldest first."""
    lines = [
        HistoryLine(grant, kind, "waiting" if grant.confirmed_at is None else "ending")
        for model, kind in KINDS.items()
        for grant in model.objects.filter(
            Q(confirmed_at__isnull=True, withdrawn_at__isnull=True) | Q(end_proposed_at__isnull=False, end_confirmed_by__isnull=True)
        ).select_related("person", "granted_by", "end_proposed_by")
    ]
    return sorted(lines, key=lambda line: (line.grant.end_proposed_at or line.grant.granted_at, str(line.grant.pk)))


def links_waiting(whom: Person | None = None) -> list[SignInLink]:
    """Sign-in links that were proposed or sent and are not used yet, of everybody or of one."""
    unused = SignInLink.objects.filter(used_at__isnull=True, withdrawn_at__isnull=True)
    unused = unused if whom is None else unused.filter(user__person=whom)
    return list(unused.select_related("user__person", "made_by").order_by("made_at", "id"))


def _state(grant: Grant, at: datetime) -> str:
    if grant.withdrawn_at is not None:
        return "withdrawn"
    if grant.confirmed_at is None:
        return "waiting"
    if grant.until_at is not None and grant.until_at <= at:
        return "ended"
    if grant.from_at > at:
        return "later"
    return "ending" if grant.end_proposed_at is not None else "held"
