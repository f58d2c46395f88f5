"""From what a file states, the interval that decides: one-sided 95 % on either side, in `Decimal`, rounded towards concern.

Nothing here uses floating point or a table, so that a stranger with Python alone gets the same digits. Clopper–Pearson for
proportions and counts, Student's t for means and durations, Fieller for the ratio of two arms; an interval a file brings itself can only widen.
"""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from math import comb

from frameworks.engine.noise import NOISE, is_noise
from frameworks.engine.types import Arm, FileInterval, Interval, Measurement, MetricKind

ALPHA = Decimal("0.05")
LEVEL = Decimal("0.95")
# Central 90 % leaves 5 % on each side, which is what one-sided 95 % means.
CENTRAL_LEVEL = Decimal("0.90")
DIGITS = 12
# Beyond this many degrees of freedom the quantile of fewer is used: it is larger, so the bound errs towards concern (by less than 0.01 %).
MOST_DEGREES = 10_000
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999_999_999, Emax=999_999_999)
# More items than this are judged as this many: the bound is then the wider one, and the exact sums stay quick.
MOST_ITEMS = 100_000
_NEGLIGIBLE = Decimal("1e-50")


def rounded(value: Decimal, *, up: bool) -> Decimal:
    """To 12 significant digits, upwards or downwards."""
    return Context(prec=DIGITS, rounding=ROUND_CEILING if up else ROUND_FLOOR, Emin=-999_999_999, Emax=999_999_999).plus(value)


def successes(value: Decimal, n: int, *, higher_is_riskier: bool) -> int:
    """How many of n items a proportion stands for; what falls between two counts goes to the concerning one."""
    exact = _EXACT.multiply(value, Decimal(n))
    nearest = exact.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT)
    if _EXACT.abs(_EXACT.subtract(exact, nearest)) <= NOISE:
        return int(nearest)
    return int(exact.to_integral_value(rounding=ROUND_CEILING if higher_is_riskier else ROUND_FLOOR, context=_EXACT))


def _lower_tail(k: int, n: int, ways: Decimal, p: Decimal) -> Decimal:
    """P(X ≤ k) for X binomial(n, p), 0 < p < 1, where `ways` is n over k. Terms are all positive, so the error stays relative."""
    q = _EXACT.subtract(Decimal(1), p)
    term = _EXACT.multiply(ways, _EXACT.multiply(_EXACT.power(p, k), _EXACT.power(q, n - k)))
    odds = _EXACT.divide(q, p)
    total = term
    for i in range(k, 0, -1):
        term = _EXACT.multiply(term, _EXACT.multiply(odds, _EXACT.divide(Decimal(i), Decimal(n - i + 1))))
        total = _EXACT.add(total, term)
        shrinking = _EXACT.multiply(odds, i) < n - i + 1
        if shrinking and term < _EXACT.multiply(total, _NEGLIGIBLE):
            break
    return total


@lru_cache(maxsize=4096)
def clopper_pearson_high(k: int, n: int, *, up: bool = True) -> Decimal:
    """The exact one-sided 95 % upper bound of k successes in n, at 12 digits rounded up (or down)."""
    if k >= n:
        return Decimal(1)
    ways = _EXACT.create_decimal(comb(n, k))
    return _root(lambda p: _lower_tail(k, n, ways, p) > ALPHA, up=up)


@lru_cache(maxsize=4096)
def clopper_pearson_low(k: int, n: int, *, up: bool = False) -> Decimal:
    """The exact one-sided 95 % lower bound of k successes in n, at 12 digits rounded down (or up)."""
    if k <= 0:
        return Decimal(0)
    ways = _EXACT.create_decimal(comb(n, k))
    return _root(lambda p: _lower_tail(n - k, n, ways, _EXACT.subtract(Decimal(1), p)) < ALPHA, up=up)


def _root(is_below: Callable[[Decimal], bool], *, up: bool) -> Decimal:
    """Where in (0, 1) `is_below` turns from true to false: the smallest 12-digit number where it is false, or the largest where it is true."""
    exponent = -1
    while not is_below(_power_of_ten(exponent)):
        exponent -= 1
    unit = exponent - DIGITS + 1
    low, high = 10 ** (DIGITS - 1), 10**DIGITS
    while high - low > 1:
        middle = (low + high) // 2
        if is_below(_EXACT.multiply(middle, _power_of_ten(unit))):
            low = middle
        else:
            high = middle
    return _EXACT.normalize(_EXACT.multiply(high if up else low, _power_of_ten(unit)))


def _power_of_ten(exponent: int) -> Decimal:
    return Decimal((0, (1,), exponent))


def clean_items_needed(line: Decimal) -> int | None:
    """The fewest items, all clean, whose upper bound lies below a line; None where no number would do."""
    if not 0 < line < 1:
        return None
    n, chance = 0, Decimal(1)
    while chance >= ALPHA:
        if n >= MOST_DEGREES:
            return None
        n, chance = n + 1, _EXACT.multiply(chance, _EXACT.subtract(Decimal(1), line))
    return n


def _arctan(x: Decimal) -> Decimal:
    """For x ≥ 0: halved until small, then the series."""
    halvings = 0
    while x > Decimal("0.05"):
        x = _EXACT.divide(x, _EXACT.add(1, _EXACT.sqrt(_EXACT.add(1, _EXACT.multiply(x, x)))))
        halvings += 1
    square, power, total, i = _EXACT.multiply(x, x), x, x, 1
    while power > _NEGLIGIBLE:
        power = _EXACT.multiply(power, square)
        term = _EXACT.divide(power, 2 * i + 1)
        total = _EXACT.subtract(total, term) if i % 2 else _EXACT.add(total, term)
        i += 1
    return _EXACT.multiply(total, 2**halvings)


_PI = _EXACT.multiply(_arctan(Decimal(1)), 4)


def _within(t: Decimal, degrees: int) -> Decimal:
    """P(|T| ≤ t) for Student's t, by the finite sums for whole degrees of freedom."""
    share = _EXACT.divide(degrees, _EXACT.add(degrees, _EXACT.multiply(t, t)))  # cos² of the angle whose tangent is t / √ν
    sine = _EXACT.sqrt(_EXACT.subtract(1, share))
    odd = degrees % 2 == 1
    term = total = _EXACT.sqrt(share) if odd else Decimal(1)
    if odd and degrees == 1:
        total = Decimal(0)
    for i in range(2 if odd else 1, degrees - 2, 2):
        term = _EXACT.multiply(_EXACT.divide(_EXACT.multiply(term, i), i + 1), share)
        total = _EXACT.add(total, term)
    if not odd:
        return _EXACT.multiply(sine, total)
    angle = _arctan(_EXACT.divide(t, _EXACT.sqrt(Decimal(degrees))))
    return _EXACT.multiply(_EXACT.divide(2, _PI), _EXACT.add(angle, _EXACT.multiply(sine, total)))


@lru_cache(maxsize=1024)
def student_t(degrees: int) -> Decimal:
    """The one-sided 95 % quantile of Student's t, to 20 digits and never too small."""
    degrees = min(degrees, MOST_DEGREES)
    wanted = _EXACT.subtract(1, _EXACT.multiply(2, ALPHA))
    low, high = Decimal(1), Decimal(8)  # 6.31 at one degree of freedom is the largest
    while _EXACT.subtract(high, low) > Decimal("1e-21"):
        middle = _EXACT.divide(_EXACT.add(low, high), 2)
        if _within(middle, degrees) < wanted:
            low = middle
        else:
            high = middle
    return high


def fieller(treatment: Arm, control: Arm) -> tuple[Decimal | None, Decimal | None]:
    """Low and high of treatment over control, each one-sided 95 %, with the smaller arm's degrees of freedom; None is unbounded."""
    if treatment.stderr is None or control.stderr is None:
        raise ValueError("Fieller's interval needs both standard errors.")
    t2 = _EXACT.power(student_t(min(treatment.n, control.n) - 1), 2)
    a, b = treatment.mean, control.mean
    v1, v2 = _EXACT.power(treatment.stderr, 2), _EXACT.power(control.stderr, 2)
    leading = _EXACT.subtract(_EXACT.power(b, 2), _EXACT.multiply(t2, v2))
    if b <= 0 or leading <= 0:  # the control cannot be told from zero: nothing bounds the ratio
        return None, None
    inside = _EXACT.add(_EXACT.multiply(_EXACT.power(a, 2), v2), _EXACT.multiply(_EXACT.power(b, 2), v1))
    inside = _EXACT.subtract(inside, _EXACT.multiply(t2, _EXACT.multiply(v1, v2)))
    spread = _EXACT.sqrt(_EXACT.multiply(t2, max(inside, Decimal(0))))
    middle = _EXACT.multiply(a, b)
    return _EXACT.divide(_EXACT.subtract(middle, spread), leading), _EXACT.divide(_EXACT.add(middle, spread), leading)


def accepts(interval: FileInterval) -> bool:
    """A file's own interval counts from central 90 % (one-sided 95 %) on, unless it has no width: of one score, or of scores that are all the same,
    harnesses write an interval from the value to the value, and no such thing was measured."""
    low, high = interval.low, interval.high
    if low is not None and high is not None and is_noise(_EXACT.subtract(high, low), low):
        return False
    return interval.level < 1 and interval.level >= (LEVEL if interval.one_sided else CENTRAL_LEVEL)


def deciding_interval(measurement: Measurement, *, kind: MetricKind, higher_is_riskier: bool) -> Interval | None:
    """The interval a measurement is judged by; `point_only` where nothing gives one, None where there is no value at all."""
    if measurement.value is None:
        return None
    own = _own(measurement, kind=kind, higher_is_riskier=higher_is_riskier)
    stated = measurement.interval if measurement.interval is not None and accepts(measurement.interval) else None
    if kind in ("mean", "duration") and measurement.n is not None and measurement.n < 2:
        stated = None  # nothing spreads around a single score
    if own is None and stated is None:
        return Interval(low=None, high=None, level=LEVEL, method="point only", point_only=True)
    if stated is None:
        return own
    low, high = (None if bound is None else rounded(bound, up=higher_is_riskier) for bound in (stated.low, stated.high))
    method = f"the file's own, {stated.method or 'method not stated'}"
    if own is None:
        return Interval(low=low, high=high, level=LEVEL, method=method)
    # Two intervals for one number: the wider side of each, so that bringing a second one never helps.
    return Interval(
        low=None if low is None or own.low is None else min(low, own.low),
        high=None if high is None or own.high is None else max(high, own.high),
        level=LEVEL,
        method=f"{own.method}, widened by {method}",
    )


def _own(measurement: Measurement, *, kind: MetricKind, higher_is_riskier: bool) -> Interval | None:
    value, n, up = measurement.value, measurement.n, higher_is_riskier
    if value is None:
        return None
    if kind in ("proportion", "count"):
        return _of_items(value, n, counted=kind == "count", up=up)
    if kind == "ratio" and measurement.arms is not None:
        return _of_arms(*measurement.arms, up=up)
    # An interval from a standard error needs to know it is one; a ratio of two means is not itself a mean.
    if (
        kind in ("mean", "duration")
        and n is not None
        and n >= 2
        and measurement.stderr is not None
        and not is_noise(measurement.stderr, value)
    ):
        reach = _EXACT.multiply(student_t(n - 1), measurement.stderr)
        low, high = _EXACT.subtract(value, reach), _EXACT.add(value, reach)
        return Interval(low=rounded(low, up=up), high=rounded(high, up=up), level=LEVEL, method=f"Student t, {n - 1} degrees of freedom")
    return None


def _of_items(value: Decimal, n: int | None, *, counted: bool, up: bool) -> Interval | None:
    """For a share of n items, or a count out of n items."""
    if n is None or n < 1:
        return None
    share = _EXACT.divide(value, n) if counted else value
    if not 0 <= share <= 1:
        return None
    judged = min(n, MOST_ITEMS)
    k = successes(share, judged, higher_is_riskier=up)
    low, high = clopper_pearson_low(k, judged, up=up), clopper_pearson_high(k, judged, up=up)
    if counted:
        low, high = (rounded(_EXACT.multiply(bound, n), up=up) for bound in (low, high))
    method = f"Clopper–Pearson, {k} of {judged}" + (f" (in place of {n})" if judged < n else "")
    return Interval(low=low, high=high, level=LEVEL, method=method)


def _of_arms(treatment: Arm, control: Arm, *, up: bool) -> Interval | None:
    smallest = min(treatment.n, control.n)
    if smallest < 2 or any(arm.stderr is None or is_noise(arm.stderr, arm.mean) for arm in (treatment, control)):
        return None
    low, high = (None if bound is None else rounded(bound, up=up) for bound in fieller(treatment, control))
    return Interval(low=low, high=high, level=LEVEL, method=f"Fieller, arms of {treatment.n} and {control.n}")


def implied_items(value: Decimal, stderr: Decimal) -> tuple[int, int] | None:
    """The range of n a proportion and its standard error imply, with either convention (n or n − 1) and the text's own rounding.

    None where nothing follows: at 0 and 1 a standard error of zero fits every n.
    """
    if not 0 < value < 1 or stderr <= 0:
        return None if stderr == 0 else (0, 0)
    half_value, half_stderr = _half_digit(value), _half_digit(stderr)
    lowest, highest = max(_EXACT.subtract(value, half_value), Decimal(0)), min(_EXACT.add(value, half_value), Decimal(1))
    variances = [_EXACT.multiply(p, _EXACT.subtract(1, p)) for p in (lowest, value, highest)]
    if lowest < Decimal("0.5") < highest:
        variances.append(Decimal("0.25"))
    widest = _EXACT.add(stderr, half_stderr)
    narrowest = max(_EXACT.subtract(stderr, half_stderr), _EXACT.divide(stderr, 2))
    fewest = _EXACT.divide(min(variances), _EXACT.power(widest, 2))
    most = _EXACT.divide(max(variances), _EXACT.power(narrowest, 2))
    return int(fewest.to_integral_value(ROUND_FLOOR, _EXACT)), int(most.to_integral_value(ROUND_CEILING, _EXACT)) + 1


def _half_digit(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal((0, (5,), exponent - 1)) if isinstance(exponent, int) else Decimal(0)


def disagrees_on_items(measurement: Measurement) -> bool:
    """Whether a share's standard error speaks of another n than the file claims (2 % and one item of slack; up to n × epochs)."""
    if measurement.value is None or measurement.stderr is None or measurement.n is None:
        return False
    implied = implied_items(measurement.value, measurement.stderr)
    if implied is None:
        return measurement.stderr == 0 and 0 < measurement.value < 1
    fewest, most = measurement.n * 98 - 100, measurement.n * (measurement.epochs or 1) * 102 + 100
    return implied[1] * 100 < fewest or implied[0] * 100 > most
