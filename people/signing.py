"""Putting one's name to a statement.

A signature says: *this person, holding this role, confirmed who they are at this moment and meant exactly these bytes.* The bytes are
the statement's canonical form with a nonce, so no two signatures are about the same bytes and none can be carried elsewhere.

What the proof is worth, plainly. By `server-attested` the portal checks the person's password, and their second factor where they have
one, once for every signature and then seals who, what, when and by what with a key of its own, derived from the portal's secret. The seal
shows that a row was not written or changed by somebody with the database alone. It does not prove anything against whoever runs the portal
and holds its secret; the ledger, its checkpoints and the auditors' copies are what speaks to that. By `webauthn` the person's own device
signed the SHA-256 of the statement besides, which the portal cannot do in its place; whoever has the row checks it without the portal, and
the ledger says since when the key was that person's.

A signature is no event of its own: the verb that uses it enters `signature_fields(signature)` into the ledger in the same transaction.
So write it as

    with transaction.atomic():
        signature = sign(person=…, user=…, statement=…, confirmation=…, at=at)
        approve(…, signature=signature, at=at)

and a decision that is refused leaves no signature behind.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from ledger.canonical import canonical, digest, parse
from ledger.refusals import NotAllowed, NotValid
from people import passkeys
from people.confirming import Confirmation, CredentialTooFresh, NoUsableCredential, confirm, signs_from
from people.models import Person, Signature, User
from people.queries import roles_of
from people.words import Role

METHOD = "server-attested"
BY_PASSKEY = "webauthn"


class AdministratorsDoNotSign(NotAllowed):
    code = "administrators_do_not_sign"
    sentence = "Administrators run the portal and sign for nobody."


class RoleNotHeld(NotAllowed):
    code = "role_not_held"
    sentence = "You do not hold the role this statement speaks in."


class SignatureDoesNotFit(NotValid):
    code = "signature_does_not_fit"
    sentence = "This signature stands under another statement, or its seal is broken."
    what_to_do = "Look once more at what is to be decided, and sign what you see."


class SignsOtherThanShown(NotValid):
    code = "signs_other_than_shown"
    sentence = "What would be signed is not what your passkey was asked about, so nothing was signed."
    what_to_do = "Read it once more, then use your passkey again."


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody puts their name to. `digests` bind it to content, `text` is what they were shown; the nonce makes it one of a kind."""

    type: str
    digests: Mapping[str, str]
    meaning: str
    role: str
    policy: str = ""
    text: str = ""
    version: int = 1
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))

    def canonical(self) -> bytes:
        return canonical(
            {
                "type": self.type,
                "version": self.version,
                "digests": dict(self.digests),
                "meaning": self.meaning,
                "role": self.role,
                "policy": self.policy,
                "text": self.text,
                "nonce": self.nonce,
            }
        )

    @property
    def digest(self) -> str:
        return digest(self.canonical())


def sign(*, person: Person, user: User, statement: Statement, confirmation: Confirmation, at: datetime) -> Signature:
    """One confirmation, one signature. Whether what is at stake asks for a second factor is the signing verb's to know.

    Raises AdministratorsDoNotSign, NoUsableCredential, RoleNotHeld, CredentialTooFresh, SignsOtherThanShown and what `people.confirming.confirm` raises.
    """
    _refuse_who_may_not_sign(person, user, statement, at)
    confirmed = confirm(user=user, confirmation=confirmation, at=at, about=statement.canonical())
    if confirmed.shown:
        statement = _as_shown(statement, confirmed.shown)
    signature = Signature(
        id=uuid4(),
        person=person,
        user=user,
        type=statement.type,
        statement=statement.canonical(),
        statement_digest=statement.digest,
        meaning=statement.meaning,
        role=statement.role,
        policy=statement.policy,
        nonce=statement.nonce,
        method=BY_PASSKEY if confirmed.shown else METHOD,
        confirmed_with=confirmed.by,
        passkey_proof=confirmed.shown.proof if confirmed.shown else None,
        at=at,
    )
    signature.key_id, key = _keys()[0]
    signature.proof = _seal(signature, key)
    with transaction.atomic():
        signature.save(force_insert=True)
    return signature


def statement_of(signature: Signature) -> Statement:
    """The statement as it was signed, read back from the stored bytes."""
    return Statement(**cast(dict[str, Any], parse(bytes(signature.statement))))


def signature_fields(signature: Signature) -> dict[str, str]:
    """What the deciding verb enters into the ledger about a signature: ids and digests, never names."""
    fields = {
        "signature": str(signature.id),
        "signature_person": str(signature.person_id),
        "signature_statement": signature.statement_digest,
        "signature_method": signature.method,
        "signature_confirmed_with": signature.confirmed_with,
        "signature_proof": signature.proof,
    }
    if signature.passkey_proof:
        fields["signature_passkey_proof"] = digest(canonical(signature.passkey_proof))
    return fields


def verify_signature(signature: Signature) -> bool:
    """Do the stored bytes, their digest, the columns beside them and the seal still say the same thing?"""
    data = bytes(signature.statement)
    if digest(data) != signature.statement_digest or not _is_sealed(signature):
        return False
    if signature.method == BY_PASSKEY and not passkeys.proves(signature.passkey_proof or {}, data):
        return False
    said = cast(dict[str, Any], parse(data))
    columns = (signature.type, signature.meaning, signature.role, signature.policy, signature.nonce)
    return tuple(said.get(name) for name in ("type", "meaning", "role", "policy", "nonce")) == columns


def require_signature(
    signature: Signature, *, person: Person, type: str, digests: Mapping[str, str], meaning: str | None = None
) -> Statement:
    """The statement, if this is that person's sound signature under a statement of this type about exactly these digests.

    A verb that takes a signature asks this before it acts on it. Raises SignatureDoesNotFit.
    """
    if not verify_signature(signature):
        raise SignatureDoesNotFit
    statement = statement_of(signature)
    about = (signature.person_id, statement.type, dict(statement.digests))
    if about != (person.pk, type, dict(digests)) or meaning not in {None, statement.meaning}:
        raise SignatureDoesNotFit
    return statement


def _as_shown(statement: Statement, shown: passkeys.Shown) -> Statement:
    """The statement with the nonce under which the device saw it, if nothing else differs."""
    nonce = cast(dict[str, Any], parse(shown.about))["nonce"]
    as_shown = replace(statement, nonce=nonce)
    if as_shown.canonical() != shown.about:
        raise SignsOtherThanShown
    return as_shown


def _refuse_who_may_not_sign(person: Person, user: User, statement: Statement, at: datetime) -> None:
    roles = roles_of(person, at)
    if Role.ADMINISTRATOR in roles or statement.role == Role.ADMINISTRATOR:
        raise AdministratorsDoNotSign
    if user.person_id != person.pk or person.is_system or not user.is_active:
        raise NoUsableCredential
    if statement.role not in roles:
        raise RoleNotHeld
    if signs_from(user, at) is not None:
        raise CredentialTooFresh


def _keys() -> list[tuple[str, bytes]]:
    """The sealing keys with their ids, the one in use first; those of earlier portal secrets still verify."""
    secrets_in_use = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [hmac.digest(str(secret).encode(), b"asl-portal people.signing server-attested v1", "sha256") for secret in secrets_in_use]
    return [(hashlib.sha256(key).hexdigest()[:16], key) for key in keys]


def _is_sealed(signature: Signature) -> bool:
    return any(key_id == signature.key_id and hmac.compare_digest(_seal(signature, key), signature.proof) for key_id, key in _keys())


def _seal(signature: Signature, key: bytes) -> str:
    record: dict[str, object] = {
        "v": 1,
        "signature": signature.id,
        "person": UUID(str(signature.person_id)),
        "user": UUID(str(signature.user_id)),
        "statement": signature.statement_digest,
        "method": signature.method,
        "key": signature.key_id,
        "at": signature.at,
    }
    if signature.confirmed_with:
        # Signatures from before second factors say nothing of it, and their seals still verify.
        record |= {"v": 2, "confirmed_with": signature.confirmed_with}
    if signature.passkey_proof:
        record |= {"v": 3, "passkey_proof": digest(canonical(signature.passkey_proof))}
    return "hmac-sha256:" + hmac.digest(key, canonical(record), "sha256").hex()
