"""How numbers are shown to people, by one rule everywhere; the record keeps every digit, and pages keep them a hover away.

A number that was given keeps its significance: 0.6124 stays 0.6124. One that was computed, such as 15 of 33, shows four significant digits.
A bound is rounded outwards, an upper one up and a lower one down, so that nothing shown is narrower than what is known. Nothing is rounded onto a
line or across it: beside one, as many digits are shown as it takes.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

from frameworks.engine import explain

# More significant digits than this nobody gave: they come from a division.
GIVEN = 6
UNBOUNDED = "unbounded"
OUTWARDS = "rounded outwards"


def value(number: Decimal, beside: Sequence[Decimal] = ()) -> str:
    """A value, at the significance it was given with, or at four digits where it was computed."""
    if len(number.normalize().as_tuple().digits) <= GIVEN:
        return f"{number:f}"
    return next((text for text in map(explain.number, _shortened(number)) if _same_side(Decimal(text), number, beside)), f"{number:f}")


def _shortened(number: Decimal) -> list[Decimal]:
    whole = number.adjusted() + 1  # an integer part is never cut
    return [Context(prec=max(digits, whole), rounding=ROUND_HALF_EVEN).plus(number) for digits in explain.SHOWN_DIGITS]


def bound(number: Decimal | None, *, up: bool, beside: Sequence[Decimal] = ()) -> str:
    """A bound, rounded up where it is an upper one and down where it is a lower one; None has no end on that side."""
    return UNBOUNDED if number is None else explain.rounded_number(number, up=up, beside=beside)


def interval(low: Decimal | None, high: Decimal | None, beside: Sequence[Decimal] = ()) -> str:
    """`0.0673 to 0.2748`."""
    return f"{bound(low, up=False, beside=beside)} to {bound(high, up=True, beside=beside)}"


def level(written: str | None) -> str:
    """What a bound is worth: a level of 0.95 is `one-sided 95 %`, for each end of an interval stands at it by itself."""
    return f"one-sided {explain.number(Decimal(written) * 100)} %" if written else ""


def read(written: str | None) -> Decimal | None:
    """A number as documents write it; None for absent and for unbounded."""
    return None if written in (None, "", UNBOUNDED) else Decimal(written)


def _same_side(shown: Decimal, number: Decimal, beside: Sequence[Decimal]) -> bool:
    return all((shown > line, shown < line) == (number > line, number < line) for line in beside)
