"""Passkeys: making one, and confirming one act with it (WebAuthn, with the PIN, finger or face of its owner every time).

What is confirmed is a sequence of bytes: a statement to be signed, or a fresh number where the account itself is changed. They wait here
for a few minutes, bound to account and session, while the device is asked; the challenge it signs is their SHA-256. So its answer speaks
about exactly these bytes, and is worth nothing for others. They are taken out once, whatever comes of it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache

from ledger.canonical import digest
from ledger.late import Late
from ledger.refusals import NotValid
from people.models import User

if TYPE_CHECKING:
    from cryptography import exceptions
    from fido2 import cbor, cose, server, utils, webauthn
else:
    exceptions, cbor, cose = Late("cryptography.exceptions"), Late("fido2.cbor"), Late("fido2.cose")
    server, utils, webauthn = Late("fido2.server"), Late("fido2.utils"), Late("fido2.webauthn")

# What a form sends to be asked for its passkey.
ASK = "ask"
WAITS_SECONDS = 300
NAME = "ASL portal"
# Before the number that stands for a change of the account: never the beginning of a statement, so neither passes for the other.
ACCOUNT_ACT = b"asl-portal account act\0"


class PasskeyAsked(NotValid):
    """No refusal of anybody: the bytes are prepared, and the browser is to ask the device about them."""

    code = "passkey_asked"
    sentence = "Confirm this with your passkey."
    is_attempt = False

    def __init__(self, options: dict[str, Any], about: bytes) -> None:
        super().__init__(options=options, digest=digest(about))
        self.options, self.digest = options, digest(about)


class PasskeyNotConfirmed(NotValid):
    code = "passkey_not_confirmed"
    sentence = "Your passkey did not confirm this, or took too long, so nothing was done."
    what_to_do = "Use your passkey again."


class PasskeyNotMade(NotValid):
    code = "passkey_not_made"
    sentence = "Your device did not make a passkey the portal can use, so none was added."
    what_to_do = "Try again, with a device that asks for a PIN, a finger or a face."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a passkey confirmed: the bytes, and the record by which anybody can check it."""

    about: bytes
    proof: dict[str, str]


def account_act() -> bytes:
    return ACCOUNT_ACT + secrets.token_bytes(32)


def of(user: User) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by("pk"))


def begin_making(user: User) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the browser is told to make a new passkey, and the state to keep in the session until it answers."""
    entity = webauthn.PublicKeyCredentialUserEntity(id=user.pk.bytes, name=user.email, display_name=user.person.name)
    options, state = _server().register_begin(
        entity,
        [_credential(each) for each in of(user)],
        resident_key_requirement=webauthn.ResidentKeyRequirement.DISCOURAGED,
        user_verification=webauthn.UserVerificationRequirement.REQUIRED,
    )
    return _as_json(options.public_key), dict(state)


def made(state: dict[str, Any] | None, answer: str) -> dict[str, Any]:
    """The new credential, checked, as it is kept. Raises PasskeyNotMade."""
    try:
        told = _told(answer)
        data = _server().register_complete(state or {}, webauthn.RegistrationResponse.from_dict(told)).credential_data
    except (ValueError, TypeError, KeyError) as error:
        raise PasskeyNotMade from error
    if data is None or any(
        _credential(each).credential_id == data.credential_id for each in Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN)
    ):
        raise PasskeyNotMade
    return told


def key_digest(passkey: Authenticator) -> str:
    """What the ledger says about a passkey: the digest of its public key."""
    return digest(cbor.encode(_credential(passkey).public_key))


def ask(user: User, session: str, about: bytes) -> PasskeyAsked:
    """Keeps the bytes, and answers what the browser asks the device. Only the last ones of a session wait."""
    credentials = [_credential(each) for each in of(user)]
    options, _ = _server().authenticate_begin(
        credentials, user_verification=webauthn.UserVerificationRequirement.REQUIRED, challenge=hashlib.sha256(about).digest()
    )
    cache.set(_slot(user, session), b64encode(about).decode(), timeout=WAITS_SECONDS)
    return PasskeyAsked(_as_json(options.public_key), about)


def spend(user: User, session: str, answer: str) -> Shown:
    """Checks what the device answered about the bytes that wait, and takes them out. Raises PasskeyNotConfirmed."""
    slot = _slot(user, session)
    waiting = cache.get(slot)
    # Of two answers at once, one takes it out.
    if not waiting or not cache.delete(slot):
        raise PasskeyNotConfirmed
    about = b64decode(waiting)
    state = {
        "challenge": utils.websafe_encode(hashlib.sha256(about).digest()),
        "user_verification": webauthn.UserVerificationRequirement.REQUIRED,
    }
    try:
        told = webauthn.AuthenticationResponse.from_dict(_told(answer))
        credential = _server().authenticate_complete(state, [_credential(each) for each in of(user)], told)
    except (ValueError, TypeError, KeyError) as error:
        raise PasskeyNotConfirmed from error
    return Shown(
        about,
        {
            "rp": _host(),
            "credential": utils.websafe_encode(credential.credential_id),
            "public_key": utils.websafe_encode(cbor.encode(credential.public_key)),
            "authenticator_data": utils.websafe_encode(told.response.authenticator_data),
            "client_data": utils.websafe_encode(told.response.client_data),
            "signature": utils.websafe_encode(told.response.signature),
        },
    )


def proves(proof: dict[str, str], about: bytes) -> bool:
    """Whether the holder of this key, present and verified by the device, signed exactly these bytes. Needs no table and no secret."""
    try:
        client = webauthn.CollectedClientData(utils.websafe_decode(proof["client_data"]))
        data = webauthn.AuthenticatorData(utils.websafe_decode(proof["authenticator_data"]))
        key = cose.CoseKey.parse(cast(dict[int, Any], cbor.decode(utils.websafe_decode(proof["public_key"]))))
        key.verify(bytes(data) + client.hash, utils.websafe_decode(proof["signature"]))
    except (ValueError, TypeError, KeyError, exceptions.InvalidSignature):
        return False
    about_this = client.type == webauthn.CollectedClientData.TYPE.GET and client.challenge == hashlib.sha256(about).digest()
    here = data.rp_id_hash == hashlib.sha256(proof["rp"].encode()).digest()
    return about_this and here and data.is_user_present() and data.is_user_verified()


def relying_party() -> dict[str, str]:
    """Under which name devices know the portal: the host of its public address."""
    return {"id": _host(), "name": NAME}


def is_from_here(answer: Any) -> bool:
    """Whether what a device answered, as a browser hands it on, was given on a page of the portal's own, and not of another beneath its name."""
    try:
        return webauthn.AuthenticationResponse.from_dict(answer).response.client_data.origin == _origin()
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _origin() -> str:
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{parts.netloc}"


def _server() -> server.Fido2Server:
    origin = _origin()
    return server.Fido2Server(webauthn.PublicKeyCredentialRpEntity(**relying_party()), verify_origin=lambda given: given == origin)


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or ""


def _credential(passkey: Authenticator) -> webauthn.AttestedCredentialData:
    data = webauthn.RegistrationResponse.from_dict(passkey.data["credential"]).response.attestation_object.auth_data.credential_data
    if data is None:
        raise ValueError("A passkey without a key was stored.")
    return data


def _told(answer: str) -> dict[str, Any]:
    told = json.loads(answer)
    if not isinstance(told, dict):
        raise TypeError("A credential is an object.")
    return told


def _as_json(options: Any) -> dict[str, Any]:
    return dict(options)


def _slot(user: User, session: str) -> str:
    return f"people:passkey:{user.pk}:{hashlib.sha256(session.encode()).hexdigest()}"
