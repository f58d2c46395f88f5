"""Every Eval Ever aggregates, schema 0.0.1 to 0.3.x: one model, many results, often copied from a leaderboard rather than measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from evaluations.adapters.fields import Node, facts, kept, moment
from evaluations.adapters.figures import Figure, figure, implied_count
from evaluations.adapters.limits import Limits
from evaluations.adapters.names import name_warnings
from evaluations.adapters.plausibility import n_warnings, usable_stderr, value_warnings
from evaluations.adapters.strict_json import Json, Number, parse
from evaluations.adapters.types import (
    STORE_NOT_SCORED,
    Fact,
    ParsedMeasurement,
    ParsedRun,
    Reading,
    RejectedInput,
    Revision,
    Warning,
    verdict_for,
)
from evaluations.adapters.window import Readable

FORMAT = "eee-aggregate"
HARNESS = "every-eval-ever"
READER_VERSION = "every-eval-ever-1"

_NEWEST_KNOWN = (0, 3)
_BOUNDS = ("Infinity", "-Infinity", "NaN")


def is_aggregate(head: Json) -> bool:
    """Whether the beginning of a document shows an aggregate record."""
    if not isinstance(head, dict) or "schema_version" not in head:
        return False
    return "evaluation_results" in head or ("evaluation_id" in head and ("model_info" in head or "source_metadata" in head))


def is_sample_line(line: Json) -> bool:
    """Whether a line comes from the per-sample companion of an aggregate."""
    return isinstance(line, dict) and {"schema_version", "evaluation_id", "sample_id"} <= line.keys()


def read_document(stream: Readable, limits: Limits) -> Reading:
    """The Reading of an aggregate; raises RejectedInput where it is cut short or holds no list of results."""
    document = Node(parse(stream, limits=limits), "#")
    results = document.child("evaluation_results")
    if not isinstance(results.value, list):
        raise RejectedInput("not-an-eee-aggregate", "The record has no list of results.", where=results.where, format=FORMAT)
    version, is_newer = _version(document.child("schema_version"))
    run = _run(document, version, limits, is_newer=is_newer)
    return Reading(FORMAT, version, READER_VERSION, STORE_NOT_SCORED if is_newer else verdict_for((run,)), (run,))


def _version(node: Node) -> tuple[str, bool]:
    text = node.plain() or ""
    parts = text.split(".")
    if not 2 <= len(parts) <= 4 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts[:2]):
        raise RejectedInput(
            "schema-version-unusable", "The schema version of the record is not a version number.", where=node.where, format=FORMAT
        )
    return text[:40], (int(parts[0]), int(parts[1])) > _NEWEST_KNOWN


def _run(document: Node, version: str, limits: Limits, *, is_newer: bool) -> ParsedRun:
    info, library = document.child("model_info"), document.child("eval_library")
    model = info.child("id").name(limits) or info.child("name").name(limits)
    evaluation = document.child("evaluation_id").name(limits)
    made, retrieved = moment(document.child("evaluation_timestamp")), moment(document.child("retrieved_timestamp"))
    measurements = () if is_newer else tuple(_measurements(document, limits))
    found, fact_warnings = kept((), _facts(document, limits), limits)
    return ParsedRun(
        harness=HARNESS,
        model=model,
        task=evaluation,
        status="unknown",
        where="#",
        harness_version=library.child("version").plain(),
        schema_version=version,
        identity=evaluation,
        external_ids=(("evaluation_id", evaluation),) if evaluation else (),
        facts=found,
        created_raw=made.raw or retrieved.raw,
        # When a figure was copied is not when it was measured: without the run's own time its age stays unknown.
        created=made.at,
        dataset=_dataset(document),
        revision=Revision(),
        measurements=measurements,
        warnings=(
            *_version_warnings(document, version, is_newer=is_newer),
            *name_warnings(model, evaluation, info.where, document.child("evaluation_id").where),
            *([made.warning] if made.warning else []),
            *_source_warnings(document),
            *fact_warnings,
            *([] if measurements or is_newer else [Warning("no-scores", "The record has no results.", "#/evaluation_results", "holds")]),
        ),
    )


def _version_warnings(document: Node, version: str, *, is_newer: bool) -> Iterator[Warning]:
    if is_newer:
        message = f"Schema version {version} is newer than this portal understands. The record is kept and can be read again later."
        yield Warning("schema-version-newer", message, document.child("schema_version").where, "holds")


def _source_warnings(document: Node) -> Iterator[Warning]:
    source = document.child("source_metadata").child("source_type")
    if source.text() != "evaluation_run":
        message = "The record copies figures published elsewhere; it is a report of a run, not the run."
        yield Warning("reported-elsewhere", message, source.where, "holds")


def _dataset(document: Node) -> str | None:
    """The data set if all results name the same one."""
    sources = (result.child("source_data") for result in document.child("evaluation_results").elements())
    names = {source.child("hf_repo").text() or source.child("dataset_name").text() for source in sources}
    return names.pop() if len(names) == 1 else None


def _facts(document: Node, limits: Limits) -> Iterator[Fact]:
    source = document.child("source_metadata")
    for name in ("source_name", "source_type", "source_organization_name", "evaluator_relationship"):
        if text := source.child(name).text():
            yield Fact(f"source_metadata.{name}", text[: limits.fact_characters], source.child(name).where)
    if text := document.child("eval_library").child("name").text():
        yield Fact("eval_library.name", text[: limits.fact_characters], document.child("eval_library").where)
    yield from facts(document.child("model_info").child("additional_details"), "model_info", limits, depth=0)
    for result in islice(document.child("evaluation_results").elements(), 1):
        yield from facts(result.child("generation_config").child("generation_args"), "generation_args", limits, depth=1)


def _measurements(document: Node, limits: Limits) -> Iterator[ParsedMeasurement]:
    results = list(document.child("evaluation_results").elements())
    if len(results) > limits.measurements:
        raise RejectedInput(
            "too-many-measurements", "The record holds more results than a run has.", where="#/evaluation_results", format=FORMAT
        )
    for result in results:
        yield _measurement(_Result(result), limits)


@dataclass(frozen=True, slots=True)
class _Result:
    """One result, with its details wherever this version of the schema puts them."""

    node: Node

    @property
    def details(self) -> Node:
        return self.node.child("score_details")

    @property
    def config(self) -> Node:
        return self.node.child("metric_config")

    def spread(self, name: str) -> Node:
        """A piece of the uncertainty: under `uncertainty` since 0.2.2, beside the score before."""
        inner = self.details.child("uncertainty").child(name)
        return inner if inner.is_there else self.details.child(name)

    def kind(self) -> str:
        """All words the record has for what is measured: its own names rarely say that a metric is an accuracy."""
        words = (self.config.child(key).text() for key in ("metric_id", "metric_name", "metric_kind", "evaluation_description"))
        return " ".join(word[:200] for word in (self.node.child("evaluation_name").text(), *words) if word)

    def bound(self, name: str) -> str | None:
        """A bound of the declared scale; infinite bounds are none."""
        value = self.config.child(name).value
        return None if isinstance(value, str) and value in _BOUNDS else figure(value).value


def _measurement(result: _Result, limits: Limits) -> ParsedMeasurement:
    score = result.details.child("score")
    found = figure(score.value)
    n_node = result.spread("num_samples")
    n = n_node.count()
    stderr, stderr_method, stderr_where = _stderr(result)
    error, warnings = usable_stderr(stderr, found.value, n, stderr_where)
    metric = result.node.child("evaluation_name").name(limits) or ""
    scale = (result.bound("min_score"), result.bound("max_score"))
    warnings = [*value_warnings(metric, found, score.where, scale), *warnings]
    if n_node.is_there and n is None:
        warnings.append(Warning("count-unusable", "The number of samples is negative, broken or absurd.", n_node.where, "holds"))
    if n == 0:
        warnings.append(Warning("nothing-scored", "No sample was scored: the value is a placeholder.", n_node.where, "holds"))
    if n is None and not n_node.is_there:
        warnings.append(
            Warning("count-unknown", "The record does not say over how many items the number was taken.", result.details.where, "info")
        )
    if found.value is not None and scale == ("0", "1"):
        is_loose = stderr_method is not None and "boot" in stderr_method.lower()
        warnings += n_warnings(result.kind(), found.value, error, n, score.where, is_loose=is_loose)
    lower_is_better = result.config.child("lower_is_better").value
    interval = _interval(result)
    warnings += interval.warnings
    return ParsedMeasurement(
        metric=metric,
        value_raw=found.raw,
        value=found.value,
        where=score.where,
        stderr_raw=stderr.raw or None,
        stderr=error,
        stderr_method=stderr_method,
        std=figure(result.spread("standard_deviation").value).value,
        n=n,
        n_source="reported" if n is not None else None,
        implied_n=implied_count(found.value, error) if scale == ("0", "1") else None,
        low=interval.low,
        high=interval.high,
        level=interval.level,
        method=interval.method,
        unit=result.config.child("metric_unit").text(),
        scale_low=scale[0],
        scale_high=scale[1],
        higher_is_better=not lower_is_better if isinstance(lower_is_better, bool) else None,
        warnings=tuple(warnings),
    )


def _stderr(result: _Result) -> tuple[Figure, str | None, str]:
    node = result.spread("standard_error")
    if isinstance(node.value, dict):
        return figure(node.child("value").value), node.child("method").text(), node.child("value").where
    return figure(node.value), None, node.where


@dataclass(frozen=True, slots=True)
class _Interval:
    low: str | None = None
    high: str | None = None
    level: str | None = None
    method: str | None = None
    warnings: tuple[Warning, ...] = ()


def _interval(result: _Result) -> _Interval:
    """The file's own interval, if it has two finite bounds in order. Its level is only what the file says."""
    node = result.spread("confidence_interval")
    if not node.is_there:
        return _Interval()
    low, high = figure(node.child("lower").value).value, figure(node.child("upper").value).value
    if low is None or high is None or Decimal(low) > Decimal(high):
        return _Interval(
            warnings=(Warning("interval-unusable", "The interval in the file has no two bounds in order.", node.where, "holds"),)
        )
    level = node.child("confidence_level").value
    return _Interval(low, high, figure(level).value if isinstance(level, Number) else None, node.child("method").text())
