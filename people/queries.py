"""What people hold at a moment. Every answer takes `at`, so that a past one can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Value

from people.models import ApiToken, Clearance, Competence, Grant, Person, RoleGrant, Signature
from people.words import Level, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as one moment knows them: who, with which roles, competences and clearance. What a request carries."""

    person: Person
    roles: frozenset[str] = frozenset()
    competences: frozenset[str] = frozenset()
    cleared: bool = False

    def has(self, *roles: str) -> bool:
        """Does this person hold any of these roles?"""
        return not self.roles.isdisjoint(roles)

    @property
    def is_administrator(self) -> bool:
        return Role.ADMINISTRATOR in self.roles

    @property
    def belongs(self) -> bool:
        """Without a role nothing here exists for you but your own page."""
        return bool(self.roles)


def actor_of(person: Person, at: datetime) -> Actor:
    """Everything a person holds at a moment, in one query."""
    held: dict[str, set[str]] = {"role": set(), "area": set(), "level": set()}
    kinds: tuple[tuple[type[Grant], str], ...] = ((RoleGrant, "role"), (Competence, "area"), (Clearance, "level"))
    rows = [
        model.objects.in_force(at).filter(person=person).order_by().values_list(Value(field, output_field=CharField()), F(field))
        for model, field in kinds
    ]
    for field, value in rows[0].union(*rows[1:]):
        held[field].add(value)
    return Actor(person, frozenset(held["role"]), frozenset(held["area"]), Level.HAZARD in held["level"])


def roles_of(person: Person, at: datetime) -> frozenset[str]:
    return frozenset(RoleGrant.objects.in_force(at).filter(person=person).values_list("role", flat=True))


def competences_of(person: Person, at: datetime) -> frozenset[str]:
    return frozenset(Competence.objects.in_force(at).filter(person=person).values_list("area", flat=True))


def has_clearance(person: Person, at: datetime, level: str = Level.HAZARD) -> bool:
    return Clearance.objects.in_force(at).filter(person=person, level=level).exists()


def people_with(role: str, at: datetime, competence: str | None = None) -> QuerySet[Person]:
    """Who holds this role (and this competence) at that moment, by name."""
    holders = Person.objects.filter(Exists(RoleGrant.objects.in_force(at).filter(person=OuterRef("pk"), role=role)))
    if competence is not None:
        holders = holders.filter(Exists(Competence.objects.in_force(at).filter(person=OuterRef("pk"), area=competence)))
    return holders.order_by("name", "id")


def members(at: datetime) -> QuerySet[Person]:
    """Everyone with a role at that moment."""
    return Person.objects.filter(Exists(RoleGrant.objects.in_force(at).filter(person=OuterRef("pk")))).order_by("name", "id")


def tokens_of(person: Person) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(person=person).order_by("-created_at", "id")


def signatures_of(person: Person) -> QuerySet[Signature]:
    return Signature.objects.filter(person=person).order_by("-at", "id")
