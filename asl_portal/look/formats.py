"""How numbers, times and digests are written. Numbers keep every digit they came with; what people read is rounded
by the one rule of `frameworks.figures`."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from frameworks import figures

UNBOUNDED = {"inf": "∞", "+inf": "∞", "infinity": "∞", "+infinity": "∞", "-inf": "−∞", "-infinity": "−∞"}
ABSENT = "–"


def as_decimal(value: object) -> Decimal | None:
    """The number in a value, or None when there is none. Floats are read by their shortest text."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def number(value: object) -> str:
    """`0.6124` stays `0.6124`, `1.50` stays `1.50`, 12345 becomes `12,345`; absence is a dash; unbounded is ∞."""
    if value is None or value == "":
        return ABSENT
    if (unbounded := UNBOUNDED.get(str(value).strip().lower())) is not None:
        return unbounded
    found = as_decimal(value)
    if found is None or not found.is_finite():
        return str(value)
    if found and not -7 < found.adjusted() < 15:
        return _scientific(found)
    return f"{found:,f}".replace("-", "−")


def _scientific(value: Decimal) -> str:
    mantissa, exponent = f"{value:e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{power}".replace("-", "−")


def significant(value: object, digits: int = 4) -> str:
    """At most so many significant digits, for places where the whole number stands beside or on hover."""
    found = as_decimal(value)
    if found is None or not found.is_finite():
        return number(value)
    if found == found.to_integral_value() and found.adjusted() < 15:
        return number(found.quantize(Decimal(1)))
    # An integer part is never cut: 12345.678 with four digits is 12,346, not 12,350.
    whole = max(digits, found.adjusted() + 1)
    if len(found.as_tuple().digits) <= whole:
        return number(found)
    return number(Context(prec=whole, rounding=ROUND_HALF_EVEN).plus(found))


def percent(value: object, digits: int = 4) -> str:
    """A share of one as a percentage: 0.139 is `13.9 %`."""
    found = as_decimal(value)
    if found is None or not found.is_finite():
        return number(value)
    return f"{significant((found * 100).normalize() if found else Decimal(0), digits)} %"


def figure(value: object) -> str:
    """A value as people read it: as it was given, or four digits of one that was computed."""
    found = as_decimal(value)
    return number(value) if found is None or not found.is_finite() else number(figures.value(found))


def interval(low: object, high: object) -> str:
    """`0.21 to 0.41`, rounded outwards; a side that is missing has no bound."""
    lower, upper = as_decimal(low), as_decimal(high)
    return f"{'−∞' if lower is None else number(figures.bound(lower, up=False))} to {'∞' if upper is None else number(figures.bound(upper, up=True))}"


def whole_interval(low: object, high: object) -> str:
    """The same with every digit."""
    return f"{'−∞' if low in (None, '') else number(low)} to {'∞' if high in (None, '') else number(high)}"


def short_digest(value: object) -> str:
    """`sha256:1f9a02c4…`; whole when it is short already."""
    text = str(value or "")
    scheme, colon, hexes = text.rpartition(":")
    return f"{scheme}{colon}{hexes[:8]}…" if len(hexes) > 12 else text


def size(value: object) -> str:
    """Bytes in words: `512 B`, `3.4 kB`, `1.2 MB`."""
    amount = as_decimal(value)
    if amount is None:
        return ABSENT
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def moment(value: datetime) -> str:
    """`22 May 2026, 09:00`, in UTC."""
    at = value.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M}"


def moment_in_full(value: datetime) -> str:
    at = value.astimezone(UTC)
    return f"{at:%A} {at.day} {at:%B %Y, %H:%M:%S} UTC"


def iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def span(start: datetime, end: datetime) -> str:
    """How far apart two moments are, in one unit: `3 days`, `1 hour`."""
    seconds = abs(int((end - start).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
