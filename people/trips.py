"""What waits in the session while somebody is away at the sign-in provider, and what they brought back.

Nothing of it stands in an address but the state, a random word without which no answer counts; each is used up by the first that names it.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.http import QueryDict
from django.utils.crypto import constant_time_compare

from ledger.canonical import canonical, digest
from ledger.refusals import NotNow

AWAY_AT_MOST = timedelta(minutes=10)
# Several tabs may be away at once; the oldest is forgotten first.
MOST_TRIPS = 5
_AWAY, _FOUND, _WORD = "people.trips", "people.found_identity", "people.provider_word"
# How long what was confirmed at the provider may wait for its form.
WORD_WAITS = timedelta(minutes=5)
# Fields that make no other act of it: who confirms, and what is shown at the last moment.
_UNBOUND = frozenset({"csrfmiddlewaretoken", "act", "password", "code", "passkey", "provider", "first_code", "answer"})

Session = MutableMapping[str, Any]


class NotBegunHere(NotNow):
    code = "sign_in_not_begun_here"
    sentence = "This answer belongs to nothing that was begun in this browser, or it came too late."
    what_to_do = "Begin again from the page you came from."


class Purpose(StrEnum):
    SIGN_IN = "sign-in"
    # Through a one-time link, instead of a password.
    INVITED = "invited"
    LINK = "link"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Trip:
    """One way to the provider and back. `user`: whose account it is about; `act`: what is being confirmed."""

    purpose: Purpose
    begun_at: datetime
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    next: str = ""
    user: str = ""
    act: str = ""

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (PKCE, S256)."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")

    @property
    def asks_anew(self) -> bool:
        """Whether being signed in at the provider already is not enough."""
        return self.purpose != Purpose.SIGN_IN

    @property
    def wants_proof_of_it(self) -> bool:
        return self.purpose == Purpose.CONFIRM


@dataclass(frozen=True, slots=True)
class Found:
    """Who the provider says somebody is, before they have confirmed that this account is theirs. `name` is shown to them and kept nowhere else."""

    issuer: str
    subject: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """The provider's word that somebody signed in anew, for one act."""

    issuer: str
    subject: str
    at: datetime


def set_out(session: Session, trip: Trip) -> Trip:
    """Keeps it until its answer comes."""
    away = sorted(session.get(_AWAY, {}).values(), key=lambda each: str(each["begun_at"]))[1 - MOST_TRIPS :]
    session[_AWAY] = {each["state"]: each for each in [*away, asdict(trip) | {"begun_at": trip.begun_at.isoformat()}]}
    return trip


def come_back(session: Session, state: str, at: datetime) -> Trip:
    """The trip this answer belongs to, which no other answer belongs to from now on. Raises NotBegunHere."""
    away = dict(session.get(_AWAY, {}))
    kept = next((away.pop(each) for each in list(away) if constant_time_compare(each, state)), None)
    if kept is None:
        raise NotBegunHere
    session[_AWAY] = away
    trip = Trip(**kept | {"purpose": Purpose(kept["purpose"]), "begun_at": datetime.fromisoformat(kept["begun_at"])})
    if not trip.begun_at <= at < trip.begun_at + AWAY_AT_MOST:
        raise NotBegunHere
    return trip


def bring(session: Session, found: Found, purpose: Purpose, at: datetime) -> None:
    """Keeps whom the provider named until the person has confirmed it."""
    session[_FOUND] = asdict(found) | {"purpose": purpose, "at": at.isoformat()}


def brought(session: Session, purpose: Purpose, at: datetime) -> Found | None:
    kept = session.get(_FOUND)
    if not kept or kept["purpose"] != purpose or at >= datetime.fromisoformat(kept["at"]) + AWAY_AT_MOST:
        return None
    return Found(kept["issuer"], kept["subject"], kept["name"])


def put_down(session: Session) -> None:
    session.pop(_FOUND, None)


def keep_word(session: Session, word: Word, act: str) -> None:
    session[_WORD] = {"issuer": word.issuer, "subject": word.subject, "at": word.at.astimezone(UTC).isoformat(), "act": act}


def word_for(session: Session, act: str) -> Word | None:
    """The word that was given for exactly this act. It counts once (`people.identities.spend`); an act that is refused leaves it as it was."""
    kept = session.get(_WORD)
    if not kept or kept["act"] != act:
        return None
    return Word(kept["issuer"], kept["subject"], datetime.fromisoformat(kept["at"]))


def act_of(name: str, form: QueryDict) -> str:
    """One act, by digest: which form, and everything in it that says what will be done."""
    filled = {each: form.getlist(each) for each in sorted(form) if each not in _UNBOUND}
    return digest(canonical({"act": name, "form": filled}))
