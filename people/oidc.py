"""Asking an OpenID Connect provider who somebody is: the authorisation code flow with PKCE, seen from its relying party.

Nothing is believed but an ID token which the configured issuer signed, for this portal, in answer to this very question. The provider is asked for
its addresses and its keys each time, so that a key it has withdrawn counts no more. Tokens are read and let go; nothing here is kept.
"""

from __future__ import annotations

import json
import logging
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from ledger.refusals import NotKnown, NotNow, NotValid
from people import outgoing
from people.trips import Found, NotBegunHere, Trip

# Signatures that only the holder of a private key can make. What a shared secret signs, or nobody, is no proof.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SCOPE = "openid profile"
# Two clocks are never quite the same.
CLOCKS_APART = timedelta(seconds=30)
LONGEST_SUBJECT = 255
# Somebody who waits for a provider that is away holds a thread; the next ones are told at once for as long.
LEFT_ALONE_SECONDS = 10
# What a provider may say went wrong, as the standards name it; anything else is somebody's prose and not repeated.
NAMED_ERRORS = frozenset(
    {"access_denied", "account_selection_required", "consent_required", "interaction_required", "invalid_client", "invalid_grant"}
    | {"invalid_request", "invalid_scope", "login_required", "server_error", "temporarily_unavailable", "unauthorized_client"}
)

logger = logging.getLogger(__name__)
_left_alone_until: dict[str, float] = {}


class ProviderAway(NotNow):
    code = "provider_away"
    what_to_do = "Try again in a minute. Whoever has a password signs in with it meanwhile."


class ProviderSaidNo(NotNow):
    code = "provider_said_no"
    what_to_do = "Begin again, and finish signing in there."


class AnswerNotAccepted(NotValid):
    code = "provider_answer_not_accepted"
    what_to_do = "Begin again. If it stays so, give this code to an administrator: the portal's log says why."


class NotSignedInAnew(NotValid):
    code = "provider_did_not_ask_anew"
    what_to_do = (
        "Sign out there, then confirm again. If it stays so, tell an administrator: the provider has to honour max_age and tell auth_time."
    )


def require_provider() -> None:
    """Where none is configured, nothing of all this is there. Raises NotKnown."""
    if not settings.OIDC_ISSUER:
        raise NotKnown


def try_again() -> None:
    """Forgets that the provider was away."""
    _left_alone_until.clear()


def address(trip: Trip) -> str:
    """Where the browser is sent to. Raises ProviderAway, AnswerNotAccepted."""
    asked = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": _callback(),
        "scope": SCOPE,
        "state": trip.state,
        "nonce": trip.nonce,
        "code_challenge": trip.challenge,
        "code_challenge_method": "S256",
    }
    if trip.asks_anew:
        asked["prompt"] = "login"
    if trip.wants_proof_of_it:
        asked["max_age"] = "0"
    return _with(_endpoint(_described(), "authorization_endpoint"), asked)


def sign_out_address() -> str:
    """Where somebody signs out of the provider itself; empty where it has no such place. Raises ProviderAway, AnswerNotAccepted."""
    described = _described()
    if not described.get("end_session_endpoint"):
        return ""
    home = settings.PUBLIC_URL + reverse("account_login")
    return _with(_endpoint(described, "end_session_endpoint"), {"client_id": settings.OIDC_CLIENT_ID, "post_logout_redirect_uri": home})


@sensitive_variables()
def who(trip: Trip, told: Mapping[str, str], at: datetime) -> Found:
    """Whom the answer `told` names, if all of it holds.

    Raises ProviderAway, ProviderSaidNo, AnswerNotAccepted, NotSignedInAnew, NotBegunHere.
    """
    described = _described()
    issuer = told.get("iss", "" if described.get("authorization_response_iss_parameter_supported") is True else settings.OIDC_ISSUER)
    if issuer != settings.OIDC_ISSUER:
        raise _not_accepted("another issuer answered")
    if "error" in told:
        logger.info("The sign-in provider said no: %s", _named(told["error"]))
        raise ProviderSaidNo(f"Signing in at {settings.OIDC_NAME} was broken off there.")
    if not told.get("code"):
        raise NotBegunHere
    claims = _claims(_id_token(described, told["code"], trip.verifier), _keys(described))
    _require_addressed(claims, trip)
    if trip.wants_proof_of_it:
        _require_signed_in_anew(claims, trip, at)
    return Found(settings.OIDC_ISSUER, _subject(claims), _shown_name(claims))


# What the provider says of itself


def check_provider() -> None:
    """Whether it answers as the settings say. Raises ProviderAway, AnswerNotAccepted."""
    described = _described()
    for each in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        _endpoint(described, each)
    _keys(described)


def _described() -> dict[str, Any]:
    described = _asked_for_json(settings.OIDC_ISSUER.rstrip("/") + "/.well-known/openid-configuration")
    if described.get("issuer") != settings.OIDC_ISSUER:
        raise _not_accepted("it calls itself by another issuer than ASL_OIDC_ISSUER")
    return described


def _endpoint(described: Mapping[str, Any], name: str) -> str:
    """An address the provider names. Only a provider on this machine has one that is not https."""
    told = described.get(name)
    try:
        parts = urlsplit(told) if isinstance(told, str) else urlsplit("")
        secure = parts.scheme == "https" or (
            parts.scheme == "http" and outgoing.is_loopback(parts.hostname or "") and urlsplit(settings.OIDC_ISSUER).scheme == "http"
        )
        sound = secure and bool(parts.hostname) and parts.port != 0 and not parts.username and not parts.fragment
    except ValueError:
        sound = False
    if not sound or not str(told).isascii() or not str(told).isprintable() or " " in str(told):
        raise _not_accepted(f"its {name} is no address the portal uses")
    return str(told)


def _keys(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = _asked_for_json(_endpoint(described, "jwks_uri")).get("keys")
    if not isinstance(keys, list):
        raise _not_accepted("it tells no keys")
    return [each for each in keys if isinstance(each, dict) and each.get("use", "sig") == "sig"]


# From the code to the claims


@sensitive_variables()
def _id_token(described: Mapping[str, Any], code: str, verifier: str) -> str:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _callback(), "code_verifier": verifier}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    ways = described.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if "client_secret_basic" in ways:
        headers["Authorization"] = "Basic " + _basic(settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)
    else:
        form |= {"client_id": settings.OIDC_CLIENT_ID, "client_secret": settings.OIDC_CLIENT_SECRET}
    status, said = _ask("POST", _endpoint(described, "token_endpoint"), urlencode(form), headers)
    answer = _json(said)
    if status != 200:
        raise _not_accepted(f"it gave no token for the code: {_named(answer.get('error'))}")
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise _not_accepted("it gave no ID token")
    return token


@sensitive_variables()
def _claims(token: str, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a token says that the provider signed, in time, for this portal."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise _not_accepted("its token is signed in no way that proves anything")
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(header, keys),
            algorithms=[algorithm],
            issuer=settings.OIDC_ISSUER,
            audience=settings.OIDC_CLIENT_ID,
            leeway=CLOCKS_APART,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
        raise _not_accepted(f"its token does not hold ({type(error).__name__})") from None
    return claims


def _key(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> jwt.PyJWK:
    """The one key the token names; where it names none, there has to be only one that could be meant."""
    fitting = [each for each in keys if "kid" not in header or each.get("kid") == header["kid"]]
    if len(fitting) != 1:
        raise _not_accepted("its token is signed by no key it tells")
    return jwt.PyJWK(dict(fitting[0]), algorithm=header["alg"])


def _require_addressed(claims: Mapping[str, Any], trip: Trip) -> None:
    """To this portal alone, and in answer to this question alone."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != settings.OIDC_CLIENT_ID:
        raise _not_accepted("its token is meant for somebody else besides")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not constant_time_compare(nonce, trip.nonce):
        raise _not_accepted("its token answers another question")


def _require_signed_in_anew(claims: Mapping[str, Any], trip: Trip, at: datetime) -> None:
    told = claims.get("auth_time")
    if isinstance(told, int | float) and not isinstance(told, bool):
        moment = datetime.fromtimestamp(told, UTC) if 0 <= told < 2**33 else datetime.fromtimestamp(0, UTC)
        if trip.begun_at - CLOCKS_APART <= moment <= at + CLOCKS_APART:
            return
    logger.warning("The sign-in provider did not ask anew, or does not say so (auth_time)")
    raise NotSignedInAnew(f"{settings.OIDC_NAME} did not have you sign in anew, so nothing was confirmed.")


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject.isascii() or not subject.isprintable() or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise _not_accepted("its token names nobody")
    return subject


def _shown_name(claims: Mapping[str, Any]) -> str:
    """How the provider calls somebody, for their own eyes only."""
    told = (claims.get(each) for each in ("name", "preferred_username", "email", "sub"))
    named = next(each for each in told if isinstance(each, str) and each.strip())
    return "".join(character for character in named if character.isprintable()).strip()[:100]


# Asking


@sensitive_variables()
def _ask(method: str, where: str, body: str = "", headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    away = ProviderAway(f"{settings.OIDC_NAME} does not answer just now.")
    if time.monotonic() < _left_alone_until.get(settings.OIDC_ISSUER, 0):
        raise away
    try:
        status, said = outgoing.ask(method, where, body=body, headers=headers)
    except outgoing.NotAnswered as error:
        logger.warning("The sign-in provider does not answer: %s", error)
        _left_alone_until[settings.OIDC_ISSUER] = time.monotonic() + LEFT_ALONE_SECONDS
        raise away from None
    if status >= 500:
        logger.warning("The sign-in provider answers %d", status)
        raise away
    return status, said


def _asked_for_json(where: str) -> dict[str, Any]:
    status, said = _ask("GET", where, headers={"Accept": "application/json"})
    if status != 200:
        raise _not_accepted(f"it answers {status} where it should describe itself")
    return _json(said)


def _json(said: bytes) -> dict[str, Any]:
    try:
        read = json.loads(said)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise _not_accepted("what it says cannot be read")
    return read


def _not_accepted(why: str) -> AnswerNotAccepted:
    """`why` is for the log, in words of our own: what a provider says may hold what was sent to it."""
    logger.warning("The sign-in provider's answer was not accepted: %s", why)
    return AnswerNotAccepted(f"What {settings.OIDC_NAME} answered does not hold, so nobody was let in.", why=why)


def _named(error: object) -> str:
    return error if isinstance(error, str) and error in NAMED_ERRORS else "an error of its own"


def _callback() -> str:
    """Built from the portal's own address: a request's Host header never reaches the provider."""
    return str(settings.PUBLIC_URL) + reverse("provider_callback")


def _basic(name: str, secret: str) -> str:
    return b64encode(f"{quote(name, safe='')}:{quote(secret, safe='')}".encode()).decode()


def _with(where: str, asked: Mapping[str, str]) -> str:
    return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"
