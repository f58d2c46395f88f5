"""Addresses and secrets of outlets at rest: sealed with a key derived from the portal's secret, so that the database alone does not give them away."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"asl-portal outlets v1"


class SealDoesNotOpen(Exception):
    """What is stored was sealed under a portal secret that is gone. The outlet has to be set up anew."""


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def opened(sealed: str) -> str:
    """Raises SealDoesNotOpen."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealDoesNotOpen from error


def _box() -> MultiFernet:
    """The secret in use seals; those of earlier days still open."""
    return MultiFernet([Fernet(_key(str(secret))) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode()))
