"""Passwords, and the links that open "choose a password" (or, in its place, signing in at the provider). A link replaces how the account signs in, whole.

Three kinds of link, by purpose. A *reset* (an invitation is one too) is proposed by one keeper, confirmed by another and mailed to the
account's own address by a worker, so that neither of them ever holds it. A *persona* link comes from the shell and exists only in a demo log. A
*first* link comes from the shell too: it lets an administrator who never had a password in, and administrators sign for nobody.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from ledger.canonical import digest
from ledger.refusals import NotKnown, NotNow, NotValid
from ledger.services import current_log
from people import entries, policies
from people.confirming import Confirmation, confirm
from people.models import Person, SignInLink, User
from people.queries import actor_of, roles_of
from people.sealing import seal
from people.services.factors import take_factors_away
from people.services.grants import AnotherPersonConfirms, NotForYourself, NotWaiting
from people.services.identities import add as add_identity
from people.services.identities import take_identities_away
from people.trips import Found
from people.words import LinkPurpose, Role

PERSONA_LINK_FOR = timedelta(days=7)
FIRST_LINK_FOR = timedelta(days=1)
RESET_LINK_FOR = timedelta(days=2)
# What the secret of a link is sealed under while it waits to be mailed.
SEALED_FOR = "sign-in links"


class OnlyInADemoLog(NotNow):
    code = "only_in_a_demo_log"
    sentence = "Links for personas exist only in a demo log; this portal keeps a production log."
    what_to_do = "Let an administrator propose a sign-in link on the members' page and another person confirm it."


class NotAFirstAdministrator(NotNow):
    code = "not_a_first_administrator"
    sentence = "In a production log the shell lets in only an administrator who never had a password."
    what_to_do = "Let an administrator propose a sign-in link on the members' page and another person confirm it."


class LinkDoesNotOpen(NotKnown):
    code = "link_does_not_open"
    sentence = "This link does not open anything: it was used, has run out, or never was."
    what_to_do = "Ask for a new one."


class AccountClosed(NotNow):
    code = "account_closed"
    sentence = "This account is closed."


class PasswordTooWeak(NotValid):
    code = "password_too_weak"
    sentence = "This password is too weak."

    @property
    def problems(self) -> list[str]:
        return [str(problem) for problem in self.data.get("problems", ())]  # type: ignore[attr-defined]


def persona_link(*, user: User, at: datetime) -> tuple[SignInLink, str]:
    """A link for a persona of the demo, and its secret part, shown once. Raises OnlyInADemoLog, AccountClosed."""
    with transaction.atomic():
        user = _locked(user)
        log = current_log()
        if log is None or log.mode != "demo":
            raise OnlyInADemoLog
        return _open_from_shell(user, LinkPurpose.PERSONA, PERSONA_LINK_FOR, at)


def first_administrator_link(*, user: User, at: datetime) -> tuple[SignInLink, str]:
    """A link for an administrator who never had a password. Raises NotAFirstAdministrator, AccountClosed."""
    with transaction.atomic():
        user = _locked(user)
        if user.credential_changed_at is not None or roles_of(user.person, at) != {Role.ADMINISTRATOR}:
            raise NotAFirstAdministrator
        return _open_from_shell(user, LinkPurpose.FIRST, FIRST_LINK_FOR, at)


def propose_link(*, user: User, actor: Person, at: datetime, resets_factors: bool = False) -> SignInLink:
    """Asks for an invitation or a reset, of the second factors too if it says so. It opens nothing until another person confirms it.

    Raises NotAllowed, NotForYourself.
    """
    with transaction.atomic():
        user = _locked(user)
        policies.require(policies.may_keep_membership(actor_of(actor, at)))
        if actor.pk == user.person_id:
            raise NotForYourself("Nobody resets their own password this way.")
        withdraw_open_links(user, at)
        link = SignInLink.objects.create(user=user, purpose=LinkPurpose.RESET, resets_factors=resets_factors, made_at=at, made_by=actor)
        entries.link_proposed(link, actor=actor, at=at)
    return link


def confirm_link(*, link: SignInLink, actor: Person, at: datetime) -> SignInLink:
    """Makes the link and seals its secret part, which a worker mails to the account's own address and which is shown to nobody.

    Raises NotAllowed, NotForYourself, AnotherPersonConfirms, NotWaiting.
    """
    with transaction.atomic():
        user = _locked(link.user)
        link = SignInLink.objects.select_for_update(no_key=True, of=("self",)).get(pk=link.pk)
        policies.require(policies.may_keep_membership(actor_of(actor, at)))
        if actor.pk == user.person_id:
            raise NotForYourself("Nobody confirms a link to their own account.")
        if actor.pk == link.made_by_id:
            raise AnotherPersonConfirms
        if link.digest is not None or link.withdrawn_at is not None:
            raise NotWaiting
        secret = _new_secret()
        link.confirmed_at, link.confirmed_by = at, actor
        link.digest, link.expires_at = digest(secret.encode()), at + RESET_LINK_FOR
        link.sealed = seal(secret, purpose=SEALED_FOR)
        link.save(update_fields=["confirmed_at", "confirmed_by", "digest", "expires_at", "sealed"])
        entries.link_created(link, actor=actor, at=at)
    return link


def forget_secret(link: SignInLink) -> None:
    """It is out, or never will be: from here on the portal knows its digest only."""
    SignInLink.objects.filter(pk=link.pk).update(sealed="")


def withdraw_link(*, link: SignInLink, actor: Person, at: datetime) -> SignInLink:
    """Takes a link back before it is used. Raises NotAllowed, NotWaiting."""
    with transaction.atomic():
        _locked(link.user)
        link = SignInLink.objects.select_for_update(no_key=True, of=("self",)).get(pk=link.pk)
        policies.require(policies.may_keep_membership(actor_of(actor, at)))
        if link.used_at is not None or link.withdrawn_at is not None:
            raise NotWaiting
        link.withdrawn_at, link.sealed = at, ""
        link.save(update_fields=["withdrawn_at", "sealed"])
        entries.link_withdrawn(link, actor=actor, at=at)
    return link


def find_link(secret: str, at: datetime) -> SignInLink:
    """The link behind a secret, if it still opens. Raises LinkDoesNotOpen."""
    link = SignInLink.objects.select_related("user__person").filter(digest=digest(secret.encode())).first()
    if link is None or not link.opens(at) or not link.user.is_active:
        raise LinkDoesNotOpen
    return link


def use_link(*, secret: str, password: str, at: datetime) -> User:
    """Sets the password and spends the link. Raises LinkDoesNotOpen, PasswordTooWeak; a weak password leaves the link as it was."""
    with transaction.atomic():
        user = _locked(find_link(secret, at).user)
        # Looked up again under the lock: of two at once, only one opens.
        link = find_link(secret, at)
        _require_strong(password, user)
        first = user.credential_changed_at is None
        link.used_at, link.sealed = at, ""
        link.save(update_fields=["used_at", "sealed"])
        user.set_password(password)
        user.credential_changed_at = user.credential_reset_at = at
        user.save(update_fields=["password", "credential_changed_at", "credential_reset_at"])
        if link.resets_factors:
            take_factors_away(user, at)
        entries.credential_set(user, link=link, first=first, unlinked=take_identities_away(user), at=at)
    return user


def use_link_with_provider(*, secret: str, found: Found, at: datetime) -> User:
    """Spends the link on signing in at the provider: no password opens the account any more. Raises LinkDoesNotOpen, LinkedElsewhere."""
    with transaction.atomic():
        user = _locked(find_link(secret, at).user)
        # Looked up again under the lock: of two at once, only one opens.
        link = find_link(secret, at)
        take_identities_away(user)
        identity = add_identity(user, found, at)
        link.used_at, link.sealed = at, ""
        link.save(update_fields=["used_at", "sealed"])
        user.set_unusable_password()
        user.credential_changed_at = user.credential_reset_at = at
        user.save(update_fields=["password", "credential_changed_at", "credential_reset_at"])
        if link.resets_factors:
            take_factors_away(user, at)
        entries.identity_chosen(identity, link=link, at=at)
    return user


def change_password(*, user: User, new_password: str, confirmation: Confirmation, at: datetime) -> User:
    """Its owner confirms it with the password before and a second factor, as every change of the account. Open links to it are taken back.

    Raises AccountClosed, PasswordTooWeak and what `people.confirming.confirm` raises.
    """
    with transaction.atomic():
        locked = _locked(user)
        # Asked first: a code that was spent on a weak password would have to be waited for anew.
        _require_strong(new_password, locked)
        confirm(user=locked, confirmation=confirmation, at=at)
        withdraw_open_links(locked, at)
        # The caller's object is changed, so that its session outlives the change.
        user.set_password(new_password)
        user.credential_changed_at = at
        user.save(update_fields=["password", "credential_changed_at"])
        entries.credential_changed(user, at=at)
    return user


def release_persona(*, user: User, at: datetime) -> User:
    """Takes a persona's password and second factors away, so that whoever plays it chooses their own through a link. Raises OnlyInADemoLog, AccountClosed."""
    with transaction.atomic():
        user = _locked(user)
        log = current_log()
        if log is None or log.mode != "demo":
            raise OnlyInADemoLog
        withdraw_open_links(user, at)
        user.set_unusable_password()
        user.credential_changed_at = user.credential_reset_at = None
        user.save(update_fields=["password", "credential_changed_at", "credential_reset_at"])
        take_factors_away(user, at)
        take_identities_away(user)
        entries.credential_released(user, at=at)
    return user


def withdraw_open_links(user: User, at: datetime) -> None:
    """The caller holds the account's lock."""
    SignInLink.objects.filter(user=user, used_at__isnull=True, withdrawn_at__isnull=True).update(withdrawn_at=at, sealed="")


def _open_from_shell(user: User, purpose: str, lasts: timedelta, at: datetime) -> tuple[SignInLink, str]:
    withdraw_open_links(user, at)
    secret = _new_secret()
    link = SignInLink.objects.create(
        user=user, purpose=purpose, resets_factors=True, digest=digest(secret.encode()), made_at=at, expires_at=at + lasts
    )
    entries.link_created(link, actor=None, at=at)
    return link, secret


def _locked(user: User) -> User:
    """One account's credentials and links change one after the other. Raises AccountClosed."""
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if not user.is_active:
        raise AccountClosed
    return user


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _require_strong(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordTooWeak(" ".join(error.messages), problems=error.messages) from None
