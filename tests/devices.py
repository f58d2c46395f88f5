"""A device that keeps passkeys, without a browser: it answers what a browser would hand it."""

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


class Device:
    """One key. `origin` is the page it believes to be on, `verifies` whether it asks for a PIN or a finger."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin, self.flags = origin, PRESENT | (VERIFIED if verifies else 0)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential = secrets.token_bytes(16)

    def make(self, options: dict[str, Any]) -> str:
        client = self._client("webauthn.create", options["challenge"])
        data = AttestedCredentialData.create(Aaguid.NONE, self.credential, ES256.from_cryptography_key(self.key.public_key()))
        auth = AuthenticatorData.create(_hash(options["rp"]["id"]), self.flags | WITH_KEY, 1, data)
        attestation = AttestationObject.create("none", auth, {})
        return self._answer({"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(attestation)})

    def sign(self, options: dict[str, Any]) -> str:
        client = self._client("webauthn.get", options["challenge"])
        auth = AuthenticatorData.create(_hash(options["rpId"]), self.flags, 2)
        signature = self.key.sign(bytes(auth) + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(auth),
                "signature": websafe_encode(signature),
            }
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        name = websafe_encode(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}})


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
