"""lm-evaluation-harness results: three generations of one shape, and the list form of a 2022 fork. One run a task.

Group rows stand beside their subtasks and are marked derived; nothing is averaged here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from evaluations.adapters.fields import Moment, Node, facts, kept, moment
from evaluations.adapters.figures import Figure, figure, implied_count
from evaluations.adapters.limits import Limits
from evaluations.adapters.names import name_warnings
from evaluations.adapters.plausibility import is_share, n_warnings, usable_stderr, value_warnings
from evaluations.adapters.strict_json import Json, Number, parse
from evaluations.adapters.types import Counts, Fact, ParsedMeasurement, ParsedRun, Reading, RejectedInput, Revision, Warning, verdict_for
from evaluations.adapters.window import Readable

READER_VERSION = "lm-eval-1"
HARNESS = "lm-eval"
FORMAT, OLD_FORMAT, LIST_FORMAT, SAMPLES_FORMAT = "lm-eval", "lm-eval-old", "lm-eval-list", "lm-eval-samples"
PASSED_OVER = frozenset({("samples",), ("pretty_env_info",)})

_STDERR: Final = "_stderr"
_NOT_METRICS = frozenset({"alias", "name", "sample_len", "sample_count", "samples", "num_fewshot", "version", "limit"})
_SETTINGS = (
    "num_fewshot",
    "limit",
    "gen_kwargs",
    "batch_size",
    "bootstrap_iters",
    "model_dtype",
    "model_revision",
    "model_sha",
    "model_num_parameters",
)
_TOP_FACTS = ("model_source", "chat_template_sha", "fewshot_as_multiturn", "max_length", "total_evaluation_time_seconds")
_MODEL_KEYS = ("pretrained", "model", "peft", "path")


def is_results(head: Json) -> bool:
    """Whether the beginning of a document shows harness results."""
    if not isinstance(head, dict) or "results" not in head or "eval" in head or "config_general" in head:
        return False
    if isinstance(head["results"], list):
        first = head["results"][0] if head["results"] else None
        return isinstance(first, dict) and "task_name" in first
    known = ("versions", "configs", "n-samples", "group_subtasks", "n-shot")
    return isinstance(head["results"], dict) and (any(key in head for key in known) or _looks_like_tasks(head["results"]))


def is_sample_line(line: Json) -> bool:
    """Whether a line comes from a per-sample companion of the results."""
    return isinstance(line, dict) and {"doc_id", "doc", "resps"} <= line.keys()


def read_samples_companion() -> Reading:
    """What is said of a per-sample file: kept, but it has no aggregate inside."""
    message = "These are single samples without an aggregate; the results are in the results_….json written beside this file."
    return Reading(SAMPLES_FORMAT, None, READER_VERSION, "store-not-scored", (), (Warning("samples-only", message, "line 1", "holds"),))


def read_document(stream: Readable, limits: Limits) -> Reading:
    """The Reading of a results file; raises RejectedInput where it is cut short or holds no results."""
    document = Node(parse(stream, limits=limits, skip=PASSED_OVER), "#")
    results = document.child("results")
    if not isinstance(results.value, dict | list):
        raise RejectedInput("not-lm-eval-results", "The file has no results.", where=results.where, format=FORMAT)
    file = _File(document, _format(document), limits)
    runs = tuple(islice(file.runs(), limits.runs + 1))
    if len(runs) > limits.runs or sum(len(run.measurements) for run in runs) > limits.measurements:
        raise RejectedInput("too-many-measurements", "The file holds more results than a run has.", where=results.where, format=file.format)
    version = document.child("lm_eval_version").text()
    return Reading(file.format, version, READER_VERSION, verdict_for(runs), runs)


def _looks_like_tasks(results: dict[str, Json]) -> bool:
    """Task rows with `acc` beside `acc_stderr`, or keys like `acc,none`."""
    rows = [row for row in results.values() if isinstance(row, dict)]
    return bool(rows) and any(_split(key) is not None and _STDERR in key for row in rows[:5] for key in row)


def _format(document: Node) -> str:
    if isinstance(document.child("results").value, list):
        return LIST_FORMAT
    is_new = any(document.child(key).is_there for key in ("configs", "n-shot", "n-samples", "group_subtasks"))
    return FORMAT if is_new else OLD_FORMAT


def _split(key: str) -> tuple[str, str | None] | None:
    """`acc,none` → acc and none; `acc` → acc and no filter; None for what is no metric."""
    name, comma, filter_ = key.partition(",")
    if not name or name in _NOT_METRICS:
        return None
    return name, filter_ if comma else None


@dataclass(frozen=True, slots=True)
class _File:
    document: Node
    format: str
    limits: Limits

    def runs(self) -> Iterator[ParsedRun]:
        results = self.document.child("results")
        if isinstance(results.value, list):
            yield from self._list_runs(results)
            return
        for task, row in results.members():
            yield self._run(task, row.where, tuple(self._measurements(task, row, None)))

    def _list_runs(self, results: Node) -> Iterator[ParsedRun]:
        by_task: dict[str, list[ParsedMeasurement]] = {}
        first: dict[str, str] = {}
        for row in results.elements():
            task = row.child("task_name").text() or ""
            first.setdefault(task, row.where)
            by_task.setdefault(task, []).extend(self._measurements(task, row, row.child("prompt_name").text()))
        for task, measurements in by_task.items():
            yield self._run(task, first[task], tuple(measurements))

    def _run(self, task: str, where: str, measurements: tuple[ParsedMeasurement, ...]) -> ParsedRun:
        document, config = self.document, self.document.child("config")
        created, model = moment(document.child("date")), self._model()
        effective = self._samples(task).child("effective")
        commit = document.child("git_hash").text()
        found, fact_warnings = kept(self._telling(task), self._facts(task), self.limits)
        return ParsedRun(
            harness=HARNESS,
            model=model,
            task=task or None,
            # The harness writes its results once, after the last sample; a form that states no samples proves nothing of the kind.
            status="success" if effective.count() else "unknown",
            where=where,
            harness_version=document.child("lm_eval_version").text(),
            schema_version=None,
            task_version=document.child("versions").child(task).plain(),
            facts=found,
            created_raw=created.raw,
            created=created.at,
            limit=config.child("limit").plain(),
            dataset=document.child("configs").child(task).child("dataset_path").text(),
            counts=Counts(total=effective.count(), completed=effective.count()),
            revision=Revision(commit=commit, commit_looks_real=_is_hexadecimal(commit)),
            measurements=measurements,
            warnings=(*self._run_warnings(task, model, created, effective), *fact_warnings),
        )

    def _run_warnings(self, task: str, model: str | None, created: Moment, effective: Node) -> Iterator[Warning]:
        yield from name_warnings(model, task or None, self.document.child("model_name").where, self.document.child("results").where)
        if created.warning:
            yield created.warning
        elif created.raw is None:
            message = "The file does not say when the run was made, so its age is not known."
            yield Warning("created-absent", message, self.document.child("date").where, "info")
        original = self._samples(task).child("original").count()
        if effective.is_there and (effective.count() is None or (original is not None and original < (effective.count() or 0))):
            yield Warning("count-unusable", "The number of samples is negative, broken or absurd.", effective.where, "holds")
        yield from self._limit_warnings(task, effective.count())
        if not self.document.child("git_hash").text():
            yield Warning("revision-absent", "The run cannot be traced to a commit: the file names none.", self.document.where, "info")

    def _limit_warnings(self, task: str, effective: int | None) -> Iterator[Warning]:
        original = self._samples(task).child("original").count()
        limit = self.document.child("config").child("limit")
        if effective is not None and original is not None and effective < original:
            message = f"A limited run: {effective} of {original} samples. It shows a part, not the whole."
            yield Warning("limited-run", message, self._samples(task).where, "holds")
        elif limit.is_there and (effective is None or original is None):
            yield Warning("limited-run", f"The run was limited to {limit.plain()} samples a task.", limit.where, "holds")
        elif limit.is_there:
            yield Warning(
                "limit-without-effect", f"A limit of {limit.plain()} was set; the task is smaller than that.", limit.where, "info"
            )

    def _samples(self, task: str) -> Node:
        return self.document.child("n-samples").child(task)

    def _is_group(self, task: str) -> bool:
        return self.document.child("groups").child(task).is_there or bool(self.document.child("group_subtasks").child(task).value)

    def _model(self) -> str | None:
        name = self.document.child("model_name").name(self.limits)
        if name:
            return name
        arguments = self.document.child("config").child("model_args")
        stated = dict(_pairs(arguments.value)) if isinstance(arguments.value, str) else {}
        for key in _MODEL_KEYS:
            found = stated.get(key) or arguments.child(key).name(self.limits)
            if found:
                return found
        return self.document.child("config").child("model").name(self.limits)

    def _telling(self, task: str) -> Iterator[Fact]:
        """What may tell how the run was elicited; of this task alone, so that a long list is read once."""
        return facts(self.document.child("configs").child(task).child("metadata"), "metadata", self.limits, depth=1)

    def _facts(self, task: str) -> Iterator[Fact]:
        config = self.document.child("config")
        settings: dict[str, Json] = {name: config.child(name).value for name in _SETTINGS if config.child(name).is_there}
        yield from facts(Node(settings, config.where), "config", self.limits, depth=1)
        for name in ("n-shot", "task_hashes"):
            if text := self.document.child(name).child(task).plain():
                yield Fact(name, text[: self.limits.fact_characters], self.document.child(name).where)
        for name in _TOP_FACTS:
            if text := self.document.child(name).plain():
                yield Fact(name, text[: self.limits.fact_characters], self.document.child(name).where)
        yield from facts(self.document.child("configs").child(task).child("generation_kwargs"), "generation_kwargs", self.limits, depth=1)

    def _measurements(self, task: str, row: Node, group: str | None) -> Iterator[ParsedMeasurement]:
        is_derived = self._is_group(task)
        for key, value in row.members():
            named = _split(key)
            if named is None or key.partition(",")[0].endswith(_STDERR) or not self._is_metric(key, value, row):
                continue
            yield self._measurement(task, row, key, named, group, is_derived=is_derived)

    def _is_metric(self, key: str, value: Node, row: Node) -> bool:
        """Numbers are metrics; anything else only where a standard error or a filter says that a number was meant."""
        if isinstance(value.value, Number):
            return True
        return value.is_there and (row.child(_stderr_key(key)).is_there or "," in key)

    def _measurement(
        self, task: str, row: Node, key: str, named: tuple[str, str | None], group: str | None, *, is_derived: bool
    ) -> ParsedMeasurement:
        metric, filter_ = named
        place, spread = row.child(key), row.child(_stderr_key(key))
        found, stderr = figure(place.value), figure(spread.value)
        n = None if is_derived else self._samples(task).child("effective").count()
        error, warnings = usable_stderr(stderr, found.value, n, spread.where)
        warnings = [*value_warnings(metric, found, place.where), *warnings, *self._missing(place, stderr, n, is_derived=is_derived)]
        if found.value is not None and not is_derived:
            warnings += n_warnings(metric, found.value, error, n, place.where)
        higher = self.document.child("higher_is_better").child(task).child(metric).value
        return ParsedMeasurement(
            metric=metric,
            value_raw=found.raw,
            value=found.value,
            where=place.where,
            filter=filter_,
            group=group,
            stderr_raw=stderr.raw or None,
            stderr=error,
            n=n,
            n_source="reported" if n is not None else None,
            implied_n=implied_count(found.value, error) if is_share(metric) else None,
            higher_is_better=higher if isinstance(higher, bool) else None,
            is_derived=is_derived,
            warnings=tuple(warnings),
        )

    def _missing(self, place: Node, stderr: Figure, n: int | None, *, is_derived: bool) -> Iterator[Warning]:
        if n is None and not is_derived:
            yield Warning("n-absent", "The file does not say over how many items the number was taken.", place.where, "info")
        if n == 0:
            yield Warning("nothing-scored", "No sample was scored: the value is a placeholder.", place.where, "holds")
        if stderr.trouble == "absent":
            yield Warning("stderr-absent", "The number comes without a standard error.", place.where, "info")


def _stderr_key(key: str) -> str:
    name, comma, filter_ = key.partition(",")
    return f"{name}{_STDERR}{comma}{filter_}"


def _pairs(arguments: str) -> Iterator[tuple[str, str]]:
    for part in arguments.split(","):
        name, equals, value = part.partition("=")
        if equals:
            yield name.strip(), value.strip()


def _is_hexadecimal(commit: str | None) -> bool:
    return commit is not None and 7 <= len(commit) <= 64 and set(commit.lower()) <= set("0123456789abcdef")
