"""API tokens: for programs, acting as one person within scopes, until a day. Shown once; only the digest is kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from ledger.canonical import digest
from ledger.refusals import NotAllowed, NotNow, NotValid
from people import entries, policies
from people.confirming import Confirmation, confirm
from people.models import ApiToken, Person, User
from people.queries import actor_of
from people.words import Scope

LONGEST_DAYS = 366
# How much of a token's text is no secret: lists and logs name tokens by it.
OPEN_PART = len("asl_") + 8
USE_NOTED_EVERY = timedelta(minutes=1)


class ScopeUnknown(NotValid):
    code = "scope_unknown"
    sentence = "There is no such scope."
    what_to_do = "Scopes are: " + ", ".join(Scope.values) + "."


class DaysNotValid(NotValid):
    code = "days_not_valid"
    sentence = f"A token lives for 1 to {LONGEST_DAYS} days."


class LabelMissing(NotValid):
    code = "label_missing"
    sentence = "A token needs a label that says what uses it."


class NotYourToken(NotAllowed):
    code = "not_your_token"
    sentence = "A token is made by the person it acts as."


class TokenRevokedAlready(NotNow):
    code = "token_revoked_already"
    sentence = "This token is revoked already."


def create_token(
    *,
    person: Person,
    scopes: Iterable[str],
    days: int,
    label: str,
    actor: Person | None = None,
    confirmation: Confirmation | None = None,
    at: datetime,
) -> tuple[ApiToken, str]:
    """A token and its text, which is shown once. `actor` is the person, who confirms it anew; empty from the shell, which confirms nothing.

    Raises NotYourToken, NotAllowed, ScopeUnknown, DaysNotValid, LabelMissing and what `people.confirming.confirm` raises.
    """
    with transaction.atomic():
        if actor is not None and actor.pk != person.pk:
            raise NotYourToken
        wanted = _checked_scopes(scopes)
        policies.require(policies.may_hold_scopes(actor_of(person, at), wanted))
        token, text = _new_token(person, wanted, days, label, at)
        if actor is not None:
            confirm(user=User.objects.get(person=person), confirmation=confirmation or Confirmation(), at=at)
        token.save(force_insert=True)
        entries.token_created(token, actor=actor, at=at)
    return token, text


def revoke_token(*, token: ApiToken, actor: Person | None = None, at: datetime) -> ApiToken:
    """Shuts a token at once; its person may, and whoever keeps the membership. Raises NotAllowed, TokenRevokedAlready."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)
        if actor is not None and actor.pk != token.person_id:
            policies.require(policies.may_keep_membership(actor_of(actor, at)))
        if token.revoked_at is not None:
            raise TokenRevokedAlready
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        entries.token_revoked(token, actor=actor, at=at)
    return token


def find_token(text: str, at: datetime) -> ApiToken | None:
    """The live token with this text, its person's account not closed; its use is noted, at most once a minute."""
    token = (
        ApiToken.objects.select_related("person")
        .filter(digest=digest(text.encode(errors="replace")))
        .exclude(person__user__is_active=False)
        .first()
    )
    if token is None or not token.is_live(at):
        return None
    if token.last_used_at is None or token.last_used_at <= at - USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token


def _new_token(person: Person, scopes: list[str], days: int, label: str, at: datetime) -> tuple[ApiToken, str]:
    if not 1 <= days <= LONGEST_DAYS:
        raise DaysNotValid
    if not label.strip():
        raise LabelMissing
    prefix = f"asl_{secrets.token_hex(4)}"
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken(
        person=person,
        label=label.strip()[:100],
        prefix=prefix,
        digest=digest(text.encode()),
        scopes=scopes,
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    return token, text


def _checked_scopes(scopes: Iterable[str]) -> list[str]:
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(Scope.values):
        raise ScopeUnknown
    return wanted
