"""What is nothing but the rounding of binary numbers. Apart from the intervals, so that reading a file loads no more than it needs."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

# Of what lies between 0 and 1.
NOISE = Decimal("1e-9")
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999_999_999, Emax=999_999_999)


def is_noise(spread: Decimal, value: Decimal) -> bool:
    """Whether a spread around a value is none: of scores that are all the same, floating point makes 3.7e-17, not 0."""
    return spread <= _EXACT.multiply(NOISE, max(Decimal(1), value.copy_abs()))
