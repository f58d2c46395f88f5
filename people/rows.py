"""Who people are and what they may do, held against the ledger: a role, a competence or a clearance that no entry tells of gives itself away."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

from ledger.rows import Told, told_as
from people import entries
from people.models import ApiToken, Clearance, Competence, Grant, Person, RoleGrant, Signature, User
from people.signing import verify_signature


def fault_of(signature: Signature, *, person: UUID) -> str:
    """What is wrong with the signature under a row of this person's; empty where nothing is."""
    if signature.person_id != person:
        return "the signature under it is somebody else's."
    return (
        ""
        if verify_signature(signature)
        else "its signature, the seal or what stands beside them was changed, or the portal lacks the key of the seal."
    )


@told_as("people:person:registered")
def persons() -> Iterator[Told]:
    for person in Person.objects.filter(is_system=False).iterator():
        yield Told(f"person {person.pk}", f"person:{person.pk}", {"system": False})


@told_as("people:user:created")
def users() -> Iterator[Told]:
    for user in User.objects.iterator():
        yield Told(f"account {user.pk}", f"user:{user.pk}", {"person": user.person_id})


@told_as("people:token:created")
def tokens() -> Iterator[Told]:
    for token in ApiToken.objects.iterator():
        fields = {"person": token.person_id, "scopes": sorted(token.scopes), "expires_at": token.expires_at}
        yield Told(f"API token {token.pk}", f"token:{token.pk}", fields)


def _confirmed(model: type[Grant]) -> Iterator[Told]:
    for grant in model.objects.filter(confirmed_at__isnull=False).iterator():
        yield _grant(grant, grant.confirmed_by_id, "from_at")


def _ended(model: type[Grant]) -> Iterator[Told]:
    for grant in model.objects.filter(end_confirmed_by__isnull=False).iterator():
        yield _grant(grant, grant.end_confirmed_by_id, "from_at", "until_at")


def _grant(grant: Grant, by: UUID | None, *dates: str) -> Told:
    noun, what = entries.noun_of(grant)
    fields: dict[str, object] = {"person": grant.person_id, noun: what} | {date: getattr(grant, date) for date in dates}
    return Told(f"{noun} {grant.pk}", f"{noun}:{grant.pk}", fields, by)


for _noun, _model in (("role", RoleGrant), ("competence", Competence), ("clearance", Clearance)):
    told_as(f"people:{_noun}:confirmed")(partial(_confirmed, _model))
    told_as(f"people:{_noun}:ended")(partial(_ended, _model))
