"""Signed statements of how long a log is and under which root: the C2SP checkpoint, as a signed note with Ed25519.

A checkpoint is three lines (origin, size, root in base64), an empty line, and one line for each signature. Pure: keys and bytes in,
text out. Signatures by keys the reader does not know are passed over, as the format asks; one by a known key must fit.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.late import Late

if TYPE_CHECKING:
    from cryptography import exceptions
    from cryptography.hazmat.primitives.asymmetric import ed25519
else:
    exceptions, ed25519 = Late("cryptography.exceptions"), Late("cryptography.hazmat.primitives.asymmetric.ed25519")

ED25519 = b"\x01"
_DASH = "— "
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteNotTrusted(ValueError):
    """A note is malformed, or no known key signed it; `code` names which."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed; ends in a newline."""
        return f"{self.origin}\n{self.size}\n{_encoded(self.root)}\n"


@dataclass(frozen=True)
class VerifierKey:
    """The public half, as `name+id+key`: what an auditor keeps."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encoded(ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Raises `NoteNotTrusted` for anything but an Ed25519 verifier key whose id fits."""
        name, key_id, data = _key_parts(text.strip(), 3)
        key = cls(name, data)
        if key.id.hex() != key_id:
            raise NoteNotTrusted("key_id_differs", "The key's id does not fit its name and bytes.")
        return key

    def fits(self, text: str, signature: bytes) -> bool:
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except exceptions.InvalidSignature:
            return False
        return True


@dataclass(frozen=True, repr=False)
class SignerKey:
    """The private half, as `PRIVATE+KEY+name+id+seed`: only the signing process reads it."""

    name: str
    seed: bytes

    @classmethod
    def generate(cls, name: str) -> "SignerKey":
        return cls(_checked_name(name), ed25519.Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "SignerKey":
        if not text.startswith("PRIVATE+KEY+"):
            raise NoteNotTrusted("not_a_key", "This is not a signing key.")
        name, key_id, seed = _key_parts(text.strip().removeprefix("PRIVATE+KEY+"), 3)
        key = cls(name, seed)
        if key.verifier.id.hex() != key_id:
            raise NoteNotTrusted("key_id_differs", "The key's id does not fit its name and bytes.")
        return key

    @property
    def text(self) -> str:
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{_encoded(ED25519 + self.seed)}"

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, ed25519.Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note: text, empty line, signature line."""
        signature = ed25519.Ed25519PrivateKey.from_private_bytes(self.seed).sign(checkpoint.text.encode())
        return f"{checkpoint.text}\n{_DASH}{self.name} {_encoded(self.verifier.id + signature)}\n"


def open_note(note: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint in a note that at least one of the keys signed. Raises `NoteNotTrusted`, also when a known key's signature is false."""
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteNotTrusted("not_a_note", "A note ends in an empty line and its signatures.")
    text += "\n"
    known = {(key.name, key.id): key for key in keys}
    trusted = 0
    for line in lines.removesuffix("\n").split("\n"):
        name, key_id, signature = _signature(line)
        key = known.get((name, key_id))
        if key is None:
            continue
        if not key.fits(text, signature):
            raise NoteNotTrusted("signature_differs", f"The signature of {name} does not fit the note.")
        trusted += 1
    if not trusted:
        raise NoteNotTrusted("no_known_signature", "No known key signed this note.")
    return read(text)


def read(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Raises `NoteNotTrusted` when it is not one; further lines are allowed and passed over."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteNotTrusted("not_a_checkpoint", "A checkpoint has an origin, a size and a root, a line each.")
    root = _decoded(lines[2])
    if len(root) != 32:
        raise NoteNotTrusted("hash_length", "A checkpoint's root has 32 bytes.")
    return Checkpoint(lines[0], int(lines[1]), root)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = _decoded(encoded)
    if not line.startswith(_DASH) or not _NAME.fullmatch(name) or len(data) < 5:
        raise NoteNotTrusted("not_a_note", "A signature line is malformed.")
    return name, data[:4], data[4:]


def _key_parts(text: str, count: int) -> tuple[str, str, bytes]:
    parts = text.split("+", count - 1)
    if len(parts) != count:
        raise NoteNotTrusted("not_a_key", "A key has a name, an id and its bytes.")
    data = _decoded(parts[2])
    if data[:1] != ED25519 or len(data) != 33:
        raise NoteNotTrusted("not_a_key", "Only Ed25519 keys are known here.")
    return _checked_name(parts[0]), parts[1], data[1:]


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NoteNotTrusted("not_a_key", "A key's name has no spaces and no plus sign.")
    return name


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteNotTrusted("not_base64", "Base64 was expected.") from None
    if _encoded(data) != text:
        raise NoteNotTrusted("not_base64", "Base64 has one way to be written; this is another.")
    return data
