"""From a value to a place on the line. Floats serve pixels only; nothing here decides anything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10

# When every share, bound and line of a chart is below this, a scale to 1 would hide what they differ in.
SMALL = Decimal("0.2")


@dataclass(frozen=True, slots=True)
class Scale:
    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: Decimal) -> float:
        """The pixel of a value, kept within the band."""
        if self.log:
            if value <= 0:
                return self.start
            share = (_log(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        else:
            share = (float(value) - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def beyond(self, value: Decimal) -> bool:
        """A value the line cannot show, such as zero on a log scale."""
        return self.log and value <= 0

    def ticks(self) -> list[Decimal]:
        """Round values within the scale: at most eight."""
        return _log_ticks(self.low, self.high) if self.log else _linear_ticks(self.low, self.high)


def scale_for(values: Iterable[Decimal], *, start: float, end: float, log: bool) -> Scale:
    """A scale that shows all values with room at both ends. A linear one of values that are not negative begins at zero."""
    shown = [value for value in values if value.is_finite() and not (log and value <= 0)]
    if log:
        low, high = (min(shown), max(shown)) if shown else (Decimal(1), Decimal(10))
        return Scale(10 ** (_log(low) - 0.15), 10 ** (_log(high) + 0.15), start, end, log=True)
    lowest, highest = (float(min(shown)), float(max(shown))) if shown else (0.0, 1.0)
    low_end = 0.0 if lowest >= 0 else lowest
    room = (highest - low_end) * 0.08 or abs(highest) * 0.08 or 1.0
    return Scale(low_end if low_end == 0.0 else low_end - room, highest + room, start, end)


def shares_of_one(values: Sequence[Decimal], *, start: float, end: float) -> Scale | None:
    """The one scale of all shares in a chart: 0 to 1, or to a round number where all that is shown lies within its first fifth.
    None where there is nothing, or something that is no share."""
    if not values or min(values) < 0 or max(values) > 1:
        return None
    top = 1.0 if max(values) > SMALL else float(_round_step(float(max(values)) or float(SMALL)))
    return Scale(0.0, top, start, end)


def _log(value: Decimal) -> float:
    return float(value.log10())


def _linear_ticks(low: float, high: float) -> list[Decimal]:
    step = _round_step((high - low) / 5)
    first, last = ceil(low / float(step) - 1e-9), floor(high / float(step) + 1e-9)
    return [step * index for index in range(first, last + 1)]


def _round_step(rough: float) -> Decimal:
    power = Decimal(10) ** floor(log10(rough))
    return next((power * factor for factor in (1, 2, 5) if float(power * factor) >= rough * 0.999), power * 10)


def _log_ticks(low: float, high: float) -> list[Decimal]:
    lowest, highest = floor(log10(low)), ceil(log10(high))
    factors = (1, 2, 5) if highest - lowest <= 2 else (1,)
    every = max(1, ceil((highest - lowest) / 8))
    found = [Decimal(10) ** power * factor for power in range(lowest, highest + 1, every) for factor in factors]
    return [tick for tick in found if low * 0.999 <= float(tick) <= high * 1.001]
