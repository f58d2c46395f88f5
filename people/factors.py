"""Second factors: which ones an account has, and whether a code fits.

django-allauth keeps them (`allauth.mfa`) and asks for them at sign-in. Codes are checked here, at a given moment, because signing happens at a
moment; a code counts once, whatever it was spent on, and so do all codes of an earlier half-minute.
"""

from __future__ import annotations

import io
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction
from django.utils.crypto import constant_time_compare

from ledger.late import Late
from people.models import User
from people.sealing import opened

if TYPE_CHECKING:
    import qrcode
else:
    qrcode = Late("qrcode")

PERIOD_SECONDS = 30
# A clock that is off by half a minute still gets in.
STEPS_OFF = (0, -1, 1)
# Recovery codes let somebody in who lost the others; they are no factor to sign with.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
ISSUER = "ASL portal"
# What their secrets are sealed under.
SEALED_FOR = "second factors"


class Spent(Enum):
    """What became of a code."""

    NOW = auto()
    BEFORE = auto()
    WRONG = auto()


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def kinds_of(user: User) -> frozenset[str]:
    """Which kinds of second factor the account has."""
    return frozenset(Authenticator.objects.filter(user=user, type__in=FACTORS).values_list("type", flat=True))


def factors_of(user: User) -> list[Authenticator]:
    """Everything the account has, recovery codes included, the oldest first."""
    return list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))


def recovery_codes_left(held: list[Authenticator]) -> int:
    kept = next((each for each in held if each.type == Authenticator.Type.RECOVERY_CODES), None)
    return len(RecoveryCodes(kept).get_unused_codes()) if kept else 0


def new_secret() -> str:
    """What an authenticator app and the portal share: 160 random bits, in letters an app can take by hand."""
    return totp.generate_totp_secret()


def step_at(at: datetime) -> int:
    return int(at.timestamp()) // PERIOD_SECONDS


def code_at(secret: str, at: datetime) -> str:
    """What an authenticator app with this secret shows at that moment."""
    return totp.format_hotp_value(totp.hotp_value(secret, step_at(at)))


def fitting_step(secret: str, code: str, at: datetime) -> int | None:
    """The half-minute this code belongs to, if that is now or next to it."""
    given = "".join(code.split())
    for off in STEPS_OFF:
        step = step_at(at) + off
        if constant_time_compare(given, totp.format_hotp_value(totp.hotp_value(secret, step))):
            return step
    return None


@transaction.atomic
def spend_code(user: User, code: str, at: datetime) -> Spent:
    """Uses a code of the account's authenticator app up. What it was used for may still be refused, and then it is as if it had not been."""
    app = Authenticator.objects.select_for_update().filter(user=user, type=Authenticator.Type.TOTP).first()
    step = fitting_step(opened(app.data["secret"], purpose=SEALED_FOR), code, at) if app else None
    if app is None or step is None:
        return Spent.WRONG
    if step <= app.data.get("last_step", -1):
        return Spent.BEFORE
    app.data["last_step"], app.last_used_at = step, at
    app.save(update_fields=["data", "last_used_at"])
    return Spent.NOW


def spend_recovery_code(user: User, code: str) -> bool:
    """Uses one recovery code up, if it is one that is left."""
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return kept is not None and RecoveryCodes(kept).validate_code(code)


def totp_address(user: User, secret: str) -> str:
    """What an authenticator app reads from the square."""
    return f"otpauth://totp/{quote(f'{ISSUER}:{user.email}')}?{urlencode({'secret': secret, 'issuer': ISSUER}, quote_via=quote)}"


def qr_svg(text: str) -> str:
    """A QR code as SVG without a style or a script, dark on light whatever the theme."""
    square = qrcode.QRCode(border=4)
    square.add_data(text)
    rows = square.get_matrix()
    path = io.StringIO()
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                path.write(f"M{x} {y}h1v1h-1z")
    size = len(rows)
    return (
        f'<svg class="qr" viewBox="0 0 {size} {size}" width="220" height="220" role="img" aria-label="QR code for your authenticator app">'
        f'<rect width="{size}" height="{size}" fill="#ffffff"/><path d="{path.getvalue()}" fill="#000000"/></svg>'
    )
