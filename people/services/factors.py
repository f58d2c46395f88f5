"""Adding and taking away second factors. Each change is confirmed anew and entered; the person is told of it, in their inbox and by mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import transaction

from ledger.refusals import NotNow, NotValid
from people import entries, factors, passkeys
from people.confirming import Confirmation, confirm
from people.models import User
from people.sealing import seal


class HasAnAppAlready(NotNow):
    code = "has_an_app_already"
    sentence = "This account has an authenticator app already."
    what_to_do = "Remove it first, or go on using it."


class NoSecondFactor(NotNow):
    code = "no_second_factor"
    sentence = "Recovery codes stand in for a second factor, and this account has none."
    what_to_do = "Add an authenticator app first."


class FirstCodeNotFitting(NotValid):
    code = "first_code_not_fitting"
    sentence = "That is not the code this secret gives now."
    what_to_do = "Check that the clock of your device is right, then enter the code it shows."


@transaction.atomic
def add_totp(*, user: User, secret: str, first_code: str, confirmation: Confirmation, at: datetime) -> list[str]:
    """Adds an authenticator app that has shown it knows the secret. The first factor brings recovery codes, which are answered, once.

    Raises HasAnAppAlready, FirstCodeNotFitting and what `people.confirming.confirm` raises.
    """
    user = _locked(user)
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        raise HasAnAppAlready
    with_factor = factors.has_second_factor(user)
    confirm(user=user, confirmation=confirmation, at=at)
    step = factors.fitting_step(secret, first_code, at)
    if step is None:
        raise FirstCodeNotFitting
    # The first code is spent too: what it opens now, it does not open again.
    app = Authenticator(
        user=user,
        type=Authenticator.Type.TOTP,
        data={"secret": seal(secret, purpose=factors.SEALED_FOR), "last_step": step},
        created_at=at,
        last_used_at=at,
    )
    return _added(app, with_factor=with_factor, at=at)


@transaction.atomic
def add_passkey(*, user: User, name: str, answer: str, state: dict[str, Any] | None, confirmation: Confirmation, at: datetime) -> list[str]:
    """Adds a passkey the device has just made (`state` is what `passkeys.begin_making` gave). The first factor brings recovery codes.

    Raises PasskeyNotMade and what `people.confirming.confirm` raises.
    """
    user = _locked(user)
    with_factor = factors.has_second_factor(user)
    confirm(user=user, confirmation=confirmation, at=at)
    credential = passkeys.made(state, answer)
    passkey = Authenticator(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name.strip(), "credential": credential}, created_at=at, last_used_at=at
    )
    return _added(passkey, with_factor=with_factor, at=at)


@transaction.atomic
def remove_factor(*, user: User, factor: Authenticator, confirmation: Confirmation, at: datetime) -> None:
    """Takes one of the account's factors away; with the last one the recovery codes go too. Raises what `people.confirming.confirm` raises."""
    user = _locked(user)
    factor = Authenticator.objects.get(pk=factor.pk, user=user)
    confirm(user=user, confirmation=confirmation, at=at)
    kind, number = factor.type, factor.pk
    factor.delete()
    if not factors.has_second_factor(user):
        Authenticator.objects.filter(user=user).delete()
    entries.factor_removed(user, factor=number, kind=kind, at=at)


@transaction.atomic
def renew_recovery_codes(*, user: User, confirmation: Confirmation, at: datetime) -> list[str]:
    """Ten new codes, answered once; the ones before open nothing any more. Raises NoSecondFactor and what `people.confirming.confirm` raises."""
    user = _locked(user)
    if not factors.has_second_factor(user):
        raise NoSecondFactor
    confirm(user=user, confirmation=confirmation, at=at)
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes = _new_recovery_codes(user, at)
    entries.recovery_codes_made(user, at=at)
    return codes


def take_factors_away(user: User, at: datetime) -> None:
    """All of them, for a link that resets the account; the caller holds the account's lock and enters why."""
    Authenticator.objects.filter(user=user).delete()
    user.factors_reset_at = at
    user.save(update_fields=["factors_reset_at"])


@transaction.atomic
def use_recovery_code(*, user: User, code: str, at: datetime) -> bool:
    """Lets somebody in who lost their other factors; each code once."""
    user = _locked(user)
    if not factors.spend_recovery_code(user, code):
        return False
    entries.recovery_code_used(user, at=at)
    return True


def _added(factor: Authenticator, *, with_factor: bool, at: datetime) -> list[str]:
    """A first factor vouches for itself alone, so it waits a day before it signs, as a reset password does."""
    user = factor.user
    factor.save(force_insert=True)
    if not with_factor:
        user.factors_reset_at = at
        user.save(update_fields=["factors_reset_at"])
    left = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).exists()
    codes = [] if left else _new_recovery_codes(user, at)
    key = passkeys.key_digest(factor) if factor.type == Authenticator.Type.WEBAUTHN else ""
    entries.factor_added(user, factor=factor.pk, kind=factor.type, key=key, at=at)
    return codes


def _new_recovery_codes(user: User, at: datetime) -> list[str]:
    seed = seal(RecoveryCodes.generate_seed(), purpose=factors.SEALED_FOR)
    kept = Authenticator.objects.create(
        user=user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": seed, "used_mask": 0}, created_at=at
    )
    return RecoveryCodes(kept).generate_codes()


def _locked(user: User) -> User:
    """One account's factors change one after the other."""
    return User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
