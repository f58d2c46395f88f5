"""Numbers for people: by one rule, outwards for bounds, and never onto a line or across it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frameworks import figures
from frameworks.engine import explain

numbers = st.decimals(min_value=-1000, max_value=1000, allow_nan=False, allow_infinity=False, places=12)
lines = st.lists(numbers, max_size=3)


@pytest.mark.parametrize(
    ("given_number", "shown"),
    [
        ("0.6124", "0.6124"),
        ("0.775", "0.775"),
        ("0.50", "0.50"),
        ("0.612483", "0.612483"),
        ("0.454545454545", "0.4545"),
        ("0.0333333333333", "0.03333"),
        ("12345.6789012", "12346"),
        ("0", "0"),
        ("240", "240"),
    ],
)
def test_what_was_given_keeps_its_significance_and_what_was_computed_shows_four_digits(given_number: str, shown: str) -> None:
    assert figures.value(Decimal(given_number)) == shown


def test_a_bound_is_rounded_outwards_the_same_wherever_it_stands() -> None:
    low, high = Decimal("0.0674012345678"), Decimal("0.274712345678")
    assert figures.interval(low, high) == "0.0674 to 0.2748"
    assert figures.bound(high, up=True) == explain.rounded_number(high, up=True, beside=[Decimal("0.1")]) == "0.2748"
    assert figures.interval(None, None) == "unbounded to unbounded"


def test_beside_a_line_as_many_digits_are_shown_as_it_takes() -> None:
    line = [Decimal("0.5")]
    assert figures.bound(Decimal("0.499996"), up=True, beside=line) == "0.499996"
    assert figures.bound(Decimal("0.500004"), up=False, beside=line) == "0.500004"
    assert figures.value(Decimal("0.499999999999"), line) == "0.499999999999"
    assert figures.value(Decimal("0.499999999999")) == "0.5"


def side(number: Decimal, line: Decimal) -> tuple[bool, bool]:
    return number < line, number > line


@given(numbers, st.booleans(), lines)
def test_a_shown_bound_is_never_on_another_side_of_a_line_and_never_inside(number: Decimal, up: bool, beside: list[Decimal]) -> None:
    shown = Decimal(figures.bound(number, up=up, beside=beside))
    assert shown >= number if up else shown <= number
    assert [side(shown, line) for line in beside] == [side(number, line) for line in beside]


@given(numbers, st.integers(min_value=-3, max_value=3), st.booleans())
def test_nor_is_one_that_lies_a_hair_from_its_line(line: Decimal, hairs: int, up: bool) -> None:
    number = line + hairs * Decimal("1e-12")
    for shown in (Decimal(figures.bound(number, up=up, beside=[line])), Decimal(figures.value(number, [line]))):
        assert side(shown, line) == side(number, line)


@given(numbers, lines)
def test_a_shown_value_is_never_on_another_side_of_a_line(number: Decimal, beside: list[Decimal]) -> None:
    shown = Decimal(figures.value(number, beside))
    assert [side(shown, line) for line in beside] == [side(number, line) for line in beside]


def test_a_level_is_said_as_what_each_end_stands_at() -> None:
    assert figures.level("0.95") == "one-sided 95 %"
    assert figures.level("0.975") == "one-sided 97.5 %"
    assert figures.level(None) == figures.level("") == ""
