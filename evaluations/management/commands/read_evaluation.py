"""./portal manage read_evaluation FILE… [--json]: what the readers make of a file. Nothing is stored, no database is asked."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluations import adapters
from evaluations.adapters import shown
from evaluations.adapters.types import ParsedMeasurement, ParsedRun, Reading, RejectedInput, Warning


class Command(BaseCommand):
    """Reads each file and says what is in it; exit code 1 if any was refused."""

    help = "Show what the readers make of evaluation files. Nothing is stored."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="one JSON document: an object for one file, a list for several"
        )

    def handle(self, *args: object, files: list[Path], as_json: bool, **options: Any) -> None:
        outcomes = [(path, read_file(path)) for path in files]
        if as_json:
            documents = [{"file": path.name, **_document(outcome)} for path, outcome in outcomes]
            self.stdout.write(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False, allow_nan=False))
        else:
            for path, outcome in outcomes:
                self.stdout.write("\n".join(_told(path, outcome)) + "\n")
        refused = sum(isinstance(outcome, RejectedInput) for _, outcome in outcomes)
        if refused:
            raise CommandError(f"{refused} of {len(outcomes)} {'file was' if len(outcomes) == 1 else 'files were'} refused.", returncode=1)


def read_file(path: Path) -> Reading | RejectedInput:
    """The Reading of a file on disk, or why it was refused; a path that cannot be opened is a CommandError."""
    try:
        with path.open("rb") as stream:
            return adapters.read(stream, filename=path.name)
    except RejectedInput as refusal:
        return refusal
    except OSError as error:
        raise CommandError(f"{path} cannot be opened: {error.strerror}.") from error


def _document(outcome: Reading | RejectedInput) -> dict[str, object]:
    return shown.refusal(outcome) if isinstance(outcome, RejectedInput) else shown.reading(outcome)


def _told(path: Path, outcome: Reading | RejectedInput) -> Iterator[str]:
    if isinstance(outcome, RejectedInput):
        yield f"{_safe(path.name)}: refused ({outcome.code})"
        yield f"  {outcome.message}"
        if outcome.where:
            yield f"  where: {_safe(outcome.where)}"
        if outcome.what_to_do:
            yield f"  what to do: {outcome.what_to_do}"
        return
    yield f"{_safe(path.name)}: {outcome.verdict} ({outcome.format}, read by {outcome.reader_version})"
    yield from _warnings(outcome.warnings, "  ")
    for run in outcome.runs:
        yield from _run(run)


def _run(run: ParsedRun) -> Iterator[str]:
    counts = run.counts
    yield f"  {_safe(run.model or 'no model named')} on {_safe(run.task or 'no task named')}: {run.status}, made {_safe(run.created_raw or 'at a time not stated')}"
    yield f"    samples: {_or_dash(counts.total)} in all, {_or_dash(counts.completed)} completed, {_or_dash(counts.scored)} scored; epochs {run.epochs or 1}"
    if run.revision.commit:
        yield f"    revision: {_safe(run.revision.commit)}{' with uncommitted changes' if run.revision.dirty else ''}"
    yield from _warnings(run.warnings, "    ")
    if run.measurements:
        yield from _table(run.measurements)
    for measurement in run.measurements:
        yield from _warnings(measurement.warnings, f"    {_safe(measurement.metric)}: ")


def _table(measurements: tuple[ParsedMeasurement, ...]) -> Iterator[str]:
    rows = [("scorer", "metric", "filter", "reducer", "value", "stderr", "n", "interval")]
    rows += [tuple(_safe(cell) for cell in _cells(measurement)) for measurement in measurements]  # type: ignore[misc]  # eight cells each
    widths = [min(40, max(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
    for row in rows:
        yield "    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cells(measurement: ParsedMeasurement) -> tuple[str, ...]:
    interval = f"{measurement.low} to {measurement.high} at {measurement.level or '?'}" if measurement.low and measurement.high else "-"
    n = f"{measurement.n} ({measurement.n_source})" if measurement.n is not None else "-"
    value = measurement.value if measurement.value is not None else f"none ({measurement.value_raw})"
    return (
        measurement.scorer or "-",
        measurement.metric + (" (group)" if measurement.is_derived else ""),
        measurement.filter or "-",
        measurement.reducer or "-",
        value,
        measurement.stderr or "-",
        n,
        interval,
    )


def _warnings(warnings: tuple[Warning, ...], indent: str) -> Iterator[str]:
    for warning in warnings:
        yield f"{indent}{warning.effect}: {warning.message} [{warning.code}, {_safe(warning.where)}]"


def _or_dash(count: int | None) -> str:
    return "-" if count is None else str(count)


def _safe(text: str) -> str:
    """Text of a stranger on a terminal: control and reordering characters are shown, not obeyed."""
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)
