"""Both sides in turn, several rounds, median and spread; and what a measure hands on to the page."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Side = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, and the quarters beside it."""

    median: float
    low: float
    high: float

    @property
    def is_noisy(self) -> bool:
        """The middle half of the rounds lies further apart than a third of the median."""
        return self.high - self.low > self.median / 3


@dataclass(frozen=True, slots=True)
class Line:
    """One target and what was measured. `measured` and `limit` are in the same unit; `at_least` where more is better."""

    what: str
    limit: float
    measured: float
    unit: str
    at_least: bool = False
    detail: str = ""
    noisy: bool = False

    @property
    def met(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def wanted(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.limit:g}{'' if self.unit == '×' else ' '}{self.unit}"

    @property
    def missed_by(self) -> float:
        """How many times worse than the target."""
        return self.limit / max(self.measured, 1e-9) if self.at_least else self.measured / self.limit

    def document(self) -> dict[str, Any]:
        return asdict(self)


def spread(values: list[float]) -> Spread:
    quarters = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return Spread(statistics.median(values), quarters[0], quarters[2])


def seconds(side: Side) -> float:
    begun = time.perf_counter()
    side()
    return time.perf_counter() - begun


def interleaved(sides: Mapping[str, Side], *, rounds: int, before: Side | None = None) -> dict[str, list[float]]:
    """Seconds of each side, in turn, so that whatever else the machine does falls on all of them. The first round warms up and is not counted."""
    told: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            if before is not None:
                before()
            gc.collect()
            taken = seconds(side)
            if number:
                told[name].append(taken)
    return told


def against(told: Mapping[str, list[float]], name: str, baseline: str) -> Spread:
    """How many times the baseline a side took, round by round."""
    return spread([one / other for one, other in zip(told[name], told[baseline], strict=True)])


def ratio_line(what: str, limit: float, told: Mapping[str, list[float]], name: str, baseline: str) -> Line:
    """The usual line: times the baseline, with both medians in milliseconds."""
    times = against(told, name, baseline)
    detail = (
        f"{_shown(told[name])} against {_shown(told[baseline])}; middle half {times.low:.2f}–{times.high:.2f}, {len(told[name])} rounds"
    )
    return Line(what, limit, times.median, "×", detail=detail, noisy=times.is_noisy)


def _shown(values: list[float]) -> str:
    milliseconds = statistics.median(values) * 1000
    return f"{milliseconds:.1f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.2f} s"


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
