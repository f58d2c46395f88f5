"""Identities at the sign-in provider: whose account one opens, and spending the provider's word for one act."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction

from ledger.refusals import NotAllowed, NotValid
from people.models import Identity, User
from people.trips import WORD_WAITS, Found, Word

logger = logging.getLogger(__name__)


class NobodyHere(NotAllowed):
    code = "identity_not_linked"
    what_to_do = (
        "Accounts are made by invitation, and each is linked by its owner. If you have one, sign in with its password and link it under "
        "Your account; if it has none, ask an administrator for a sign-in link."
    )


class WordMissing(NotValid):
    code = "provider_word_missing"

    def __init__(self) -> None:
        name = settings.OIDC_NAME
        super().__init__(
            f"Your account signs in at {name}, and this act needs that anew.",
            what_to_do=f"Choose “Confirm at {name}”. What you confirm there is what this form says; if you change it, confirm again.",
        )


class WordSpent(NotValid):
    code = "provider_word_spent"
    sentence = "What you confirmed at the provider counted once already, or waited longer than five minutes."
    what_to_do = "Confirm there again."


def account_of(found: Found) -> User:
    """The account this identity was linked to, if it is open. Raises NobodyHere."""
    identity = (
        Identity.objects.select_related("user__person").filter(issuer=found.issuer, subject=found.subject, user__is_active=True).first()
    )
    if identity is None:
        logger.warning("Somebody whom the sign-in provider knows has no account here")
        raise NobodyHere(f"{settings.OIDC_NAME} knows you, but no account of this portal is linked to you there.")
    return identity.user


def of(user: User) -> list[Identity]:
    return list(Identity.objects.filter(user=user).order_by("linked_at", "pk"))


def in_use(user: User) -> Identity | None:
    """The one the account signs in with now; identities of a provider that is no longer configured open nothing."""
    if not settings.OIDC_ISSUER:
        return None
    return Identity.objects.filter(user=user, issuer=settings.OIDC_ISSUER).first()


@transaction.atomic
def spend(user: User, word: Word | None, at: datetime) -> None:
    """Uses the provider's word up. What it was used for may still be refused, and then it is as if it had not been. Raises WordMissing, WordSpent."""
    if word is None:
        raise WordMissing
    identity = Identity.objects.select_for_update().filter(user=user, issuer=word.issuer, subject=word.subject).first()
    if identity is None or identity.issuer != settings.OIDC_ISSUER:
        raise WordMissing
    if not word.at <= at < word.at + WORD_WAITS or (identity.last_word_at is not None and word.at <= identity.last_word_at):
        raise WordSpent
    identity.last_word_at = word.at
    identity.save(update_fields=["last_word_at"])
