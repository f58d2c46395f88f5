"""Bearer tokens for the API. `auth=TokenAuth(Scope.GATE_READ)` on an operation is all it takes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from ledger.canonical import digest
from ledger.refusals import NotAllowed
from ledger.standstill import WhileNothingMoves
from people.models import ApiToken
from people.queries import Actor, actor_of, changes_at
from people.services.tokens import find_token


class ScopeMissing(NotAllowed):
    code = "scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This token does not have the scope {scope}.", what_to_do=f"Make a token with the scope {scope}.", scope=scope)


class RoleMissing(NotAllowed):
    code = "role_missing"
    sentence = "The person this token acts as holds no role here any more."


class TokenAuth(HttpBearer):
    """Finds the person behind a token and what they hold now: `request.actor`, also `request.auth`.

    No token, an unknown, expired or revoked one: 401. Raises ScopeMissing, RoleMissing (403).
    """

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = str(scope)

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        now = timezone.now()
        found, actor = _remembered.get(digest(token.encode(errors="replace")), at=now, read=lambda: _read(token, now))
        if found is None or actor is None or not found.is_live(now):
            return None
        if self.scope not in found.scopes:
            raise ScopeMissing(self.scope)
        if not actor.belongs:
            raise RoleMissing
        request.actor = actor  # type: ignore[attr-defined]
        return actor


# Who is behind a token stands until anything is written, a role or the token ends by itself, or this long has passed.
LONGEST_REMEMBERED = timedelta(seconds=1)
_Found = tuple[ApiToken | None, Actor | None]
_remembered: WhileNothingMoves[_Found] = WhileNothingMoves()


def _read(token: str, at: datetime) -> tuple[_Found, datetime]:
    found = find_token(token, at)
    if found is None:
        return (None, None), at
    return (found, actor_of(found.person, at)), min([at + LONGEST_REMEMBERED, *changes_at(found.person, at)])
