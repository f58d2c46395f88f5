"""What a reader finds in a result file: frozen values, nothing invented.

A number is carried twice: `*_raw` is the text as it stands in the file ("4.9e-2", "NaN", "N/A"), the plain name is the same number
as decimal text without an exponent, or None where the file gives no usable number. None always means "the file does not say", never zero.

Three levels carry warnings, each about what stands at its level: `Reading` (the file), `ParsedRun` (all measurements of the run),
`ParsedMeasurement` (this number alone). A warning with effect `holds` takes away the power to rule a threshold out, of everything at its level
and below; it never takes away the power to raise concern.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Effect = Literal["info", "holds"]
Verdict = Literal["accept", "accept-with-warning", "store-not-scored"]
Status = Literal["success", "error", "cancelled", "unfinished", "unknown"]
NSource = Literal["reported", "implied", "recomputed"]

ACCEPT: Verdict = "accept"
ACCEPT_WITH_WARNING: Verdict = "accept-with-warning"
STORE_NOT_SCORED: Verdict = "store-not-scored"

# Things worth saying of a file that is nonetheless an ordinary, well-formed result. They keep their effect; they do not change the verdict.
REMARKS = frozenset(
    [
        "created-without-zone",
        "revision-absent",
        "revision-dirty",
        "revision-unverified",
        "part-of-the-data-set",
        "count-unknown",
        "reported-elsewhere",
    ]
)


class RejectedInput(Exception):
    """A file that is not taken. Carries a stable code, one sentence, the place in the file, what to do, and the format if it was recognised."""

    def __init__(self, code: str, message: str, *, where: str = "", what_to_do: str = "", format: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.what_to_do = what_to_do
        self.format = format


@dataclass(frozen=True, slots=True)
class Warning:
    """Something a reader must know of. `holds`: no power to rule out until a person has looked. `info`: for the reader only."""

    code: str
    message: str
    where: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement of the file about how the run was done, as text: `task_args.tools` → `bash,python`. The origin is always the file."""

    name: str
    value: str
    where: str
    origin: Literal["file"] = "file"


@dataclass(frozen=True, slots=True)
class Counts:
    """Samples of a run, as far as the file states them. All count items × epochs, so that they compare; a measurement's `n` counts items.

    `errored` counts what did not complete, whatever the reason.
    """

    total: int | None = None
    completed: int | None = None
    scored: int | None = None
    errored: int | None = None
    invalidated: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """The working tree the evaluator ran from, never the model's revision. `commit_looks_real`: hexadecimal, 7 to 64 characters."""

    commit: str | None = None
    origin: str | None = None
    dirty: bool | None = None
    commit_looks_real: bool = False


class ParsedMeasurement(NamedTuple):
    """One number of a run with what the file says about its spread and its n. A tuple, for a file has thousands and it is made three times as fast."""

    metric: str
    value_raw: str
    value: str | None
    where: str
    scorer: str | None = None
    filter: str | None = None
    reducer: str | None = None
    group: str | None = None
    stderr_raw: str | None = None
    stderr: str | None = None
    stderr_method: str | None = None
    std: str | None = None
    n: int | None = None
    n_source: NSource | None = None
    implied_n: int | None = None
    low: str | None = None
    high: str | None = None
    level: str | None = None
    method: str | None = None
    unit: str | None = None
    scale_low: str | None = None
    scale_high: str | None = None
    higher_is_better: bool | None = None
    is_derived: bool = False
    is_headline: bool = False
    warnings: tuple[Warning, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether something about this number alone takes its power to rule out."""
        return any(warning.effect == "holds" for warning in self.warnings)


@dataclass(frozen=True, slots=True)
class ParsedRun:
    """One evaluation run: one model on one task. `status` is unknown where the format has none. `identity` is equal for two files of one run (`.eval` and `.json`), None if the file has none."""

    harness: str
    model: str | None
    task: str | None
    status: Status
    where: str
    harness_version: str | None = None
    schema_version: str | None = None
    identity: str | None = None
    external_ids: tuple[tuple[str, str], ...] = ()
    model_roles: tuple[tuple[str, str], ...] = ()
    task_version: str | None = None
    facts: tuple[Fact, ...] = ()
    created_raw: str | None = None
    created: datetime | None = None
    started_raw: str | None = None
    started: datetime | None = None
    completed_raw: str | None = None
    completed: datetime | None = None
    epochs: int | None = None
    reducer: str | None = None
    limit: str | None = None
    dataset: str | None = None
    selection: str | None = None
    counts: Counts = field(default_factory=Counts)
    revision: Revision = field(default_factory=Revision)
    invalidated: bool = False
    has_log_updates: bool = False
    measurements: tuple[ParsedMeasurement, ...] = ()
    warnings: tuple[Warning, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether something about the whole run takes the power to rule out of all its measurements."""
        return any(warning.effect == "holds" for warning in self.warnings)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one reader found in one file. `format` says how it was written; the family a binding names is its runs' `harness`."""

    format: str
    format_version: str | None
    reader_version: str
    verdict: Verdict
    runs: tuple[ParsedRun, ...]
    warnings: tuple[Warning, ...] = ()

    def all_warnings(self) -> Iterator[Warning]:
        """The warnings of the file, of its runs and of their measurements, in file order."""
        yield from self.warnings
        for run in self.runs:
            yield from run.warnings
            for measurement in run.measurements:
                yield from measurement.warnings


def verdict_for(runs: tuple[ParsedRun, ...], warnings: tuple[Warning, ...] = ()) -> Verdict:
    """The word for a file that was read: nothing to bind → stored only; anything to be careful with → with warning; else accepted."""
    if not any(run.measurements for run in runs) or all(run.status in ("error", "unfinished") for run in runs):
        return STORE_NOT_SCORED
    said = Reading("", None, "", ACCEPT, runs, warnings).all_warnings()
    return ACCEPT_WITH_WARNING if any(warning.code not in REMARKS for warning in said) else ACCEPT
