"""Ending sessions. A new password ends all others by itself; this is for the one left open elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import transaction

from people import entries
from people.models import User


@transaction.atomic
def end_sessions(*, user: User, sessions: Sequence[UserSession], at: datetime) -> int:
    """Signs the account out of these, which must be its own; nothing to end is no event."""
    own = [each for each in sessions if each.user_id == user.pk]
    for each in own:
        each.end()
    if own:
        entries.sessions_ended(user, count=len(own), at=at)
    return len(own)


def end_other_sessions(*, user: User, mine: str, at: datetime) -> int:
    """Signs the account out of every one but the session with this key."""
    return end_sessions(user=user, sessions=[each for each in UserSession.objects.purge_and_list(user) if each.session_key != mine], at=at)
