"""The only doors to a person, a grant, a link or a token from outside. What one may not know of is not known (404)."""

from __future__ import annotations

from uuid import UUID

from ledger.refusals import NotKnown, the_one
from people import policies
from people.models import ApiToken, Clearance, Competence, Grant, Person, RoleGrant, SignInLink
from people.queries import Actor

GRANTS: dict[str, type[Grant]] = {"role": RoleGrant, "competence": Competence, "clearance": Clearance}


def require_members_visible(actor: Actor) -> None:
    """The list of members exists for insiders only. Raises NotKnown."""
    policies.require(policies.may_see_members(actor))


def person(actor: Actor, pk: UUID) -> Person:
    """Raises NotKnown."""
    require_members_visible(actor)
    return the_one(Person.objects.filter(pk=pk, is_system=False).select_related("user"))


def grant(actor: Actor, kind: str, pk: UUID) -> Grant:
    """Raises NotKnown."""
    require_members_visible(actor)
    found = GRANTS[kind].objects.filter(pk=pk).select_related("person").first() if kind in GRANTS else None
    if found is None:
        raise NotKnown
    return found


def link(actor: Actor, pk: UUID) -> SignInLink:
    """Only those who keep the membership know that there are links. Raises NotKnown."""
    found = SignInLink.objects.filter(pk=pk).select_related("user__person").first()
    if found is None or not policies.may_keep_membership(actor):
        raise NotKnown
    return found


def token(actor: Actor, pk: UUID) -> ApiToken:
    """One's own; those who keep the membership reach every one, to revoke it. Raises NotKnown."""
    found = ApiToken.objects.filter(pk=pk).select_related("person").first()
    if found is None or not (found.person_id == actor.person.pk or policies.may_keep_membership(actor)):
        raise NotKnown
    return found
