"""One model as a table: a row for each indicator of each threshold, with every digit of its numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from evaluations.models import Subject
from frameworks.charts import Row, rows_of
from frameworks.models import FrameworkVersion
from reviews.status import SubjectStatus, ThresholdStatus, subject_status
from reviews.tables.table import Column, Kind, Table, sealed_now, spaced


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator of one threshold; `indicator` is None where no indicator bears on it."""

    threshold: ThresholdStatus
    indicator: Row | None


def subject_table(*, subject: Subject, version: FrameworkVersion, at: datetime, back: bool = False) -> Table:
    """How one model stands at `at`, or stood, where that is an earlier moment (`back`). The caller has asked whether this person may know of it."""
    seal = sealed_now(at)
    status = subject_status(subject, version, at, back=back)
    made = status.assessment
    about = [
        ("Model", f"{subject.name} ({subject.slug})"),
        ("Framework", f"{version.name} {version.version}"),
        ("Framework digest", version.digest),
        ("Status", status.label),
        ("Gate", "; ".join(f"{spaced(scope.scope)} {scope.state}" for scope in status.scopes)),
        ("Safeguards signed", f"{status.safeguards_signed} of {status.safeguards_required}"),
        *(("Not defined", f"{axis.title}: {axis.undefined_words}") for axis in status.axes if axis.undefined_words),
        ("Assessment digest", made.assessment_digest if made else "not assessed"),
    ]
    return Table("subject", f"Findings on {subject.name}", COLUMNS, list(_lines(status)), seal, about, of_one=subject.slug)


def _lines(status: SubjectStatus) -> Iterator[Line]:
    for threshold in status.thresholds:
        rows = rows_of(threshold.finding["tree"]) if threshold.finding else ()
        for row in rows:
            yield Line(threshold, row)
        if not rows:
            yield Line(threshold, None)


def _bound(line: Line, side: str) -> Decimal | str | None:
    """A side of the interval: a number, or the word for there being none. A hole would read as zero."""
    now = line.indicator.current if line.indicator else None
    if now is None or now.value is None:
        return None
    if now.point_only:
        return "no interval"
    bound: Decimal | None = getattr(now, side)
    return "unbounded" if bound is None else bound


def _value(line: Line) -> Decimal | str | None:
    if line.indicator is None:
        return None
    now = line.indicator.current
    return "no measurement" if now is None or now.value is None else now.value


def _now(line: Line, what: str) -> str:
    return str(getattr(line.indicator.current, what)) if line.indicator and line.indicator.current else ""


def _n(line: Line) -> int | None:
    return line.indicator.current.n if line.indicator and line.indicator.current else None


def _at(line: Line, side: str) -> Decimal | None:
    found = getattr(line.indicator, side) if line.indicator else None
    return found.at if found else None


def _inclusive(line: Line) -> bool | None:
    return line.indicator.rule_out.inclusive if line.indicator and line.indicator.rule_out else None


COLUMNS = (
    Column("Domain", Kind.TEXT, lambda line: line.threshold.domain),
    Column("Threshold", Kind.TEXT, lambda line: line.threshold.slug),
    Column("Title", Kind.TEXT, lambda line: line.threshold.title, 40),
    Column("Kind", Kind.TEXT, lambda line: spaced(line.threshold.kind), 12),
    Column("Finding", Kind.TEXT, lambda line: spaced(line.threshold.outcome)),
    Column("Finding digest", Kind.TEXT, lambda line: line.threshold.finding["finding_digest"] if line.threshold.finding else "", 40),
    Column("Determination", Kind.TEXT, lambda line: spaced(line.threshold.determination.verdict) if line.threshold.determination else ""),
    Column("Determined", Kind.MOMENT, lambda line: line.threshold.determination.decided_at if line.threshold.determination else None, 26),
    Column("Indicator", Kind.TEXT, lambda line: line.indicator.label if line.indicator else "", 40),
    Column("Indicator finding", Kind.TEXT, lambda line: spaced(line.indicator.outcome) if line.indicator else ""),
    Column("Value", Kind.DECIMAL, _value),
    Column("Low", Kind.DECIMAL, lambda line: _bound(line, "low")),
    Column("High", Kind.DECIMAL, lambda line: _bound(line, "high")),
    Column("Level of each bound", Kind.TEXT, lambda line: _now(line, "level"), 12),
    Column("Method", Kind.TEXT, lambda line: _now(line, "method"), 30),
    Column("n", Kind.NUMBER, _n, 8),
    Column("Rules out at", Kind.DECIMAL, lambda line: _at(line, "rule_out")),
    Column("Rules out when equal", Kind.YES_NO, _inclusive, 12),
    Column("Rules in at", Kind.DECIMAL, lambda line: _at(line, "rule_in")),
    Column("Higher is riskier", Kind.YES_NO, lambda line: line.indicator.higher_is_riskier if line.indicator else None, 12),
)
