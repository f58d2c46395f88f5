"""Secrets the portal must be able to read again: sealed at rest with keys derived from its own secret, one a purpose, so that the database alone
does not give them away."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from django.conf import settings

from ledger.late import Late

if TYPE_CHECKING:
    from cryptography import fernet
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf import hkdf
else:
    fernet = Late("cryptography.fernet")
    hashes, hkdf = Late("cryptography.hazmat.primitives.hashes"), Late("cryptography.hazmat.primitives.kdf.hkdf")


class SealDoesNotOpen(Exception):
    """What is stored was sealed under a portal secret that is gone. It has to be set up anew."""


def seal(text: str, *, purpose: str) -> str:
    return _box(purpose).encrypt(text.encode()).decode()


def opened(sealed: str, *, purpose: str) -> str:
    """Raises SealDoesNotOpen."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except fernet.InvalidToken as error:
        raise SealDoesNotOpen from error


def _box(purpose: str) -> fernet.MultiFernet:
    """The secret in use seals; those of earlier days still open."""
    return fernet.MultiFernet(
        [fernet.Fernet(_key(str(secret), purpose)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _key(secret: str, purpose: str) -> bytes:
    derive = hkdf.HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"asl-portal {purpose} v1".encode())
    return base64.urlsafe_b64encode(derive.derive(secret.encode()))
