"""The world of the tests, built through the public verbs only. One section per room; keep each maker small."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from ledger import delivery
from ledger.models import Log
from ledger.services import current_log, open_log
from people import services as people
from people.models import Person, Signature
from people.signing import Statement, sign
from people.words import Area, Role

NOON = datetime(2026, 5, 22, 12, tzinfo=UTC)


# ledger


def make_log(mode: str = "demo", at: datetime = NOON) -> Log:
    """The open log; opened now if it is not yet."""
    return current_log() or open_log(mode=mode, at=at)


def deliver_all(at: datetime = NOON) -> int:
    """Lets every consumer catch up, and insists that none of them failed."""
    handled = delivery.run_pending(limit=10_000, at=at)
    assert not delivery.failing(), [f"{cursor.consumer} at {cursor.position}: {cursor.error}" for cursor in delivery.failing()]
    return handled


# people

PASSWORD = "a long and quiet river"


class Cast:
    """Everyone the tests know. Each holds what their line says; Eve has an account and nothing else. Who was not made is not there."""

    ada: Person  # researcher
    ben: Person  # reviewer, biology
    chloe: Person  # reviewer, security
    dan: Person  # chair
    eve: Person  # a stranger
    farid: Person  # safeguard owner
    grace: Person  # executive
    hana: Person  # auditor
    ivo: Person  # administrator
    jun: Person  # administrator
    kai: Person  # board observer
    lena: Person  # outside evaluator


ROLES = {
    "ada": Role.RESEARCHER,
    "ben": Role.REVIEWER,
    "chloe": Role.REVIEWER,
    "dan": Role.CHAIR,
    "farid": Role.SAFEGUARD_OWNER,
    "grace": Role.EXECUTIVE,
    "hana": Role.AUDITOR,
    "kai": Role.BOARD_OBSERVER,
    "lena": Role.OUTSIDE_EVALUATOR,
}
AREAS = {"ben": Area.BIOLOGY, "chloe": Area.SECURITY}


def make_person(name: str, *, at: datetime = NOON) -> Person:
    """A person with an account and no role."""
    person = people.register_person(name=name, affiliation="The lab", at=at)
    people.create_user(person=person, email=f"{name.lower()}@lab.example", at=at)
    return person


def make_people(*names: str, at: datetime = NOON, mode: str = "demo") -> Cast:
    """These people (all, if none is named; naming them is quicker), their roles proposed by Ivo and confirmed by Jun.

    Passwords come with `give_password`.
    """
    make_log(mode, at)
    cast = Cast()
    wanted = {"ivo", "jun", *(names or Cast.__annotations__)}
    for name in Cast.__annotations__:
        if name in wanted:
            setattr(cast, name, make_person(name.capitalize(), at=at))
    people.appoint_first_administrators(first=cast.ivo, second=cast.jun, at=at)
    for name in wanted & ROLES.keys():
        give_role(cast, getattr(cast, name), ROLES[name], at=at)
    for name in wanted & AREAS.keys():
        give_competence(cast, getattr(cast, name), AREAS[name], at=at)
    return cast


def give_role(cast: Cast, person: Person, role: str, *, at: datetime = NOON) -> None:
    people.confirm_grant(grant=people.grant_role(person=person, role=role, actor=cast.ivo, at=at), actor=cast.jun, at=at)


def give_competence(cast: Cast, person: Person, area: str, *, at: datetime = NOON) -> None:
    people.confirm_grant(grant=people.grant_competence(person=person, area=area, actor=cast.ivo, at=at), actor=cast.jun, at=at)


def give_clearance(cast: Cast, person: Person, *, at: datetime = NOON) -> None:
    people.confirm_grant(grant=people.grant_clearance(person=person, actor=cast.ivo, at=at), actor=cast.jun, at=at)


def give_password(person: Person, password: str = PASSWORD, *, at: datetime = NOON) -> None:
    """Lets a persona choose a password through their one-time link, as the demo does."""
    _, secret = people.persona_link(user=person.user, at=at)
    people.use_link(secret=secret, password=password, at=at)
    person.user.refresh_from_db()


def make_signature(person: Person, statement: Statement, *, at: datetime = NOON) -> Signature:
    """The person's name under a statement; they choose a password first if they have none."""
    if not person.user.has_usable_password():
        give_password(person, at=at)
    return sign(person=person, user=person.user, statement=statement, password=PASSWORD, at=at)


def make_token(person: Person, *scopes: str, at: datetime | None = None, days: int = 30) -> str:
    """The text of an API token with these scopes, from now on: the API knows no other time. Make it last; the ledger only grows forward."""
    _, text = people.create_token(person=person, scopes=scopes, days=days, label="tests", at=at or timezone.now())
    return text


def later(**spans: float) -> datetime:
    """Noon and a while: `later(hours=2)`."""
    return NOON + timedelta(**spans)
