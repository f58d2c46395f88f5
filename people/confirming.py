"""Confirming who acts, for one act: the password, and a second factor wherever the account has one.

Signing asks for it, and so does every change of the account itself. A confirmation is used up by the act it was given for: nothing here
remembers that somebody confirmed a minute ago. An account that signs in elsewhere (it has no password) confirms with its second factor alone;
one that has neither can confirm nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from ledger.refusals import NotAllowed, NotNow, NotValid
from ledger.services import current_log
from people import factors, tries
from people.models import User

TRIES = 5
TRIES_WITHIN_SECONDS = 300
# How long a credential that was set without knowing the one before may not sign, outside a demo log.
FRESH_FOR = timedelta(hours=24)

logger = logging.getLogger(__name__)


class CredentialNotConfirmed(NotValid):
    code = "credential_not_confirmed"
    sentence = "That is not your password, so nothing was done."
    what_to_do = "Enter your password again."


class CodeMissing(NotValid):
    code = "code_missing"
    sentence = "Your account has a second factor, and this act needs it too."
    what_to_do = "Enter the code your authenticator app shows."


class CodeNotConfirmed(NotValid):
    code = "code_not_confirmed"
    sentence = "That code does not fit, so nothing was done."
    what_to_do = "Enter the code your authenticator app shows now."


class CodeUsed(NotValid):
    code = "code_used"
    sentence = "That code was used already; each one counts for a single act."
    what_to_do = "Wait until your authenticator app shows the next code, half a minute at most."


class TooManyTries(NotNow):
    code = "too_many_tries"
    sentence = "Too many wrong tries: this account can confirm nothing for a few minutes."
    what_to_do = "Wait five minutes, then try again."


class NoUsableCredential(NotAllowed):
    code = "no_usable_credential"
    sentence = "This account can confirm nothing: it is closed, has neither password nor second factor, or belongs to somebody else."
    what_to_do = "Sign in with your own account, or ask for a sign-in link."


class CredentialTooFresh(NotNow):
    code = "credential_too_fresh"
    sentence = "Your password or second factor was set less than a day ago without the one before, so it cannot sign yet."
    what_to_do = "Sign once 24 hours have passed. If it was not you who set it, tell an administrator now."


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What somebody typed to show that it is them."""

    # Kept out of its own name: that gets into logs and tracebacks.
    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


def confirm(*, user: User, confirmation: Confirmation, at: datetime) -> str:
    """Checks everything the account has and uses it up; answers what was checked, `password` or `password+totp`, say.

    Raises NoUsableCredential, TooManyTries, CannotCount, CredentialNotConfirmed, CodeMissing, CodeNotConfirmed, CodeUsed.
    """
    has_password, has_factor = user.has_usable_password(), factors.has_second_factor(user)
    if not user.is_active or not (has_password or has_factor):
        raise NoUsableCredential
    key = _count_a_try(user)
    checked = []
    with transaction.atomic():
        if has_password:
            if not user.check_password(confirmation.password):
                raise CredentialNotConfirmed
            checked.append("password")
        if has_factor:
            _check_code(user, confirmation.code, at)
            checked.append("totp")
    tries.forget(key)
    return "+".join(checked)


def signs_from(user: User, at: datetime) -> datetime | None:
    """When an account may sign again whose password or second factor was set without the one before; None where nothing holds it back.

    In a demo log nothing does.
    """
    log = current_log()
    if log is not None and log.mode == "demo":
        return None
    resets = [since + FRESH_FOR for since in (user.credential_reset_at, user.factors_reset_at) if since is not None]
    return max((until for until in resets if at < until), default=None)


def _check_code(user: User, code: str, at: datetime) -> None:
    if not code.strip():
        raise CodeMissing
    match factors.spend_code(user, code, at):
        case factors.Spent.WRONG:
            raise CodeNotConfirmed
        case factors.Spent.BEFORE:
            raise CodeUsed


def _count_a_try(user: User) -> str:
    """Counted before anything is looked at, so that many at once cannot get round the limit."""
    key = f"people:confirm:{user.pk}"
    if tries.count(key, within=TRIES_WITHIN_SECONDS) > TRIES:
        logger.warning("Too many tries to confirm an act: user %s", user.pk)
        raise TooManyTries
    return key
