"""Formats the portal knows by sight and does not read: each is refused by its name, with what to do instead."""

from collections.abc import Callable
from dataclasses import dataclass

from evaluations.adapters.strict_json import Json, Number
from evaluations.adapters.types import RejectedInput

_AS_LOG = "Upload the Inspect log (.eval or .json), lm-evaluation-harness results, or an Every Eval Ever record of the same run."


@dataclass(frozen=True, slots=True)
class Known:
    """A format by name, and the sign it is told by."""

    format: str
    title: str
    is_it: Callable[[Json], bool]
    what_to_do: str = _AS_LOG


def refuse(format: str, title: str, what_to_do: str = _AS_LOG) -> RejectedInput:
    """The refusal of a format that is known but not read."""
    return RejectedInput(
        "known-not-read", f"This is {title}; the portal knows the format but does not read it.", what_to_do=what_to_do, format=format
    )


def _keys(value: Json) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def _first(value: Json) -> Json:
    return value[0] if isinstance(value, list) and value else None


def _inner(value: Json, key: str) -> Json:
    return value.get(key) if isinstance(value, dict) else None


def _is_log_listing(value: Json) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all({"eval", "status"} <= _keys(inner) for inner in list(value.values())[:-1] or value.values())
    )


def _is_promptfoo(value: Json) -> bool:
    keys, results = _keys(value), _keys(_inner(value, "results"))
    if "evalId" in keys or {"shareableUrl", "results"} <= keys or {"results", "stats", "table"} <= keys or "_resultsLoaded" in keys:
        return True
    if {"results", "timestamp"} <= results or {"results", "stats"} <= results or {"version", "prompts"} <= results:
        return True
    return {"version", "results"} <= keys and {"prompt", "vars"} <= _keys(_first(_inner(value, "results")))


def _is_promptfoo_stub(value: Json) -> bool:
    """Results without the statistics and the version promptfoo writes beside them."""
    results = _keys(_inner(value, "results"))
    return _keys(value) == {"results"} and {"results", "timestamp"} <= results and not results & {"stats", "version"}


def _is_promptfoo_list(value: Json) -> bool:
    return {"prompt", "output"} <= _keys(_first(value)) and "goal" not in _keys(_first(value))


def _is_bigcode(value: Json) -> bool:
    config = _keys(_inner(value, "config"))
    tasks = [inner for key, inner in value.items() if key != "config"] if isinstance(value, dict) else []
    return "model" in config and any("pass@" in key for task in tasks for key in _keys(task))


def _is_helm_stats(value: Json) -> bool:
    return isinstance(_inner(_first(value), "name"), dict) and "count" in _keys(_first(value))


def _is_simple_evals(value: Json) -> bool:
    return (
        isinstance(value, dict)
        and any(key.endswith(":std") for key in value)
        and all(isinstance(inner, Number) for key, inner in value.items() if ":" in key)
    )


def _is_croissant(value: Json) -> bool:
    return isinstance(_inner(value, "@type"), str) and "Dataset" in str(_inner(value, "@type")) and "@context" in _keys(value)


DOCUMENTS = (
    Known(
        "inspect-evalset",
        "eval-set.json, which lists the runs of a set",
        lambda v: {"eval_set_id", "tasks"} <= _keys(v),
        "Upload the .eval files beside it.",
    ),
    Known("inspect-listing", "a listing that Inspect writes beside its logs", _is_log_listing, "Upload the .eval files beside it."),
    Known(
        "inspect-dashboard",
        "a dashboard's extract of an Inspect log",
        lambda v: "eval_metadata" in _keys(v),
        "Upload the Inspect log it was made from.",
    ),
    Known("promptfoo-stub", "a promptfoo result without its statistics, such as nobody's run leaves behind", _is_promptfoo_stub),
    Known("promptfoo", "a promptfoo result", _is_promptfoo),
    Known("promptfoo-list", "an early promptfoo output, which holds no verdicts", _is_promptfoo_list),
    Known("bigcode", "a bigcode-evaluation-harness result", _is_bigcode),
    Known("bigcode-attempts", "a list of single attempts without an aggregate", lambda v: {"task_id", "result"} <= _keys(_first(v))),
    Known(
        "helm-run_spec", "the specification of a HELM run, which holds no numbers", lambda v: {"adapter_spec", "scenario_spec"} <= _keys(v)
    ),
    Known("helm-stats", "the statistics of a HELM run, which do not name the model", _is_helm_stats),
    Known("lighteval", "a first-generation Open LLM Leaderboard result", lambda v: {"config_general", "results"} <= _keys(v)),
    Known(
        "modelbench",
        "an AILuminate (modelbench) result",
        lambda v: {"_metadata", "scores"} <= _keys(v) or {"benchmark", "run_uid"} <= _keys(v),
    ),
    Known("croissant", "a description of a data set, not a result", _is_croissant, "Name the data set in the task instead."),
    Known("hf-eval-results", "a list of published results from a model card", lambda v: {"dataset", "value"} <= _keys(_first(v))),
    Known("openai-evals", "an OpenAI evals record", lambda v: "completion_fns" in _keys(_inner(v, "spec"))),
    Known("metr-runs", "a METR table of runs", lambda v: {"run_id", "task_id", "task_family"} <= _keys(v) and "alias" in _keys(v)),
    Known("garak-report", "a garak report", lambda v: "entry_type" in _keys(v)),
    Known("garak-hitlog", "a garak hit log", lambda v: {"goal", "prompt", "attempt_id"} <= _keys(v)),
    Known("modelbench-journal", "a modelbench run journal", lambda v: {"message", "run_id"} <= _keys(v)),
    Known(
        "weave",
        "a Weights & Biases Weave export",
        lambda v: {"op_name", "trace_id"} <= _keys(v) or {"op_name", "trace_id"} <= _keys(_first(v)),
    ),
    Known(
        "eee-samples",
        "the single samples beside an Every Eval Ever record",
        lambda v: {"evaluation_id", "sample_id"} <= _keys(v),
        "Upload the record itself.",
    ),
    Known(
        "inspect-sample", "one sample of an Inspect log", lambda v: {"epoch", "messages", "scores"} <= _keys(v), "Upload the log itself."
    ),
    Known(
        "inspect-eval-set-listing",
        "a table of Inspect samples",
        lambda v: {"epoch", "target", "scores"} <= _keys(_first(v)),
        "Upload the log itself.",
    ),
    Known("openai-simple-evals", "a simple-evals result, which names neither model nor n", _is_simple_evals),
)

TABLES = (
    ("epoch-csv", "an Epoch AI table", ("Model version", "model,Best score", "Best score (across scorers)")),
    ("vivaria", "a Vivaria export", ("traceId", "taskBranch", "runStatus")),
    ("promptfoo-csv", "a promptfoo table export", (",[",)),
)

WHOLE_FILE_MARKS = (
    (b"\x1f\x8b", "gzip", "a gzip-compressed file"),
    (b"\x28\xb5\x2f\xfd", "zstd", "a Zstandard-compressed file"),
    (b"\xfd7zXZ\x00", "xz", "an xz-compressed file"),
    (b"7z\xbc\xaf\x27\x1c", "7z", "a 7z archive"),
    (b"BZh", "bzip2", "a bzip2-compressed file"),
    (b"Rar!\x1a\x07", "rar", "a RAR archive"),
)
