"""The score blocks of an Inspect log: each metric with the standard error, the interval and the n that belong to it and to no other.

A block's `stderr` stands beside its metrics, not on one of them; it is of the accuracy or the mean, so that is the number it is given to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, islice

from evaluations.adapters.fields import Node
from evaluations.adapters.figures import Figure, canonical, figure, implied_count
from evaluations.adapters.limits import Limits
from evaluations.adapters.plausibility import is_share, n_warnings, usable_stderr, value_warnings
from evaluations.adapters.strict_json import Json, Number
from evaluations.adapters.types import Counts, NSource, ParsedMeasurement, RejectedInput, Warning

_SPREAD = ("stderr", "bootstrap_stderr", "bootstrap_std")
_PLAIN_STDERR = "standard error"
_CENTRES = ("accuracy", "mean")
_INTERVALS = ("ci", "ci_wilson")


@dataclass(frozen=True, slots=True)
class Scores:
    """The score blocks of a run, each read into its measurements."""

    results: Node
    epochs: int
    reducer: str | None
    counts: Counts
    limits: Limits

    def measurements(self) -> Iterator[ParsedMeasurement]:
        found = list(
            islice(chain.from_iterable(_Block(self, block).measurements() for block in self._blocks()), self.limits.measurements + 1)
        )
        if len(found) > self.limits.measurements:
            raise RejectedInput(
                "too-many-measurements", f"The log holds more than {self.limits.measurements} numbers.", where=self.results.where
            )
        yield from found

    def _blocks(self) -> Iterator[Node]:
        if self.results.child("scores").is_there:
            yield from self.results.child("scores").elements()
        elif self.results.child("metrics").is_there:  # version 1: one scorer, its metrics beside it
            scorer = self.results.child("scorer").child("name").value
            yield Node({"name": scorer, "scorer": scorer, "metrics": self.results.child("metrics").value}, self.results.where)

    def n(self, block: Node) -> tuple[int | None, NSource | None]:
        """Items behind a block's numbers: as stated, or the completed samples divided by the epochs."""
        scored = block.child("scored_samples")
        if scored.is_there:
            return (scored.count(), "reported") if scored.count() is not None else (None, None)
        if self.counts.completed is None:
            return None, None
        if self.epochs == 1:
            return self.counts.completed, "reported"
        items, rest = divmod(self.counts.completed, self.epochs)
        return (items, "recomputed") if not rest else (None, None)


@dataclass(frozen=True, slots=True)
class _Block:
    """One score block: one scorer, perhaps one of its scores and one reducer, with the metrics computed over the same items."""

    scores: Scores
    node: Node

    def measurements(self) -> Iterator[ParsedMeasurement]:
        metrics = dict(self.node.child("metrics").members())
        centres = [key for key in metrics if key in _CENTRES]
        spread = next((key for key in _SPREAD if key in metrics), None) if centres else None
        interval = _interval(metrics) if centres else None
        used = {spread} | (set(interval.keys) if interval else set())
        for key, metric in metrics.items():
            if key in used:
                continue
            found = self._measurement(key, metric, metrics[spread] if spread and key == centres[0] else None)
            yield interval.on(found) if interval and key == centres[0] else found

    def _measurement(self, key: str, metric: Node, spread: Node | None) -> ParsedMeasurement:
        found = figure(metric.child("value").value)
        n, n_source = (None, None) if _is_over_a_group(metric) else self.scores.n(self.node)
        stderr = figure(spread.child("value").value) if spread else Figure("", None, "absent")
        error, stderr_warnings = usable_stderr(stderr, found.value, n, spread.where if spread else metric.where)
        warnings = [*value_warnings(key, found, metric.where), *stderr_warnings, *self._n_warnings(n)]
        warnings += self._absent_stderr(key, found, stderr, n, metric)
        if _is_over_a_group(metric):
            warnings.append(
                Warning("n-absent", "The number covers one group; the log does not say how many items are in it.", metric.where, "info")
            )
        if found.value is not None:
            is_loose = spread is not None and _stderr_method(spread) != _PLAIN_STDERR
            warnings += n_warnings(key, found.value, error, n, metric.where, grains=self._grains(), is_loose=is_loose)
        return ParsedMeasurement(
            metric=key,
            value_raw=found.raw,
            value=found.value,
            where=metric.where,
            scorer=self._scorer(),
            reducer=self.node.child("reducer").text(),
            group=metric.child("group").text(),
            stderr_raw=stderr.raw or None,
            stderr=error,
            stderr_method=_stderr_method(spread),
            std=figure(self.node.child("metrics").child("std").child("value").value).value if key in _CENTRES else None,
            n=n,
            n_source=n_source,
            implied_n=implied_count(found.value, error) if is_share(key) else None,
            is_headline=self._is_headline(key),
            warnings=tuple(warnings),
        )

    def _grains(self) -> tuple[int, ...]:
        """Which fractions an item's score can take after its epochs were reduced; () where the reducer leaves that open."""
        epochs, reducer = self.scores.epochs, self.node.child("reducer").text() or self.scores.reducer or "mean"
        return {"mean": (1, 2, epochs, 2 * epochs), "mode": (1, 2), "max": (1, 2), "median": (1, 2, 4)}.get(reducer, ())

    def _scorer(self) -> str | None:
        """The scorer, with the score's own name after a dot where one scorer gives several."""
        scorer, name = self.node.child("scorer").text(), self.node.child("name").text()
        return f"{scorer}.{name}" if scorer and name and name != scorer else scorer or name

    def _is_headline(self, key: str) -> bool:
        headline = self.scores.results.child("headline")
        pairs = (("scorer", "scorer"), ("score", "name"), ("reducer", "reducer"))
        stated = headline.child("metric").text()
        return stated == key and all(
            not headline.child(h).text() or headline.child(h).text() == self.node.child(b).text() for h, b in pairs
        )

    def _n_warnings(self, n: int | None) -> Iterator[Warning]:
        scored, unscored = self.node.child("scored_samples"), self.node.child("unscored_samples")
        for node in (scored, unscored):
            if node.is_there and node.count() is None:
                yield Warning("count-unusable", "The number of scored samples is negative, broken or absurd.", node.where, "holds")
        if n == 0:
            yield Warning("nothing-scored", "No sample was scored: the value is a placeholder.", self.node.where, "holds")
        if unscored.count():
            yield Warning("samples-unscored", f"{unscored.count()} samples were left without a score.", unscored.where, "holds")

    def _absent_stderr(self, key: str, found: Figure, stderr: Figure, n: int | None, metric: Node) -> Iterator[Warning]:
        """A share needs no standard error once n is known; at 0 and 1 it would say nothing; else its absence is worth a word."""
        carries_one = stderr.trouble != "absent" or found.value in (None, "0", "1") or (is_share(key) and n is not None)
        if not carries_one and not key.endswith(("stderr", "std", "var")):
            yield Warning("stderr-absent", "The number comes without a standard error.", metric.where, "info")


def _is_over_a_group(metric: Node) -> bool:
    """Whether the number covers one group of the items only: how many those are, the log does not say."""
    params = metric.child("params")
    if not params.child("group_key").is_there:
        return False
    is_whole = metric.child("name").text() == (params.child("all_label").text() or "all")
    return not is_whole or params.child("all").text() == "groups"


def _stderr_method(spread: Node | None) -> str | None:
    if spread is None:
        return None
    cluster = spread.child("params").child("cluster").text()
    return f"clustered by {cluster}"[:200] if cluster else _PLAIN_STDERR if spread.where.endswith("/stderr") else "bootstrap"


@dataclass(frozen=True, slots=True)
class _Interval:
    keys: tuple[str, str]
    low: str
    high: str
    level: str | None
    method: str

    def on(self, measurement: ParsedMeasurement) -> ParsedMeasurement:
        return replace(measurement, low=self.low, high=self.high, level=self.level, method=self.method)


def _interval(metrics: dict[str, Node]) -> _Interval | None:
    """Inspect's own `ci` and `ci_wilson`: two bounds with their level among the metrics of the block."""
    for group in _INTERVALS:
        bounds = {metric.child("name").text(): key for key, metric in metrics.items() if metric.child("group").text() == group}
        if set(bounds) != {"lower", "upper"}:
            continue
        low, high = (metrics[bounds[side]] for side in ("lower", "upper"))
        low_value, high_value = figure(low.child("value").value).value, figure(high.child("value").value).value
        if low_value is None or high_value is None or Decimal(low_value) > Decimal(high_value):
            continue
        level: Json = low.child("params").child("level").value
        stated = canonical(level.text) if isinstance(level, Number) else None
        kind = low.child("params").child("method").text()
        return _Interval((bounds["lower"], bounds["upper"]), low_value, high_value, stated, f"{group} ({kind})" if kind else group)
    return None
