"""Canonical documents by digest: framework, evidence and assessment as the engine read and wrote them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from evaluations.models import Document
from ledger.canonical import digest, parse
from ledger.refusals import NotKnown


class DocumentNotKnown(NotKnown):
    code = "document_not_known"
    sentence = "There is no document by that digest."


class DocumentSpoilt(ValueError):
    """The stored bytes do not have the digest they are filed under."""


def store(kind: str, content: bytes, *, at: datetime) -> str:
    """Files the bytes under their digest, once; answers the digest."""
    name = digest(content)
    Document.objects.bulk_create([Document(digest=name, kind=kind, content=content, stored_at=at)], ignore_conflicts=True)
    return name


def load(name: str) -> bytes:
    """The bytes under a digest, checked against it. Raises DocumentNotKnown, DocumentSpoilt."""
    row = Document.objects.filter(pk=name).values_list("content", flat=True).first()
    if row is None:
        raise DocumentNotKnown
    content = bytes(row)
    if digest(content) != name:
        raise DocumentSpoilt(f"The document {name} does not have its own digest.")
    return content


@lru_cache(maxsize=256)
def content(name: str) -> Any:
    """The parsed document; kept in memory, since a digest never changes its meaning. Do not change what it answers."""
    return parse(load(name))
