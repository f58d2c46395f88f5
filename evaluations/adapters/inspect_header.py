"""The header of an Inspect log, which `.eval` and `.json` share: what ran, on which model, with what outcome.

`status: success` is not a verdict: samples may have errored, gone unscored or been invalidated under it, so every count is carried and compared.
"""

from collections.abc import Iterator
from dataclasses import replace

from evaluations.adapters.fields import Moment, Node, facts, kept, moment
from evaluations.adapters.inspect_scores import Scores
from evaluations.adapters.limits import Limits
from evaluations.adapters.names import name_warnings
from evaluations.adapters.strict_json import Number
from evaluations.adapters.types import (
    STORE_NOT_SCORED,
    Counts,
    Fact,
    ParsedRun,
    Reading,
    RejectedInput,
    Revision,
    Status,
    Warning,
    verdict_for,
)

READER_VERSION = "inspect-1"
HARNESS = "inspect"
PASSED_OVER = frozenset(
    {("samples",), ("reductions",), ("logging",), ("results", "sample_reductions"), ("eval", "dataset", "sample_ids"), ("plan", "config")}
)

_TESTED_VERSIONS = ("1", "2")
_BRIEF_VERSION = "3"  # written for some days in October 2025 on a branch; same header
_STATUSES: dict[str, Status] = {"success": "success", "error": "error", "cancelled": "cancelled", "started": "unfinished"}
_SETTINGS = (
    *(
        "limit",
        "sample_id",
        "epochs",
        "epochs_reducer",
        "message_limit",
        "token_limit",
        "turn_limit",
        "time_limit",
        "working_limit",
        "cost_limit",
    ),
    *("fail_on_error", "continue_on_fail", "retry_on_error", "score_on_error", "sample_shuffle"),
)
_HEXADECIMAL = frozenset("0123456789abcdef")


def read_header(header: Node, *, format: str, limits: Limits, is_unfinished: bool = False) -> Reading:
    """The Reading of a log from its header; raises RejectedInput where it is no log of Inspect's."""
    spec = header.child("eval")
    if not isinstance(spec.value, dict):
        raise _not_a_log("The log says nothing about the evaluation (no `eval`).", header.where)
    _refuse_hand_made(header)
    version, version_warnings, is_newer = _schema_version(header.child("version"))
    run = _run(header, version, limits, is_unfinished=is_unfinished)
    if is_newer:
        run = replace(run, measurements=(), warnings=(*run.warnings, *version_warnings))
        return Reading(format, version, READER_VERSION, STORE_NOT_SCORED, (run,))
    run = replace(run, warnings=(*version_warnings, *run.warnings))
    return Reading(format, version, READER_VERSION, verdict_for((run,)), (run,))


def _not_a_log(message: str, where: str) -> RejectedInput:
    return RejectedInput("not-an-inspect-log", message, where=where, what_to_do="Upload the log as Inspect wrote it.")


def _refuse_hand_made(header: Node) -> None:
    """Files that look like a log and that Inspect itself would not open."""
    stats = header.child("stats")
    known = ("started_at", "completed_at", "model_usage")
    if isinstance(stats.value, dict) and stats.value and not any(key in stats.value for key in known):
        raise _not_a_log("This looks like an Inspect log but was not written by Inspect: its `stats` are not Inspect's.", stats.where)


def _schema_version(node: Node) -> tuple[str | None, tuple[Warning, ...], bool]:
    if not node.is_there:
        message = "The log carries no schema version, so somebody changed it after Inspect wrote it; Inspect would not open it."
        return None, (Warning("schema-version-absent", message, node.where, "holds"),), False
    text = node.value.text if isinstance(node.value, Number) else ""
    if not text.isascii() or not text.isdigit() or text == "0":
        raise RejectedInput("schema-version-unusable", "The schema version of the log is not a whole number.", where=node.where)
    if text in _TESTED_VERSIONS:
        return text, (), False
    if text == _BRIEF_VERSION:
        message = "Schema version 3 was in use for a short time only; it is read like version 2, and a person should look."
        return text, (Warning("schema-version-untested", message, node.where, "holds"),), False
    message = f"Schema version {text[:20]} is newer than this portal understands. The log is kept and can be read again later."
    return text[:20], (Warning("schema-version-newer", message, node.where, "holds"),), True


def _run(header: Node, version: str | None, limits: Limits, *, is_unfinished: bool) -> ParsedRun:
    spec, config, results = header.child("eval"), header.child("eval").child("config"), header.child("results")
    status, status_warnings = _status(header, is_unfinished=is_unfinished)
    model, task = spec.child("model").name(limits), spec.child("task").name(limits)
    created, started = moment(spec.child("created")), moment(header.child("stats").child("started_at"))
    completed = moment(header.child("stats").child("completed_at"))
    epochs = _epochs(config.child("epochs"))
    revision, revision_warnings = _revision(spec.child("revision"))
    counts, count_warnings = _counts(results, epochs or 1)
    if config.child("epochs").is_there and epochs is None:
        message = "The number of epochs is no whole number, so the items cannot be counted."
        count_warnings.append(Warning("count-unusable", message, config.child("epochs").where, "holds"))
    scores = Scores(results, epochs or 1, _joined(config.child("epochs_reducer")), counts, limits)
    measurements = tuple(scores.measurements()) if not is_unfinished else ()
    found, fact_warnings = kept(_telling(spec, limits), _facts(header, limits), limits)
    return ParsedRun(
        harness=HARNESS,
        model=model,
        task=task,
        status=status,
        where=spec.where,
        harness_version=spec.child("packages").child("inspect_ai").text(),
        schema_version=version,
        identity=_identity(spec),
        external_ids=_ids(spec),
        model_roles=_roles(spec.child("model_roles")),
        task_version=spec.child("task_version").plain(),
        facts=found,
        created_raw=created.raw,
        created=created.at,
        started_raw=started.raw,
        started=started.at,
        completed_raw=completed.raw,
        completed=completed.at,
        epochs=epochs,
        reducer=_joined(config.child("epochs_reducer")),
        limit=_joined(config.child("limit")),
        dataset=spec.child("dataset").child("location").text() or spec.child("dataset").child("name").text(),
        selection=_joined(config.child("sample_id")),
        counts=counts,
        revision=revision,
        invalidated=_is_invalidated(header),
        has_log_updates=bool(header.child("log_updates").value),
        measurements=measurements,
        warnings=(
            *status_warnings,
            *name_warnings(model, task, spec.child("model").where, spec.child("task").where),
            *_created_warnings(created, spec),
            *revision_warnings,
            *count_warnings,
            *_part_of_the_data_set(spec, counts, epochs or 1),
            *_edit_warnings(header),
            *fact_warnings,
            *([] if measurements or is_unfinished else [Warning("no-scores", "The run has no scores.", results.where, "holds")]),
        ),
    )


def _status(header: Node, *, is_unfinished: bool) -> tuple[Status, list[Warning]]:
    where = header.child("status").where
    if is_unfinished:
        message = (
            "The run was not finished: the log has its beginning only. `inspect log recover` on the machine that ran it may complete it."
        )
        return "unfinished", [Warning("run-unfinished", message, header.where, "holds")]
    status = _STATUSES.get(header.child("status").text() or "", "unknown")
    if status == "success" and header.child("error").is_there:
        return "unknown", [Warning("status-unknown", "The log says success and carries an error.", header.child("error").where, "holds")]
    if status == "success":
        return status, []
    messages = {
        "error": "The run ended with an error.",
        "cancelled": "The run was cancelled before its end.",
        "unfinished": "The run had not finished when the log was written.",
        "unknown": "The log does not say how the run ended.",
    }
    return status, [Warning(f"status-{status}", messages[status], where, "holds")]


def _created_warnings(created: Moment, spec: Node) -> Iterator[Warning]:
    if created.warning:
        yield created.warning
    elif created.raw is None:
        yield Warning(
            "created-absent", "The file does not say when the run was made, so its age is not known.", spec.child("created").where, "info"
        )


def _edit_warnings(header: Node) -> Iterator[Warning]:
    if _is_invalidated(header):
        yield Warning("invalidated", "Samples of this run were invalidated after it ended.", header.child("invalidated").where, "holds")
    if header.child("log_updates").value:
        yield Warning(
            "log-edited", "The log was edited after the run; its edit history is in the file.", header.child("log_updates").where, "info"
        )
    if header.child("config_updates").value:
        message = "Settings were changed while the run was under way."
        yield Warning("settings-changed", message, header.child("config_updates").where, "info")
    if header.child("results").child("early_stopping").is_there:
        message = "The run stopped early by a rule of its own, so its samples were not chosen beforehand."
        yield Warning("stopped-early", message, header.child("results").child("early_stopping").where, "holds")


def _is_invalidated(header: Node) -> bool:
    """Anything but a plain no counts as yes."""
    return header.child("invalidated").value not in (None, False)


def _epochs(node: Node) -> int | None:
    epochs = node.count()
    return epochs if epochs else None


def _joined(node: Node) -> str | None:
    if isinstance(node.value, list):
        parts = [text for text in (item.plain() for item in node.elements()) if text is not None]
        return ", ".join(parts)[:500] or None
    return node.plain()


def _identity(spec: Node) -> str | None:
    """Equal for the `.eval` and the `.json` of one run: run_id alone is shared by all tasks started together."""
    run, task = spec.child("run_id").text(), spec.child("task_id").text()
    return spec.child("eval_id").text() or (f"{run}/{task}" if run and task else None)


def _ids(spec: Node) -> tuple[tuple[str, str], ...]:
    names = ("run_id", "eval_id", "task_id", "eval_set_id", "task_registry_name")
    found = ((name, spec.child(name).text()) for name in names)
    return tuple((name, value) for name, value in found if value)


def _roles(node: Node) -> tuple[tuple[str, str], ...]:
    roles = ((role, inner.child("model").text() or inner.text()) for role, inner in node.members())
    return tuple((role, model) for role, model in roles if model)


def _revision(node: Node) -> tuple[Revision, list[Warning]]:
    commit, dirty = node.child("commit").text(), node.child("dirty").value
    if commit is None:
        message = "The run cannot be traced to a commit: the log names none."
        return Revision(), [Warning("revision-absent", message, node.where, "info")]
    looks_real = 7 <= len(commit) <= 64 and _HEXADECIMAL.issuperset(commit.lower())
    revision = Revision(commit[:200], node.child("origin").text(), dirty if isinstance(dirty, bool) else None, looks_real)
    warnings = []
    if not looks_real:
        warnings.append(Warning("revision-unverified", "The commit in the log does not look like one.", node.child("commit").where, "info"))
    if revision.dirty:
        message = "The working tree had changes that no commit holds: the run is not reproducible from a commit."
        warnings.append(Warning("revision-dirty", message, node.child("dirty").where, "info"))
    return revision, warnings


def _counts(results: Node, epochs: int) -> tuple[Counts, list[Warning]]:
    total, completed = results.child("total_samples"), results.child("completed_samples")
    warnings = [
        Warning("count-unusable", "A number of samples is negative, broken or absurd; it is not used.", node.where, "holds")
        for node in (total, completed, results.child("logged_samples"))
        if node.is_there and node.count() is None
    ]
    items = _scored_items(results)
    scored = None if items is None else items * epochs if completed.count() is None else min(items * epochs, completed.count() or 0)
    counted = Counts(total.count(), completed.count(), scored)
    if counted.total is None or counted.completed is None:
        return counted, warnings
    if counted.completed > counted.total:
        warnings.append(
            Warning("count-unusable", "More samples completed than there were; the counts are not used.", completed.where, "holds")
        )
        return Counts(scored=counted.scored), warnings
    missing = counted.total - counted.completed
    if missing:
        message = f"{missing} of {counted.total} samples did not complete."
        warnings.append(Warning("samples-missing", message, completed.where, "holds"))
    logged = results.child("logged_samples").count()
    if logged is not None and logged < counted.total:
        warnings.append(Warning("samples-missing", f"Only {logged} of {counted.total} samples were run.", results.where, "holds"))
    if not missing and counted.scored is not None and counted.scored < counted.total:
        message = f"All {counted.total} samples completed but only {counted.scored} were scored."
        warnings.append(Warning("samples-unscored", message, results.where, "holds"))
    return replace(counted, errored=missing), warnings


def _scored_items(results: Node) -> int | None:
    """The fewest items any score block counted: one item has as many samples as there are epochs."""
    found = [
        count for count in (score.child("scored_samples").count() for score in results.child("scores").elements()) if count is not None
    ]
    return min(found) if found else None


def _part_of_the_data_set(spec: Node, counts: Counts, epochs: int) -> Iterator[Warning]:
    if not _is_narrowed(spec.child("config")):
        return
    size = spec.child("dataset").child("samples").count()
    if size is None or counts.total is None:
        message = "A limit or a selection was set, and the log does not say of how many items: perhaps a part, not the whole."
    elif counts.total < size * epochs:
        message = f"{counts.total // epochs} of the {size} items of the data set were run: a part, not the whole."
    else:
        return
    yield Warning("part-of-the-data-set", message, spec.child("dataset").where, "holds")


def _is_narrowed(config: Node) -> bool:
    return config.child("limit").is_there or config.child("sample_id").is_there


def _telling(spec: Node, limits: Limits) -> Iterator[Fact]:
    """What may tell how the run was elicited."""
    yield from facts(spec.child("metadata"), "metadata", limits)
    yield from facts(spec.child("task_args"), "task_args", limits)


def _facts(header: Node, limits: Limits) -> Iterator[Fact]:
    """How the run was set up otherwise. Prompts and solver parameters stay out: they may hold what must not be seen."""
    spec = header.child("eval")
    config = spec.child("config")
    settings = Node({name: config.child(name).value for name in _SETTINGS if config.child(name).is_there}, config.where)
    if header.child("metadata").value != spec.child("metadata").value:  # edited after the run, so it says nothing of the run itself
        yield from facts(header.child("metadata"), "edited_metadata", limits)
    yield from facts(settings, "config", limits)
    yield from facts(spec.child("model_generate_config"), "model_generate_config", limits)
    yield from facts(spec.child("solver_args"), "solver_args", limits, depth=0)
    for name in ("task_file", "task_display_name", "solver"):
        if text := spec.child(name).text():
            yield Fact(name, text[: limits.fact_characters], spec.child(name).where)
    if sandbox := spec.child("sandbox").child("type").text():
        yield Fact("sandbox", sandbox, spec.child("sandbox").where)
    if tags := _joined(spec.child("tags")):
        yield Fact("tags", tags, spec.child("tags").where)
    steps = [step.child("solver").text() for step in header.child("plan").child("steps").elements()]
    if named := ", ".join(step for step in steps if step):
        yield Fact("plan.solvers", named[: limits.fact_characters], header.child("plan").where)
