"""Writes true Inspect logs without any model: Inspect itself runs the task, a scripted provider gives the answers.

`python tests/samples/make_inspect_logs.py` makes the files under `tests/samples/inspect_eval/` and `inspect_json/` anew.
`write_inspect_log` makes one log anywhere, for the demonstration and the journeys.

The scripted outputs carry their own token usage: without it Inspect's mock counts tokens with a tokenizer that it downloads.
"""

import math
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from inspect_ai import Epochs, Task, eval, task
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, EvalRevision, ProvenanceData, invalidate_samples, read_eval_log, write_eval_log
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, ModelUsage, get_model, modelapi
from inspect_ai.scorer import Score, Scorer, Target, accuracy, ci, grouped, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver

HERE = Path(__file__).parent
RIGHT, WRONG = "right", "wrong"
_PROVIDERS: set[str] = set()


class Scripted(ModelAPI):
    """A model that answers each question as its script says."""

    def __init__(
        self, model_name: str, base_url: str | None = None, api_key: str | None = None, config: GenerateConfig | None = None, **_: Any
    ):
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())

    async def generate(self, input: list[Any], tools: list[Any], tool_choice: Any, config: GenerateConfig) -> ModelOutput:
        """The answer stands in the question: `item 3: right`."""
        output = ModelOutput.from_content(self.model_name, input[-1].text.rpartition(": ")[2])
        output.usage = ModelUsage(input_tokens=12, output_tokens=1, total_tokens=13)
        return output


def write_inspect_log(
    path: Path,
    *,
    task: str,
    scorer: str,
    correct: int,
    total: int,
    model: str,
    metadata: Mapping[str, Any] | None = None,
    task_args: Mapping[str, Any] | None = None,
    epochs: int = 1,
    created: datetime | None = None,
    task_version: int | str = 0,
    revision: str | None = None,
    errored: int = 0,
    limit: int | None = None,
    with_samples: bool = True,
) -> Path:
    """One successful log of `correct` right answers out of `total` items, at `path` (`.eval` or `.json` by its ending).

    Inspect runs the task and computes the metrics `accuracy` and `stderr`. `model` reads provider/name; with `epochs` every item is
    answered the same way each time. `created` sets the log's dates (the run itself takes place now). The last `errored` items break,
    `limit` runs only the first items, and without samples the log holds the results alone. Returns the path.
    """
    if not 0 <= correct <= total - errored or total < 1:
        raise ValueError("correct and errored items together are at most total, and total is at least 1")
    made = _task(
        task,
        _answers(correct, total),
        _exact(scorer),
        metadata=metadata,
        task_args=task_args,
        epochs=epochs,
        version=task_version,
        solved_by=breaking_after(total - errored) if errored else None,
        fail_on_error=not errored,
    )
    log = _run(made, model, limit=limit, log_samples=with_samples)
    return _write(path, log, created=created, revision=revision)


def _exact(name: str, value: Callable[[str], Any] = lambda answer: answer == RIGHT, metrics: list[Any] | None = None) -> Scorer:
    """A scorer registered under `name`; `value` turns an answer into a score."""

    @scorer(name=name, metrics=metrics or [accuracy(), stderr()])
    def made() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            given = value(state.output.completion)
            return Score(value="C" if given is True else "I" if given is False else given, answer=state.output.completion)

        return score

    return made()


def _task(
    name: str,
    answers: Iterable[str],
    scored_by: Scorer | list[Scorer] | None,
    *,
    metadata: Mapping[str, Any] | None = None,
    task_args: Mapping[str, Any] | None = None,
    epochs: int | Epochs = 1,
    version: int | str = 0,
    solved_by: Solver | None = None,
    fail_on_error: bool = True,
) -> Task:
    samples = [
        Sample(id=index, input=f"item {index}: {answer}", target=RIGHT, metadata={"half": "first" if index % 2 else "second"})
        for index, answer in enumerate(answers, start=1)
    ]

    @task(name=name)
    def made(**given: Any) -> Task:
        return Task(
            dataset=samples,
            solver=solved_by or generate(),
            scorer=scored_by,
            epochs=epochs,
            version=version,
            metadata=dict(metadata or {}),
            fail_on_error=fail_on_error,
        )

    return made(**dict(task_args or {}))


def _run(made: Task, model: str, **options: Any) -> EvalLog:
    """Run the task in an empty folder, so that neither a path nor a revision of this machine enters the log."""
    provider, _, name = model.partition("/")
    if provider != "mockllm" and provider not in _PROVIDERS:
        modelapi(name=provider)(lambda: Scripted)
        _PROVIDERS.add(provider)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        api = get_model(f"{provider}/{name}", **({"custom_outputs": _from_question} if provider == "mockllm" else {}))
        (log,) = eval(made, model=api, log_dir=folder, display="none", log_level="error", **options)
        return read_eval_log(log.location)


def _from_question(input: list[Any], tools: list[Any], tool_choice: Any, config: GenerateConfig) -> ModelOutput:
    output = ModelOutput.from_content("mockllm", input[-1].text.rpartition(": ")[2])
    output.usage = ModelUsage(input_tokens=12, output_tokens=1, total_tokens=13)
    return output


def _write(path: Path, log: EvalLog, *, created: datetime | None = None, revision: str | None = None) -> Path:
    if created is not None:
        start = created.astimezone(UTC).replace(microsecond=0)
        log.eval.created = log.stats.started_at = start.isoformat()
        log.stats.completed_at = (start + timedelta(minutes=20)).isoformat()
    log.eval.task_file = f"{log.eval.task}.py"
    _forget_paths(log)
    log.eval.revision = EvalRevision(type="git", origin="https://git.example/evaluations.git", commit=revision) if revision else None
    path.parent.mkdir(parents=True, exist_ok=True)
    write_eval_log(log, str(path))
    return path


def _forget_paths(log: EvalLog) -> None:
    """Tracebacks name folders of the machine the log was made on."""
    errors = [log.error, *(sample.error for sample in log.samples or [])]
    errors += [event.error for sample in log.samples or [] for event in sample.events if event.event == "error"]
    for error in errors:
        if error is not None:
            error.traceback = error.traceback_ansi = "RuntimeError: The tool did not answer."


@solver
def stumbling(every: int) -> Solver:
    """Raises on every n-th item, as a broken sandbox would."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if int(state.sample_id) % every == 0:
            raise RuntimeError("The tool did not answer.")
        return await generate(state)

    return solve


@solver
def breaking_after(items: int) -> Solver:
    """Raises on every item after the first so many."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if int(state.sample_id) > items:
            raise RuntimeError("The tool did not answer.")
        return await generate(state)

    return solve


def _answers(correct: int, total: int) -> list[str]:
    return [RIGHT] * correct + [WRONG] * (total - correct)


def make_all(into: Path) -> None:
    """The committed samples: small logs, each showing one thing."""
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    plain: dict[str, Any] = {"task": "bio_protocols", "scorer": "exact", "model": "aurora/aurora-3", "created": at, "revision": "4be1f02"}
    elicited = {"elicitation": {"variant": "helpful-only", "tools": ["bash", "python"], "safeguards_on": False}}
    write_inspect_log(into / "inspect_eval" / "plain.eval", correct=3, total=12, metadata=elicited, task_args={"attempts": 4}, **plain)
    write_inspect_log(into / "inspect_eval" / "epochs.eval", correct=3, total=5, epochs=3, **plain)
    write_inspect_log(into / "inspect_eval" / "none_right.eval", correct=0, total=8, **plain)
    twin = _run(_task("bio_protocols", _answers(2, 5), _exact("exact")), "aurora/aurora-3")
    _write(into / "inspect_eval" / "twin.eval", twin, created=at, revision="4be1f02")
    _write(into / "inspect_json" / "twin.json", twin, created=at, revision="4be1f02")
    shapes: dict[str, tuple[Task, dict[str, Any]]] = {
        "some_errors": (_task("bio_protocols", _answers(5, 10), _exact("exact"), solved_by=stumbling(3), fail_on_error=False), {}),
        "stopped_by_error": (_task("bio_protocols", _answers(5, 10), _exact("exact"), solved_by=stumbling(10)), {}),
        "some_unscored": (_task("bio_protocols", _answers(5, 10), _exact("exact", lambda answer: 1 if answer == RIGHT else math.nan)), {}),
        "no_scorer": (_task("bio_protocols", _answers(5, 5), None), {}),
        "limited": (_task("bio_protocols", _answers(5, 10), _exact("exact")), {"limit": 4}),
        "two_scorers": (_task("bio_protocols", _answers(5, 10), [_exact("exact"), _exact("lenient", lambda answer: True)]), {}),
        "with_interval": (_task("bio_protocols", _answers(5, 10), _exact("bounded", metrics=[accuracy(), stderr(), ci(level=0.9)])), {}),
        "by_group": (_task("bio_protocols", _answers(5, 10), _exact("halves", metrics=[grouped(accuracy(), "half"), stderr()])), {}),
        "by_reducer": (_task("bio_protocols", _answers(2, 4), _exact("exact"), epochs=Epochs(3, ["mean", "pass_at_2"])), {}),
        "off_scale": (_task("bio_protocols", _answers(5, 10), _exact("graded", lambda answer: 9 if answer == RIGHT else 8)), {}),
        "several_scores": (
            _task(
                "bio_protocols",
                _answers(5, 10),
                _exact("rubric", lambda answer: {"plan": float(answer == RIGHT), "detail": 0.25}, metrics=[{"*": [mean(), stderr()]}]),
            ),
            {},
        ),
    }
    for name, (made, options) in shapes.items():
        _write(into / "inspect_eval" / f"{name}.eval", _run(made, "aurora/aurora-3", **options), created=at, revision="4be1f02")
    whole = _run(_task("bio_protocols", _answers(5, 10), _exact("exact")), "aurora/aurora-3")
    marked = invalidate_samples(
        whole, [sample.uuid for sample in whole.samples[:5] if sample.uuid], ProvenanceData(author="ada", reason="leak")
    )
    _write(into / "inspect_eval" / "invalidated.eval", marked, created=at, revision="4be1f02")


if __name__ == "__main__":
    make_all(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
