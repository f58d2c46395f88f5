"""The people of the demonstration: a small lab's board, each with the roles the framework asks for."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

from people import services as people
from people.confirming import Confirmation
from people.factors import code_at, new_secret
from people.models import Person
from people.words import Area, Role

DOMAIN = "northbridge.example"


@dataclass(frozen=True)
class Part:
    name: str
    title: str
    roles: tuple[str, ...]
    areas: tuple[str, ...] = ()
    cleared: bool = False
    house: str = "Northbridge (fictional)"

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace('é', 'e')}@{DOMAIN}"


PARTS = {
    "ada": Part("Ada", "Evaluations", (Role.RESEARCHER,), cleared=True),
    "ben": Part("Ben", "Biosecurity", (Role.REVIEWER,), (Area.BIOLOGY,), cleared=True),
    "chloe": Part("Chloé", "Security engineering", (Role.REVIEWER,), (Area.SECURITY, Area.CYBER), cleared=True),
    "dan": Part("Dan", "Responsible scaling", (Role.CHAIR,)),
    "farid": Part("Farid", "Safeguards", (Role.SAFEGUARD_OWNER,)),
    "grace": Part("Grace", "Executive", (Role.EXECUTIVE,)),
    "hana": Part("Hana", "Internal audit", (Role.AUDITOR,)),
    "ivo": Part("Ivo", "Platform", (Role.ADMINISTRATOR,)),
    "jun": Part("Jun", "Platform", (Role.ADMINISTRATOR,)),
    "mira": Part("Mira", "External expert", (Role.REVIEWER,), (Area.EXTERNAL, Area.BIOLOGY), cleared=True),
    "leo": Part("Leo", "Executive", (Role.EXECUTIVE,)),
    "lena": Part("Lena", "Testing", (Role.OUTSIDE_EVALUATOR,), house="Harrow Institute (fictional)"),
}


@dataclass
class Cast:
    """The persons by name, and the passwords and secrets of apps they hold while the world is built; nobody keeps them afterwards."""

    people: dict[str, Person] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    apps: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    def signer(self, name: str, at: datetime) -> dict[str, Any]:
        """What every signing verb asks for, with the code this person's app shows then; a second signature waits for the next code."""
        person = self.people[name]
        confirmation = Confirmation(self.passwords[name], code_at(self.apps[name], at))
        return {"actor": person, "user": person.user, "confirmation": confirmation, "at": at}


@contextmanager
def throwaway_passwords() -> Iterator[None]:
    """Cheap hashes while the world is built: its passwords are long, random, and taken away at the end."""
    usual = (Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost)
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64
    try:
        yield
    finally:
        Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = usual


def gather(at: datetime) -> Cast:
    """Registers everyone; two administrators propose and confirm what each holds."""
    cast = Cast()
    for key, part in PARTS.items():
        cast.people[key] = people.register_person(name=part.name, affiliation=f"{part.house}, {part.title}", at=at)
        people.create_user(person=cast.people[key], email=part.email, at=at)
    people.appoint_first_administrators(first=cast.ivo, second=cast.jun, at=at)
    for key, part in PARTS.items():
        _empower(cast, key, part, at)
    for key, part in PARTS.items():
        if Role.ADMINISTRATOR not in part.roles:
            cast.passwords[key] = _password(cast.people[key], at)
            cast.apps[key] = _app(cast.people[key], cast.passwords[key], at)
    return cast


def _empower(cast: Cast, key: str, part: Part, at: datetime) -> None:
    person = cast.people[key]
    grants = [people.grant_role(person=person, role=role, actor=cast.ivo, at=at) for role in part.roles if role != Role.ADMINISTRATOR]
    areas = [people.grant_competence(person=person, area=area, actor=cast.ivo, at=at) for area in part.areas]
    clearances = [people.grant_clearance(person=person, actor=cast.ivo, at=at)] if part.cleared else []
    for grant in (*grants, *areas, *clearances):
        people.confirm_grant(grant=grant, actor=cast.jun, at=at)


def _password(person: Person, at: datetime) -> str:
    password = secrets.token_urlsafe(24)
    _, link = people.persona_link(user=person.user, at=at)
    people.use_link(secret=link, password=password, at=at)
    person.user.refresh_from_db()
    return password


def _app(person: Person, password: str, at: datetime) -> str:
    secret = new_secret()
    people.add_totp(user=person.user, secret=secret, first_code=code_at(secret, at), confirmation=Confirmation(password), at=at)
    return secret


def let_go(cast: Cast, at: datetime) -> None:
    """Passwords and second factors are taken away: whoever plays a persona chooses their own."""
    for key in cast.passwords:
        people.release_persona(user=cast.people[key].user, at=at)
    cast.passwords.clear()
