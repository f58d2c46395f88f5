"""Bearer tokens for the API. `auth=TokenAuth(Scope.GATE_READ)` on an operation is all it takes."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from ledger.refusals import NotAllowed
from people.queries import Actor, actor_of
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
        found = find_token(token, now)
        if found is None:
            return None
        if self.scope not in found.scopes:
            raise ScopeMissing(self.scope)
        actor = actor_of(found.person, now)
        if not actor.belongs:
            raise RoleMissing
        request.actor = actor  # type: ignore[attr-defined]
        return actor
