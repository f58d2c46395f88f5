"""Bearer tokens for the API. `auth=TokenAuth(Scope.GATE_READ)` on an operation is all it takes."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from ledger.canonical import digest
from ledger.refusals import NotAllowed
from ledger.standstill import WhileNothingMoves, snapshot
from people import limits, tries
from people.models import ApiToken
from people.queries import Actor, actor_of, changes_at
from people.services.tokens import OPEN_PART, find_token

logger = logging.getLogger(__name__)


class ScopeMissing(NotAllowed):
    code = "scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This token does not have the scope {scope}.", what_to_do=f"Make a token with the scope {scope}.", scope=scope)


class RoleMissing(NotAllowed):
    code = "role_missing"
    sentence = "The person this token acts as holds no role here any more."


class TokenAuth(HttpBearer):
    """Finds the person behind a token and what they hold now: `request.actor`, also `request.auth`. `request.seen` names the snapshot it was found under.

    No token, an unknown, expired or revoked one: 401. Raises ScopeMissing, RoleMissing (403), TooManyRequests (429).
    """

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = str(scope)

    def __call__(self, request: HttpRequest) -> Actor | None:
        actor: Actor | None = super().__call__(request)
        if actor is None:
            limits.count_refused(get_client_ip(request) or "", at=timezone.now())
        return actor

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        now = timezone.now()
        address = get_client_ip(request) or ""
        asked = digest({"token": digest(token.encode(errors="replace")), "address": address})
        seen = snapshot()
        found, actor = _remembered.get(asked, at=now, read=lambda: _read(token, address, now), seen=seen)
        if found is None or actor is None or not found.is_live(now):
            return None
        limits.count_call(found, self.scope, at=now)
        # Before the token's limits are looked at: who is refused for them is known, and on record.
        request.actor = actor  # type: ignore[attr-defined]
        if self.scope not in found.scopes:
            raise ScopeMissing(self.scope)
        if not actor.belongs:
            raise RoleMissing
        request.seen = seen  # type: ignore[attr-defined]
        return actor


# Who is behind a token stands until anything is written, a role or the token ends by itself, or this long has passed.
LONGEST_REMEMBERED = timedelta(seconds=1)
_Found = tuple[ApiToken | None, Actor | None]
_remembered: WhileNothingMoves[_Found] = WhileNothingMoves()


# Wrong texts behind one token's open part, from one address, after which even the right one waits.
GUESSES = 10
GUESSES_WITHIN_SECONDS = 300


def _read(token: str, address: str, at: datetime) -> tuple[_Found, datetime]:
    """What stands behind the text. The lock is one address's alone, so that nobody shuts a pipeline out by guessing at its token."""
    guesses = f"people:token:{digest({'open': token[:OPEN_PART], 'address': address})}"
    # A token is far too long to be guessed; where nothing can be counted it stands on that alone, and no upload is turned away.
    with suppress(tries.CannotCount):
        if tries.counted(guesses) >= GUESSES:
            logger.warning("Too many guesses at a token")
            return (None, None), at
    found = find_token(token, at)
    if found is None:
        with suppress(tries.CannotCount):
            tries.count(guesses, within=GUESSES_WITHIN_SECONDS)
        return (None, None), at
    return (found, actor_of(found.person, at)), min([at + LONGEST_REMEMBERED, *changes_at(found.person, at)])
