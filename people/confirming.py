"""Confirming who acts, for one act: the password, and a second factor wherever the account has one.

Signing asks for it, and so does every change of the account itself. A confirmation is used up by the act it was given for: nothing here
remembers that somebody confirmed a minute ago. An account that signs in at the provider (it has no password) confirms with its second factor alone.
Having neither, it goes back to the provider and signs in there anew, for one change of the account: its first second factor, say. That the provider
let it in an hour ago confirms nothing, and no word of the provider ever signs a statement. An account that has nothing can confirm nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction

from ledger.refusals import NotAllowed, NotNow, NotValid
from ledger.services import current_log
from people import factors, identities, passkeys, tries
from people.models import User
from people.trips import Word

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


class PasskeyMissing(NotValid):
    code = "passkey_missing"
    sentence = "Your account has a passkey, and this act needs it too."
    what_to_do = "Choose “Confirm with a passkey”."


class TooManyTries(NotNow):
    code = "too_many_tries"
    sentence = "Too many wrong tries: this account can confirm nothing for a few minutes."
    what_to_do = "Wait five minutes, then try again."


class NoUsableCredential(NotAllowed):
    code = "no_usable_credential"
    sentence = "This account can confirm nothing: it is closed, has neither password nor second factor, or belongs to somebody else."
    what_to_do = "Sign in with your own account, or ask for a sign-in link."


class ProviderDoesNotSign(NotNow):
    code = "provider_does_not_sign"
    sentence = "Signing takes something of your own that the portal checks itself, and your account has only the sign-in provider."
    what_to_do = "Add a second factor under Your account; outside a demonstration it signs once a day has passed."


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
    # What the device answered, or `passkeys.ASK` to be told what to ask it; and the session in which it was asked.
    passkey: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    # What the sign-in provider said for this very act.
    word: Word | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was checked (`password+totp`, say), and what a passkey said if one was used."""

    by: str
    shown: passkeys.Shown | None = None


def confirm(*, user: User, confirmation: Confirmation, at: datetime, about: bytes | None = None) -> Confirmed:
    """Checks the password and one second factor, as far as the account has them, and uses up what was given.

    `about`: the statement that is being signed; without it, a change of the account. Raises NoUsableCredential, TooManyTries, CannotCount,
    CredentialNotConfirmed, CodeMissing, CodeNotConfirmed, CodeUsed, PasskeyMissing, PasskeyAsked, PasskeyNotConfirmed; of an account that has only
    the provider, ProviderDoesNotSign, WordMissing, WordSpent.
    """
    has_password, held = user.has_usable_password(), factors.kinds_of(user)
    if not user.is_active:
        raise NoUsableCredential
    if not (has_password or held):
        return _confirm_at_provider(user, confirmation, at, about)
    has_passkey = Authenticator.Type.WEBAUTHN in held
    if has_passkey and confirmation.passkey == passkeys.ASK:
        raise passkeys.ask(user, confirmation.session, about or passkeys.account_act())
    key = _count_a_try(user)
    checked, shown = [], None
    with transaction.atomic():
        if has_password:
            if not user.check_password(confirmation.password):
                raise CredentialNotConfirmed
            checked.append("password")
        if has_passkey and confirmation.passkey:
            shown = _check_passkey(user, confirmation, for_statement=about is not None)
            checked.append("passkey")
        elif Authenticator.Type.TOTP in held:
            if has_passkey and not confirmation.code.strip():
                raise CodeMissing(what_to_do="Enter the code your authenticator app shows, or confirm with your passkey.")
            _check_code(user, confirmation.code, at)
            checked.append("totp")
        elif has_passkey:
            raise PasskeyMissing
    tries.forget(key)
    return Confirmed("+".join(checked), shown)


def signs_from(user: User, at: datetime) -> datetime | None:
    """When an account may sign again whose password or second factor was set without the one before; None where nothing holds it back.

    In a demo log nothing does.
    """
    log = current_log()
    if log is not None and log.mode == "demo":
        return None
    resets = [since + FRESH_FOR for since in (user.credential_reset_at, user.factors_reset_at) if since is not None]
    return max((until for until in resets if at < until), default=None)


def _confirm_at_provider(user: User, confirmation: Confirmation, at: datetime, about: bytes | None) -> Confirmed:
    if identities.in_use(user) is None:
        raise NoUsableCredential
    if about is not None:
        raise ProviderDoesNotSign
    identities.spend(user, confirmation.word, at)
    return Confirmed("provider")


def _check_passkey(user: User, confirmation: Confirmation, *, for_statement: bool) -> passkeys.Shown:
    shown = passkeys.spend(user, confirmation.session, confirmation.passkey)
    if shown.about.startswith(passkeys.ACCOUNT_ACT) == for_statement:
        raise passkeys.PasskeyNotConfirmed
    return shown


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
