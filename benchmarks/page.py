"""docs/benchmarks.md, written anew by every whole run: the numbers from the run, the words from the measures."""

import importlib
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measuring import Line

HEAD = """# Benchmarks

What must stay fast, measured by `./portal bench`, which wrote this page on {day}. Each time is a ratio to a baseline that ran in the same minutes, in turn with
what is measured; the number told is the median of the rounds, beside it where the middle half of them lay. *Noisy* says that this middle half was wider
than a third of the median. Nothing here is a test: the suite never measures time, it counts statements.

{machine}
"""


def write(told: Mapping[str, Sequence[Line]], path: Path) -> None:
    parts = [HEAD.format(day=datetime.now(UTC).date(), machine=_machine()), _summary(told)]
    for name, lines in told.items():
        measure = importlib.import_module(f"benchmarks.{name}")
        table = ["| what | target | measured | how | |", "|---|---|---|---|---|", *(_row(line) for line in lines)]
        parts.append(
            f"## {measure.TITLE}\n\nBaseline: {measure.BASELINE.strip()}\n\n" + "\n".join(table) + f"\n\n{measure.TRIED.strip()}\n"
        )
    path.write_text("\n".join(part.rstrip() + "\n" for part in parts))


def _summary(told: Mapping[str, Sequence[Line]]) -> str:
    lines = [line for several in told.values() for line in several]
    return f"{sum(line.met for line in lines)} of {len(lines)} targets are met."


def _row(line: Line) -> str:
    verdict = "met" if line.met else f"**missed by {line.missed_by:.1f}×**"
    noisy = ", noisy" if line.noisy else ""
    return f"| {line.what} | {line.wanted} | {line.measured:.3g} {line.unit} | {line.detail} | {verdict}{noisy} |"


def _machine() -> str:
    load = os.getloadavg()
    return (
        f"The machine: {os.cpu_count()} processors ({platform.machine()}), {platform.system()}, Python {platform.python_version()}; PostgreSQL and Valkey embedded, "
        f"syncing to disk as in production. Average load at the end of the run: {load[0]:.1f}.{_beside(load[1])}"
    )


def _beside(load: float) -> str:
    """What a reader has to bear in mind where the machine did other work too."""
    if load <= 2 * (os.cpu_count() or 1):
        return ""
    return """

**Other work ran on the machine meanwhile.** Nearly every time is too long, and what is short waits for its turn longer than it takes: a ratio to something short, such as the task
that does nothing, comes out too small, and both sides may have met different neighbours. Only counts and memory are to be relied on here."""
