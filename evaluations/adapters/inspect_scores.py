"""The score blocks of an Inspect log: each metric with the standard error, the interval and the n that belong to it and to no other.

A block's `stderr` stands beside its metrics, not on one of them; it is of the accuracy or the mean, so that is the number it is given to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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
_BOUNDS = frozenset({"lower", "upper"})
_NO_FIGURE = Figure("", None, "absent")


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
class _Common:
    """What all numbers of a block share, told once: a block may have thousands."""

    n: int | None
    n_source: NSource | None
    n_warnings: tuple[Warning, ...]
    # Of a number over one group of the items, whose n the log does not say.
    group_warnings: tuple[Warning, ...]
    scorer: str | None
    reducer: str | None
    grains: tuple[int, ...]
    headline: str | None


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
        common = self._common()
        for key, metric in metrics.items():
            if key in used:
                continue
            found = self._measurement(key, metric, metrics[spread] if spread and key == centres[0] else None, common)
            yield interval.on(found) if interval and key == centres[0] else found

    def _common(self) -> _Common:
        n, n_source = self.scores.n(self.node)
        return _Common(
            n=n,
            n_source=n_source,
            n_warnings=tuple(self._n_warnings(n)),
            group_warnings=tuple(self._n_warnings(None)),
            scorer=self._scorer(),
            reducer=self.node.child("reducer").text(),
            grains=self._grains(),
            headline=self._headline(),
        )

    def _measurement(self, key: str, metric: Node, spread: Node | None, common: _Common) -> ParsedMeasurement:
        where, is_grouped = metric.where, _is_over_a_group(metric)
        found = figure(metric.inner("value"))
        n, n_source = (None, None) if is_grouped else (common.n, common.n_source)
        stderr = figure(spread.child("value").value) if spread else _NO_FIGURE
        error, stderr_warnings = usable_stderr(stderr, found.value, n, spread.where if spread else where)
        warnings = [*value_warnings(key, found, where), *stderr_warnings]
        warnings += common.group_warnings if is_grouped else common.n_warnings
        if _lacks_stderr(key, found, stderr, n):
            warnings.append(Warning("stderr-absent", "The number comes without a standard error.", where, "info"))
        if is_grouped:
            warnings.append(
                Warning("n-absent", "The number may cover one group of the items; the log does not say how many are in it.", where, "info")
            )
        if found.value is not None:
            is_loose = spread is not None and _stderr_method(spread) != _PLAIN_STDERR
            warnings += n_warnings(key, found.value, error, n, where, grains=common.grains, is_loose=is_loose)
        return ParsedMeasurement(
            metric=key,
            value_raw=found.raw,
            value=found.value,
            where=where,
            scorer=common.scorer,
            reducer=common.reducer,
            group=metric.child("group").text(),
            stderr_raw=stderr.raw or None,
            stderr=error,
            stderr_method=_stderr_method(spread),
            std=figure(self.node.child("metrics").child("std").child("value").value).value if key in _CENTRES else None,
            n=n,
            n_source=n_source,
            implied_n=implied_count(found.value, error) if error is not None and is_share(key) else None,
            is_headline=key == common.headline,
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

    def _headline(self) -> str | None:
        """The metric of this block that the log calls its headline."""
        headline = self.scores.results.child("headline")
        pairs = (("scorer", "scorer"), ("score", "name"), ("reducer", "reducer"))
        is_here = all(not headline.child(h).text() or headline.child(h).text() == self.node.child(b).text() for h, b in pairs)
        return headline.child("metric").text() if is_here else None

    def _n_warnings(self, n: int | None) -> Iterator[Warning]:
        scored, unscored = self.node.child("scored_samples"), self.node.child("unscored_samples")
        for node in (scored, unscored):
            if node.is_there and node.count() is None:
                yield Warning("count-unusable", "The number of scored samples is negative, broken or absurd.", node.where, "holds")
        if n == 0:
            yield Warning("nothing-scored", "No sample was scored: the value is a placeholder.", self.node.where, "holds")
        if unscored.count():
            yield Warning("samples-unscored", f"{unscored.count()} samples were left without a score.", unscored.where, "holds")


def _lacks_stderr(key: str, found: Figure, stderr: Figure, n: int | None) -> bool:
    """A share needs no standard error once n is known; at 0 and 1 it would say nothing; else its absence is worth a word."""
    carries_one = stderr.trouble != "absent" or found.value in (None, "0", "1") or (n is not None and is_share(key))
    return not carries_one and not key.endswith(("stderr", "std", "var"))


def _is_over_a_group(metric: Node) -> bool:
    """Whether the number may cover one group of the items only: how many those are, the log does not say.

    `group` is what Inspect writes to every number of a metric that gives several; of which items each is, only its own metrics tell.
    """
    if metric.inner("params") is None or not metric.child("params").child("group_key").is_there:
        return metric.inner("group") is not None and not _is_bound(metric)
    params = metric.child("params")
    is_whole = metric.child("name").text() == (params.child("all_label").text() or "all")
    return not is_whole or params.child("all").text() == "groups"


def _is_bound(metric: Node) -> bool:
    """Whether the number is a bound of Inspect's own interval, which is over all items of its block."""
    return metric.child("group").text() in _INTERVALS and metric.child("name").text() in _BOUNDS


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
        return measurement._replace(low=self.low, high=self.high, level=self.level, method=self.method)


def _interval(metrics: dict[str, Node]) -> _Interval | None:
    """Inspect's own `ci` and `ci_wilson`: two bounds with their level among the metrics of the block."""
    for group in _INTERVALS:
        bounds = {metric.child("name").text(): key for key, metric in metrics.items() if metric.child("group").text() == group}
        if set(bounds) != _BOUNDS:
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
