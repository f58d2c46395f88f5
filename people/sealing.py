"""Secrets the portal must be able to read again: sealed at rest with keys derived from its own secret, one a purpose, so that the database alone
does not give them away."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealDoesNotOpen(Exception):
    """What is stored was sealed under a portal secret that is gone. It has to be set up anew."""


def seal(text: str, *, purpose: str) -> str:
    return _box(purpose).encrypt(text.encode()).decode()


def opened(sealed: str, *, purpose: str) -> str:
    """Raises SealDoesNotOpen."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealDoesNotOpen from error


def _box(purpose: str) -> MultiFernet:
    """The secret in use seals; those of earlier days still open."""
    return MultiFernet([Fernet(_key(str(secret), purpose)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str, purpose: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"asl-portal {purpose} v1".encode())
    return base64.urlsafe_b64encode(derive.derive(secret.encode()))
