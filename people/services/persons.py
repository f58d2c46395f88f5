"""Persons and their accounts. `actor` is empty where the portal itself acts: from its shell, or while a demo is seeded."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from ledger.refusals import NotNow, NotValid
from people import entries, policies
from people.models import ApiToken, Person, User
from people.queries import actor_of
from people.services.credentials import withdraw_open_links
from people.services.identities import take_identities_away


class NameMissing(NotValid):
    code = "name_missing"
    sentence = "A person needs a name."


class EmailNotValid(NotValid):
    code = "email_not_valid"
    sentence = "This is not an e-mail address."


class EmailTaken(NotNow):
    code = "email_taken"
    sentence = "Another account already signs in with this address."


class AccountThereAlready(NotNow):
    code = "account_there_already"
    sentence = "This person has an account already."


class AccountClosedAlready(NotNow):
    code = "account_closed_already"
    sentence = "This account is closed already."


class AccountNotClosed(NotNow):
    code = "account_not_closed"
    sentence = "This account is not closed."


def register_person(*, name: str, affiliation: str = "", actor: Person | None = None, at: datetime) -> Person:
    """A new person, without account and without role. Raises NotAllowed, NameMissing."""
    with transaction.atomic():
        require_keeper(actor, at)
        if not name.strip():
            raise NameMissing
        person = Person.objects.create(name=name.strip(), affiliation=affiliation.strip(), registered_at=at)
        entries.person_registered(person, actor=actor, at=at)
    return person


def create_user(*, person: Person, email: str, actor: Person | None = None, at: datetime) -> User:
    """An account that cannot sign in until its owner has chosen a password through a link.

    Raises NotAllowed, EmailNotValid, EmailTaken, AccountThereAlready.
    """
    with transaction.atomic():
        require_keeper(actor, at)
        person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        email = _checked_email(email)
        if person.is_system or User.objects.filter(person=person).exists():
            raise AccountThereAlready
        if User.objects.filter(email=email).exists():
            raise EmailTaken
        user = User(person=person, email=email, joined_at=at)
        user.set_unusable_password()
        user.save(force_insert=True)
        entries.user_created(user, actor=actor, at=at)
    return user


def invite(*, name: str, affiliation: str = "", email: str, actor: Person, at: datetime) -> User:
    """A person and their account in one; the refusals are those of both. It cannot sign in before two people have sent it a link."""
    with transaction.atomic():
        require_keeper(actor, at)
        # Looked at first: after the first entry into the ledger nothing else is locked.
        if User.objects.filter(email=_checked_email(email)).exists():
            raise EmailTaken
        person = register_person(name=name, affiliation=affiliation, actor=actor, at=at)
        return create_user(person=person, email=email, actor=actor, at=at)


def close_user(*, user: User, actor: Person, at: datetime) -> User:
    """Shuts an account at once, its tokens with it. One person is enough: it only takes power away. Roles end apart, by two."""
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        require_keeper(actor, at)
        if not user.is_active:
            raise AccountClosedAlready
        user.is_active = False
        user.save(update_fields=["is_active"])
        entries.user_closed(user, actor=actor, at=at)
    return user


def reopen_user(*, user: User, actor: Person, at: datetime) -> User:
    """Opens a closed account to whoever comes by a new sign-in link, which takes two people as always; that is why one is enough here.

    Nothing that opened it before does so again: neither password, nor sign-in provider, nor tokens, links or sessions. Second factors stay, and roles are
    those still in force. Raises NotAllowed, AccountNotClosed.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        require_keeper(actor, at)
        if user.is_active:
            raise AccountNotClosed
        user.is_active = True
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password"])
        withdraw_open_links(user, at)
        unlinked = take_identities_away(user)
        revoked = ApiToken.objects.filter(person=user.person_id, revoked_at=None, expires_at__gt=at).update(revoked_at=at)
        entries.user_reopened(user, unlinked=unlinked, revoked=revoked, actor=actor, at=at)
    return user


def require_keeper(actor: Person | None, at: datetime) -> None:
    """Passes for the portal itself and for those who keep the membership."""
    if actor is not None:
        policies.require(policies.may_keep_membership(actor_of(actor, at)))


def _checked_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise EmailNotValid from None
    return email
