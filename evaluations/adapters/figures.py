"""Numbers of a file as decimal text: checked for kind and range, never a float."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Literal

from evaluations.adapters.strict_json import Json, Number

Trouble = Literal["absent", "wrong-type", "not-a-number", "out-of-range"]

_LARGEST = Decimal(10) ** 15
_FINEST_EXPONENT = -40
_LONGEST_RAW = 80
_MOST_SAMPLES = 10**9
# A number as most are written: below 10^15, at most 40 places, no exponent. What it is can be seen without arithmetic.
_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,40})?")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as read (`raw`), as canonical decimal text (`value`), and what is wrong with it if there is no such text."""

    raw: str
    value: str | None
    trouble: Trouble | None = None


def canonical(text: str) -> str | None:
    """Decimal text without exponent, trailing zeros or minus zero; None when it is not finite or lies beyond 10^15 or 40 places."""
    if _PLAIN.fullmatch(text):
        return text.rstrip("0").rstrip(".") if "." in text else text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.copy_abs() >= _LARGEST or len(number.as_tuple().digits) > 60:
        return None
    if number == 0:
        return "0"
    if number.adjusted() < _FINEST_EXPONENT:
        return None
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def figure(value: Json) -> Figure:
    """What stands where a number is expected. Booleans and texts are not taken for numbers."""
    if value is None:
        return Figure("", None, "absent")
    if not isinstance(value, Number):
        return Figure(_shown(value), None, "wrong-type")
    raw = value.text if len(value.text) <= _LONGEST_RAW else f"{value.text[:_LONGEST_RAW]}…"
    plain = canonical(value.text)
    if plain is None:
        return Figure(raw, None, "not-a-number" if value.text.lstrip("-") in ("NaN", "Infinity") else "out-of-range")
    return Figure(raw, plain)


def _shown(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_RAW else f"{value[:_LONGEST_RAW]}…"
    return "(list)" if isinstance(value, list) else "(object)"


def count(value: Json) -> int | None:
    """A whole number of samples from 0 to 10^9; None for anything else."""
    if not isinstance(value, Number):
        return None
    plain = canonical(value.text)
    if plain is None or "." in plain or plain.startswith("-"):
        return None
    return int(plain) if int(plain) <= _MOST_SAMPLES else None


def implied_n(value: str, stderr: str) -> Decimal | None:
    """The n at which a share of 0/1 items has this standard error: p(1-p)/se² + 1. None where that says nothing."""
    p, error = Decimal(value), Decimal(stderr)
    if not (0 < p < 1) or error <= 0:
        return None
    with localcontext() as context:
        context.prec = 40
        return p * (1 - p) / (error * error) + 1


def implied_count(value: str | None, stderr: str | None) -> int | None:
    """The implied n as a whole number, where there is one to speak of."""
    implied = implied_n(value, stderr) if value is not None and stderr is not None else None
    return int(implied.to_integral_value()) if implied is not None and implied < _MOST_SAMPLES else None
