"""Linking an account to who its owner is at the sign-in provider, and taking that away. Each is confirmed anew, entered, and told to the owner."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from ledger.refusals import NotNow
from people import entries
from people.confirming import Confirmation, confirm
from people.models import Identity, User
from people.trips import Found


class LinkedAlready(NotNow):
    code = "linked_already"
    sentence = "This account is linked to the sign-in provider already."
    what_to_do = "Unlink it first."


class LinkedElsewhere(NotNow):
    code = "linked_elsewhere"
    sentence = "Another account of this portal is linked to this identity."
    what_to_do = "If that account is not yours, tell an administrator."


class NoOtherWayIn(NotNow):
    code = "no_other_way_in"
    sentence = "Without it this account could not sign in: it has no password."
    what_to_do = "An administrator can propose a sign-in link, through which you choose a password."


@transaction.atomic
def link_identity(*, user: User, found: Found, confirmation: Confirmation, at: datetime) -> Identity:
    """For somebody who is signed in and has been to the provider. Raises LinkedAlready, LinkedElsewhere and what `people.confirming.confirm` raises."""
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if Identity.objects.filter(user=user, issuer=found.issuer).exists():
        raise LinkedAlready
    confirm(user=user, confirmation=confirmation, at=at)
    identity = add(user, found, at)
    entries.identity_linked(identity, at=at)
    return identity


@transaction.atomic
def unlink_identity(*, user: User, identity: Identity, confirmation: Confirmation, at: datetime) -> None:
    """Raises NoOtherWayIn and what `people.confirming.confirm` raises."""
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    identity = Identity.objects.get(pk=identity.pk, user=user)
    if not user.has_usable_password():
        raise NoOtherWayIn
    confirm(user=user, confirmation=confirmation, at=at)
    Identity.objects.filter(pk=identity.pk).delete()
    entries.identity_unlinked(identity, at=at)


def add(user: User, found: Found, at: datetime) -> Identity:
    """The row; the caller holds the account's lock and enters why. Raises LinkedElsewhere."""
    try:
        with transaction.atomic():
            return Identity.objects.create(user=user, issuer=found.issuer, subject=found.subject, linked_at=at)
    except IntegrityError:
        raise LinkedElsewhere from None


def take_identities_away(user: User) -> int:
    """How many there were; the caller holds the account's lock and enters why."""
    return Identity.objects.filter(user=user).delete()[0]
