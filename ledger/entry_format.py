"""(pure) What an entry is, byte by byte: its canonical bytes, the salted commitments to its field values, and its leaf."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger import tree
from ledger.canonical import Json, canonical, parse

VERSION = 1
SALT_BYTES = 16
PUBLIC, INTERNAL, PERSONAL, HAZARD = CLASSES = ("public", "internal", "personal", "hazard")

_KIND = re.compile(r"[a-z][a-z0-9_-]*(:[a-z][a-z0-9_-]*){2}")
_THING = re.compile(r"[a-z][a-z0-9_-]*:[!-~]{1,150}")
_PATH = re.compile(r"[!-~]{1,150}")


class MalformedEntry(ValueError):
    """An entry was asked for that breaks the format; a mistake in the calling code."""


@dataclass(frozen=True)
class Commitment:
    """One field of an entry. `text` is its value as canonical JSON; value and salt are gone once purged, the hash stays."""

    path: str
    field_class: str
    salt: bytes | None
    text: str | None
    hash: bytes

    @classmethod
    def make(cls, path: str, field_class: str, salt: bytes, value: object) -> "Commitment":
        if not _PATH.fullmatch(path):
            raise MalformedEntry(f"The field path {path!r} is not printable ASCII without spaces.")
        if field_class not in CLASSES:
            raise MalformedEntry(f"The field {path} has the unknown class {field_class!r}.")
        text = canonical(value).decode()
        return cls(path, field_class, salt, text, field_hash(path, field_class, salt, text))

    @property
    def purged(self) -> bool:
        return self.text is None

    def fits(self) -> bool:
        """Whether value and salt give the hash; a purged field has neither, and nothing is left to compare."""
        if self.text is None or self.salt is None:
            return self.text is None and self.salt is None
        return field_hash(self.path, self.field_class, self.salt, self.text) == self.hash


@dataclass(frozen=True)
class Header:
    """What an entry says in the open: ids only, never names or prose."""

    log_id: UUID
    seq: int
    kind: str
    at: datetime
    recorded_at: datetime
    actor: UUID | None
    role: str
    thing: str
    policy: str
    fields_root: bytes
    v: int = VERSION

    def canonical(self) -> bytes:
        return canonical({**vars(self), "fields_root": self.fields_root.hex()})

    def leaf(self) -> bytes:
        return tree.leaf_hash(self.canonical())


def check_names(kind: str, thing: str) -> None:
    """Raises `MalformedEntry` unless the kind reads `room:noun:verb` and the thing `noun:id`."""
    if not _KIND.fullmatch(kind):
        raise MalformedEntry(f"The kind {kind!r} does not read room:noun:verb.")
    if not _THING.fullmatch(thing):
        raise MalformedEntry(f"The thing {thing!r} does not read noun:id.")


def field_hash(path: str, field_class: str, salt: bytes, text: str) -> bytes:
    """SHA-256 over 0x00 and the canonical bytes of [path, class, salt, value]; `text` is the value's canonical JSON."""
    head = canonical([path, field_class, salt.hex()])
    return hashlib.sha256(b"\x00" + head[:-1] + b"," + text.encode() + b"]").digest()


def fields_root(commitments: Iterable[Commitment]) -> bytes:
    """The Merkle root over the field hashes in the order of their paths."""
    return tree.root(field.hash for field in sorted(commitments, key=lambda field: field.path))


def value_of(text: str) -> Json:
    return parse(text.encode())
