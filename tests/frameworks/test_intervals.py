"""The deciding intervals against an independent implementation, over a grid, and to the digit where it matters."""

from decimal import Decimal, getcontext, localcontext
from fractions import Fraction
from math import comb, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from frameworks.engine.intervals import (
    clean_items_needed,
    clopper_pearson_high,
    clopper_pearson_low,
    fieller,
    implied_items,
    rounded,
    student_t,
    successes,
)
from frameworks.engine.types import Arm
from tests.frameworks.evidence_maker import assess, leaf_of, make_framework, make_indicator, make_measurement

GRID = [
    (k, n)
    for n in (1, 2, 3, 5, 8, 10, 20, 29, 33, 45, 100, 333, 1000, 5000)
    for k in sorted({0, 1, 2, n // 10, n // 3, n // 2, n - 1, n})
    if k <= n
]


@pytest.mark.parametrize(("k", "n"), GRID)
def test_clopper_pearson_agrees_with_the_oracle(k: int, n: int) -> None:
    high = float(stats.beta.ppf(0.95, k + 1, n - k)) if k < n else 1.0
    low = float(stats.beta.ppf(0.05, k, n - k + 1)) if k else 0.0
    assert float(clopper_pearson_high(k, n)) == pytest.approx(high, rel=1e-10)
    assert float(clopper_pearson_low(k, n)) == pytest.approx(low, rel=1e-10, abs=1e-300)


@pytest.mark.parametrize(("k", "n"), [(k, n) for k, n in GRID if n <= 45])
def test_the_upper_bound_is_the_first_twelve_digit_number_that_holds(k: int, n: int) -> None:
    """Checked in exact fractions: at the bound five per cent or less remain, one digit lower more than five."""

    def tail(p: Fraction) -> Fraction:
        return sum((comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)), Fraction(0))

    high = clopper_pearson_high(k, n)
    if k == n:
        assert high == 1
        return
    step = Decimal((0, (1,), high.adjusted() - 11))
    assert tail(Fraction(high)) <= Fraction(1, 20) < tail(Fraction(high - step))
    assert clopper_pearson_high(k, n, up=False) <= high and high - clopper_pearson_high(k, n, up=False) <= step


def test_none_of_twenty_does_not_rule_out_ten_per_cent_and_twenty_nine_clean_items_would() -> None:
    assert str(clopper_pearson_high(0, 20)).startswith("0.1391083")
    assert clean_items_needed(Decimal("0.1")) == 29
    assert clopper_pearson_high(0, 28) > Decimal("0.1") > clopper_pearson_high(0, 29)


@pytest.mark.parametrize("degrees", [*range(1, 41), 59, 60, 99, 100, 365, 999, 1000, 4999, 10_000])
def test_student_t_agrees_with_the_oracle_and_is_never_too_small(degrees: int) -> None:
    assert float(student_t(degrees)) == pytest.approx(float(stats.t.ppf(0.95, degrees)), rel=1e-11)


def test_many_degrees_of_freedom_use_the_larger_quantile_of_fewer() -> None:
    assert student_t(50_000) == student_t(10_000) > Decimal(str(stats.t.ppf(0.95, 50_000)))


@pytest.mark.parametrize(
    ("a", "sa", "na", "b", "sb", "nb"),
    [("0.6", "0.05", 10, "0.3", "0.04", 9), ("0.5", "0.1", 30, "0.45", "0.02", 30), ("2", "0.3", 8, "5", "0.5", 12)],
)
def test_fieller_solves_the_equation_it_comes_from(a: str, sa: str, na: int, b: str, sb: str, nb: int) -> None:
    """At either bound the difference a − ρb lies exactly t standard errors from zero."""
    low, high = fieller(Arm(Decimal(a), Decimal(sa), na), Arm(Decimal(b), Decimal(sb), nb))
    assert low is not None and high is not None and low < Decimal(a) / Decimal(b) < high
    t = float(stats.t.ppf(0.95, min(na, nb) - 1))
    for bound, sign in ((low, 1), (high, -1)):
        distance = (float(a) - float(bound) * float(b)) / sqrt(float(sa) ** 2 + float(bound) ** 2 * float(sb) ** 2)
        assert distance == pytest.approx(sign * t, rel=1e-9)


def test_a_control_arm_that_cannot_be_told_from_zero_bounds_nothing() -> None:
    assert fieller(Arm(Decimal("0.6"), Decimal("0.1"), 9), Arm(Decimal("0.2"), Decimal("0.15"), 9)) == (None, None)


@pytest.mark.parametrize(
    ("value", "n", "higher", "lower"),
    [
        ("0", 20, 0, 0),
        ("1", 20, 20, 20),
        ("0.6666666666666667", 3, 2, 2),
        ("0.6666666666666666", 3, 2, 2),
        ("0.67", 3, 3, 2),
        ("0.1", 20, 2, 2),
        ("0.3125", 5, 2, 1),
    ],
)
def test_what_falls_between_two_counts_goes_to_the_concerning_one(value: str, n: int, higher: int, lower: int) -> None:
    assert successes(Decimal(value), n, higher_is_riskier=True) == higher
    assert successes(Decimal(value), n, higher_is_riskier=False) == lower


@pytest.mark.parametrize("k", range(0, 21))
def test_a_true_standard_error_implies_the_n_it_came_from(k: int) -> None:
    p = k / 20
    stderr = Decimal(repr(sqrt(p * (1 - p) / 19)))
    implied = implied_items(Decimal(repr(p)), stderr)
    assert implied is None if k in (0, 20) else implied is not None and implied[0] <= 20 <= implied[1]


@pytest.mark.parametrize(
    ("stderr", "n", "epochs", "disagrees"),
    [
        ("0.09933992677987828", 20, 1, False),  # of 20 items
        ("0.09933992677987828", 200, 1, True),  # claims ten times as many
        ("0.0325", 20, 1, True),  # speaks of 178
        ("0.0325", 20, 10, False),  # of 20 items in ten epochs
        ("0", 20, 1, True),  # a quarter with no spread at all
    ],
)
def test_a_standard_error_that_speaks_of_another_n_is_noticed(stderr: str, n: int, epochs: int, disagrees: bool) -> None:
    answer = assess(
        make_framework(),
        make_measurement(value="0.25", stderr=stderr, n=n, epochs=epochs, counts={"total": n * epochs, "completed": n * epochs}),
    )
    said = {reason["code"] for reason in answer["measurements"][0]["reasons"]}
    assert ("n-disagrees-with-stderr" in said) is disagrees


def test_the_digits_do_not_depend_on_the_surrounding_decimal_context() -> None:
    def digits() -> list[object]:
        for cached in (clopper_pearson_high, clopper_pearson_low, student_t):
            cached.cache_clear()
        return [
            clopper_pearson_high(3, 45),
            clopper_pearson_low(3, 45),
            student_t(8),
            fieller(Arm(Decimal("0.6"), Decimal("0.05"), 10), Arm(Decimal("0.3"), Decimal("0.04"), 9)),
            implied_items(Decimal("0.25"), Decimal("0.09933992677987828")),
            rounded(Decimal("0.12345678901234567"), up=True),
            assess(make_framework(), make_measurement(value="0.025")),
        ]

    usual = digits()
    with localcontext() as context:
        context.prec = 3
        assert getcontext().prec == 3 and digits() == usual


@given(n=st.integers(1, 400), data=st.data())
@settings(max_examples=60, deadline=None)
def test_more_successes_never_lower_a_bound_and_more_items_never_raise_a_clean_one(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n - 1))
    assert clopper_pearson_high(k, n) <= clopper_pearson_high(k + 1, n)
    assert clopper_pearson_low(k, n) <= clopper_pearson_low(k + 1, n)
    assert clopper_pearson_low(k, n) <= Decimal(k) / Decimal(n) <= clopper_pearson_high(k, n)
    assert clopper_pearson_high(0, n + 1) < clopper_pearson_high(0, n)


INTERVAL = {"low": "0", "high": "0.05", "level": "0.9", "sided": "central", "method": "bootstrap"}


@pytest.mark.parametrize(
    ("kind", "changes", "method", "high"),
    [
        ("proportion", {}, "Clopper–Pearson, 0 of 40", "0.0721575245056"),
        ("proportion", {"interval": INTERVAL}, "Clopper–Pearson, 0 of 40, widened by the file's own, bootstrap", "0.0721575245056"),
        ("proportion", {"interval": INTERVAL | {"high": "0.08"}}, "Clopper–Pearson, 0 of 40, widened by the file's own, bootstrap", "0.08"),
        ("proportion", {"n": 250_000, "value": "0.01"}, "Clopper–Pearson, 1000 of 100000 (in place of 250000)", "0.0105332009007"),
        ("mean", {"value": "0.05", "stderr": "0.01"}, "Student t, 39 degrees of freedom", "0.0668487512172"),
        ("mean", {"value": "0.05", "interval": INTERVAL | {"high": "0.07", "level": "0.95"}}, "the file's own, bootstrap", "0.07"),
        ("mean", {"value": "0.05", "interval": INTERVAL | {"high": "0.07", "level": "0.68"}}, "point only", None),
        ("mean", {"value": "0.05", "interval": INTERVAL | {"high": "0.07", "sided": "one-sided"}}, "point only", None),
        ("mean", {"value": "0.05", "stderr": "0"}, "point only", None),
        ("mean", {"value": "0.05", "stderr": "0.01", "n": 1}, "point only", None),
        ("mean", {"value": "0.88", "stderr": "0.000000000000000037"}, "point only", None),
        ("mean", {"value": "0.05", "interval": INTERVAL | {"low": "0.05", "high": "0.05"}}, "point only", None),
        ("mean", {"value": "0.05", "interval": INTERVAL | {"low": "0.05", "high": "0.0500000000001"}}, "point only", None),
        ("mean", {"value": "0.05", "interval": INTERVAL | {"high": "0.07"}, "n": 1}, "point only", None),
        ("mean", {"value": "0.05"}, "point only", None),
        ("ratio", {"value": "2", "stderr": "0.1"}, "point only", None),
        ("count", {"value": "3", "n": 10}, "Clopper–Pearson, 3 of 10", "6.06624216106"),
    ],
)
def test_each_kind_of_metric_has_its_interval_or_is_a_point(kind: str, changes: dict[str, object], method: str, high: str | None) -> None:
    told = leaf_of(assess(make_framework(None, make_indicator(kind=kind)), make_measurement(**changes)))["measurements"][0]
    assert (told["method"], told["high"]) == (method, high)
    assert told["point_only"] is (high is None)


def test_the_trial_of_two_arms_is_judged_by_fieller() -> None:
    arms = {"treatment": {"mean": "0.5", "stderr": "0.06", "n": 10}, "control": {"mean": "0.2", "stderr": "0.04", "n": 9}}
    indicator = make_indicator(
        kind="ratio", margin_scale="ratio", safety_margin="1", rule_out={"at": "2.8", "rules_out": "below", "inclusive": "true"}
    )
    told = leaf_of(assess(make_framework(None, indicator), make_measurement(value="2.5", n=19, arms=arms)))["measurements"][0]
    assert told["method"] == "Fieller, arms of 10 and 9" and Decimal(told["low"]) < Decimal("2.5") < Decimal("2.8") < Decimal(told["high"])
