"""One measurement against one indicator: does it qualify, where does its bound lie, and what may it still do if it does not qualify.

Two kinds of defect are told apart. What was wrong with the measurement itself from the start (too few items, incomplete, under-elicited, no
interval) leaves it the power to raise by its value. What comes from outside or later (age, a hold, an unconfirmed snapshot, a late
registration, a saturated indicator) leaves it the power to raise by its bound: nothing that happens afterwards makes a concerning result harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal

from frameworks.engine import explain
from frameworks.engine.intervals import accepts, clean_items_needed, deciding_interval, disagrees_on_items
from frameworks.engine.types import (
    Clock,
    ClockReading,
    Code,
    Condition,
    Evidence,
    Fact,
    FileInterval,
    FrameworkDocument,
    Indicator,
    Interval,
    Judged,
    Line,
    Measurement,
    Outcome,
    Reason,
    worst,
)

_EXACT = Context(prec=60)
# The grades and origins that bear weight. Whatever is not named here does not.
STRONG_GRADES = frozenset({"attested", "confirmed"})
STRONG_ORIGINS = frozenset({"file", "countersigned"})
COMPLETE_STATUS = "success"
WEAK = frozenset(
    {
        Code.N_UNKNOWN,
        Code.N_BELOW_MINIMUM,
        Code.ELICITATION_ABSENT,
        Code.ELICITATION_DECLARED,
        Code.ELICITATION_BELOW_FLOOR,
        Code.POINT_ONLY,
    }
)
FLAWED = frozenset(
    {Code.RUN_NOT_COMPLETE, Code.SAMPLES_INVALIDATED, Code.COUNTS_UNKNOWN, Code.VALUE_MISSING, Code.VALUE_OUT_OF_RANGE, Code.N_DISAGREES}
)
AGED = frozenset({Code.AGE_UNKNOWN, Code.STALE, Code.COMPUTE_GROWN})


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A measurement under one version of its indicator."""

    interval: Interval | None
    bound: Decimal | None
    comparison: str
    by_bound: Outcome | None
    by_value: Outcome | None
    stale_at: datetime | None
    defects: tuple[Reason, ...]

    @property
    def outcome(self) -> Outcome | None:
        codes = {defect.code for defect in self.defects}
        if not codes:
            return self.by_bound
        outcome = self.by_value if codes & (WEAK | FLAWED) else self.by_bound
        return outcome if outcome is not None and outcome.raises else None


def judge(measurement: Measurement, indicator: Indicator, framework: FrameworkDocument, evidence: Evidence) -> Judged:
    """A measurement under every version of the indicator that binds it; the most concerning answer counts."""
    versions, late = _versions(measurement, indicator, evidence)
    common = (*late, *_provenance_defects(measurement, evidence, admitted=indicator.digest in measurement.admitted_under))
    verdicts = [_verdict(measurement, version, common, framework, evidence) for version in versions]
    current = verdicts[0]
    outcomes = [verdict.outcome for verdict in verdicts if verdict.outcome is not None]
    reasons = tuple({(each.code, each.sentence): each for verdict in verdicts for each in verdict.defects}.values())
    qualifies = not reasons
    outcome = worst(outcomes) if outcomes else None
    codes = {reason.code for reason in reasons}
    stale_times = [verdict.stale_at for verdict in verdicts if verdict.stale_at is not None]
    return Judged(
        measurement=measurement,
        interval=current.interval,
        bound=current.bound,
        comparison=current.comparison,
        outcome=outcome,
        qualifies=qualifies,
        power="full" if qualifies else "raise" if outcome is not None else "none",
        stale_at=min(stale_times, default=None),
        stale=bool(codes & AGED),
        weak=bool(codes & WEAK) and not codes & FLAWED,
        judged_under=tuple(version.digest for version in versions),
        reasons=(*reasons, *_findings(current, versions, indicator, measurement, outcome)),
    )


def _versions(measurement: Measurement, current: Indicator, evidence: Evidence) -> tuple[list[Indicator], list[Reason]]:
    """The current version first, then every other one the measurement answers to, and why it may be too late for them.

    What was received under an earlier version answers to that one too, and to each since: a looser successor frees nothing. Nor does having come before
    them all, or having been admitted by a quorum, which excuses being late and nothing else.
    """
    adoptions = [each for each in evidence.indicators if each.indicator.slug == current.slug]
    if not any(each.indicator.digest == current.digest for each in adoptions):
        return [current], [
            Reason(Code.INDICATOR_NOT_ADOPTED, "This version of the indicator is not adopted yet, so nothing rules out under it.")
        ]
    earlier = [each for each in adoptions if each.adopted_seq < measurement.received_seq]
    later = [each for each in adoptions if each.adopted_seq >= measurement.received_seq]
    others = {each.indicator.digest: each.indicator for each in (*earlier[-1:], *later) if each.indicator.digest != current.digest}
    alike = [others[digest] for digest in sorted(others) if _comparable(others[digest], current)]
    late = ""
    if not earlier:
        late = "The result arrived before its indicator was adopted; it may raise, never rule out."
    elif len(alike) < len(others):
        late = "The indicator measured something else when the result arrived; it may raise, never rule out."
    excused = not late or current.digest in measurement.admitted_under
    return [current, *alike], [] if excused else [Reason(Code.INDICATOR_ADOPTED_AFTER_RECEIPT, late)]


def _comparable(one: Indicator, other: Indicator) -> bool:
    return (one.kind, one.higher_is_riskier) == (other.kind, other.higher_is_riskier)


def _verdict(
    measurement: Measurement, indicator: Indicator, common: tuple[Reason, ...], framework: FrameworkDocument, evidence: Evidence
) -> _Verdict:
    interval = deciding_interval(measurement, kind=indicator.kind, higher_is_riskier=indicator.higher_is_riskier)
    bound = deciding_bound(measurement, interval, indicator)
    stale_at, aged = _age(measurement, indicator, framework, evidence)
    defects = (
        *common,
        *_status_defects(indicator),
        *completeness_defects(measurement.run_status, measurement.counts),
        *_number_defects(measurement, indicator, interval),
        *(reason for condition in indicator.floor if (reason := _unmet(condition, measurement.elicitation)) is not None),
        *aged,
    )
    return _Verdict(
        interval=interval,
        bound=bound,
        comparison=explain.comparison(bound, interval, indicator),
        by_bound=_by_bound(bound, interval, indicator),
        by_value=_by_value(measurement, interval, indicator),
        stale_at=stale_at,
        defects=defects,
    )


def deciding_bound(measurement: Measurement, interval: Interval | None, indicator: Indicator) -> Decimal | None:
    """The concern-side bound with every margin that applies; None is unbounded, or no value at all."""
    if interval is None or measurement.value is None:
        return None
    margins = [indicator.safety_margin]
    if interval.point_only:
        bound: Decimal | None = measurement.value
        margins += [] if indicator.point_only_margin is None else [indicator.point_only_margin]
    else:
        bound = interval.high if indicator.higher_is_riskier else interval.low
    for margin in margins:
        bound = None if bound is None else moved(bound, margin, indicator)
    return bound


def moved(bound: Decimal, margin: Decimal, indicator: Indicator) -> Decimal:
    """A bound moved towards concern: added or subtracted, or on a ratio scale multiplied or divided."""
    if indicator.margin_scale == "ratio":
        return _EXACT.multiply(bound, margin) if indicator.higher_is_riskier else _EXACT.divide(bound, margin)
    return _EXACT.add(bound, margin) if indicator.higher_is_riskier else _EXACT.subtract(bound, margin)


def lies_beyond(value: Decimal, line: Line, *, above: bool) -> bool:
    """Strictly on the far side of a line, or on it where the line says inclusive."""
    return (value == line.at and line.inclusive) or (value > line.at if above else value < line.at)


def _by_bound(bound: Decimal | None, interval: Interval | None, indicator: Indicator) -> Outcome | None:
    if interval is None:
        return None
    if _ruled_in(interval, indicator):
        return Outcome.RULED_IN
    if indicator.rule_out is None:
        return None
    if bound is not None and lies_beyond(bound, indicator.rule_out, above=not indicator.higher_is_riskier):
        return Outcome.RULED_OUT
    return Outcome.CANNOT_RULE_OUT


def _by_value(measurement: Measurement, interval: Interval | None, indicator: Indicator) -> Outcome | None:
    """What a measurement without full power says: only whether its value itself lies past the line."""
    if measurement.value is None or indicator.rule_out is None:
        return None
    if lies_beyond(measurement.value, indicator.rule_out, above=not indicator.higher_is_riskier):
        return Outcome.RULED_OUT
    return Outcome.RULED_IN if interval is not None and _ruled_in(interval, indicator) else Outcome.CANNOT_RULE_OUT


def _ruled_in(interval: Interval, indicator: Indicator) -> bool:
    benign = interval.low if indicator.higher_is_riskier else interval.high
    if indicator.rule_in is None or interval.point_only or benign is None:
        return False
    return lies_beyond(benign, indicator.rule_in, above=indicator.higher_is_riskier)


def _provenance_defects(measurement: Measurement, evidence: Evidence, *, admitted: bool) -> list[Reason]:
    """What is wrong with where a measurement comes from."""
    found = []
    snapshot = next((each for each in evidence.snapshots if each.id == measurement.snapshot), None)
    if snapshot is None:
        found.append(Reason(Code.SNAPSHOT_UNKNOWN, "It is not known which snapshot of the model this measured."))
    elif measurement.grade not in STRONG_GRADES or snapshot.grade not in STRONG_GRADES:
        found.append(
            Reason(Code.SNAPSHOT_DECLARED, f"Nobody but the uploader has confirmed that this measured the snapshot {snapshot.label}.")
        )
    if measurement.binding_seq is None:
        found.append(Reason(Code.BINDING_NOT_CONFIRMED, "The binding that brings this measurement to its indicator is not confirmed."))
    elif measurement.binding_seq >= measurement.received_seq and not admitted:
        sentence = "The binding was confirmed only after the result arrived; it may raise, never rule out."
        found.append(Reason(Code.BINDING_CONFIRMED_AFTER_RECEIPT, sentence))
    if measurement.superseded is not None:
        found.append(Reason(Code.SUPERSEDED, f"Superseded: {measurement.superseded.reason}"))
    for warning in measurement.warnings:
        if warning.holds:
            found.append(Reason(Code.WARNING_HOLDS, f"Held: {warning.message}", data={"warning": warning.code}))
    return found


def _status_defects(indicator: Indicator) -> list[Reason]:
    if indicator.status == "saturated":
        return [Reason(Code.INDICATOR_SATURATED, "The indicator is saturated: it can still raise, but no longer rule out.")]
    if indicator.status == "retired":
        return [Reason(Code.INDICATOR_RETIRED, "The indicator is retired: it can still raise, but no longer rule out.")]
    return []


def completeness_defects(run_status: str, counts: Mapping[str, int | None]) -> list[Reason]:
    """What keeps a run from being whole, by how it ended and what it says of its samples; none of one that is."""
    found = []
    total, done = counts.get("total"), [count for name in ("completed", "scored") if (count := counts.get(name)) is not None]
    errored, invalidated = counts.get("errored") or 0, counts.get("invalidated") or 0
    if run_status != COMPLETE_STATUS:
        found.append(Reason(Code.RUN_NOT_COMPLETE, f"The run ended as “{run_status}”, not as a success."))
    if total is None or not done:
        found.append(Reason(Code.COUNTS_UNKNOWN, "The file does not say how many samples there were and how many were finished."))
    elif min(done) < total or errored:
        sentence = f"Only {min(done)} of {total} samples were finished" + (f"; {errored} ended in an error." if errored else ".")
        found.append(Reason(Code.RUN_NOT_COMPLETE, sentence))
    if invalidated:
        found.append(Reason(Code.SAMPLES_INVALIDATED, f"{invalidated} samples were invalidated."))
    return found


def _number_defects(measurement: Measurement, indicator: Indicator, interval: Interval | None) -> list[Reason]:
    found = []
    value, n, total = measurement.value, measurement.n, measurement.counts.get("total")
    if value is None:
        return [Reason(Code.VALUE_MISSING, "The file gives no value for this metric.")]
    if not _in_range(value, measurement, indicator, interval):
        found.append(Reason(Code.VALUE_OUT_OF_RANGE, f"A value of {explain.number(value)} cannot be: {explain.range_of(indicator, n)}."))
    if n is None:
        found.append(Reason(Code.N_UNKNOWN, "The file does not say how many items stand behind the value."))
    elif n < indicator.minimum_n:
        sentence = f"{n} items are fewer than the {indicator.minimum_n} this indicator asks for."
        found.append(Reason(Code.N_BELOW_MINIMUM, sentence, data={"n": str(n), "minimum_n": str(indicator.minimum_n)}))
    if n is not None and total is not None and n * (measurement.epochs or 1) > total:
        sentence = f"{n} items in {measurement.epochs or 1} epochs are more than the {total} samples of the run."
        found.append(Reason(Code.N_DISAGREES, sentence))
    elif indicator.kind == "proportion" and disagrees_on_items(measurement):
        found.append(Reason(Code.N_DISAGREES, f"The value and its standard error imply another number of items than the {n} stated."))
    if interval is not None and interval.point_only and indicator.point_only_margin is None:
        stated = measurement.interval
        said = (
            "Its interval is stated at too low a level"
            if stated is not None and not accepts(stated)
            else "There is no interval, only a point"
        )
        found.append(Reason(Code.POINT_ONLY, f"{said}, and the indicator registered no margin for that."))
    return found


def _in_range(value: Decimal, measurement: Measurement, indicator: Indicator, interval: Interval | None) -> bool:
    n = measurement.n
    if indicator.kind == "proportion" and not 0 <= value <= 1:
        return False
    if indicator.kind == "count" and (value < 0 or (n is not None and value > n)):
        return False
    if indicator.kind in ("ratio", "duration") and value < 0:
        return False
    return not _outside(value, measurement.interval) and (measurement.arms is None or not _outside(value, interval))


def _outside(value: Decimal, interval: FileInterval | Interval | None) -> bool:
    """A value outside the interval told with it, or outside the one of its own arms: the two speak of different things."""
    if interval is None:
        return False
    return (interval.low is not None and value < interval.low) or (interval.high is not None and value > interval.high)


def _unmet(condition: Condition, facts: dict[str, Fact]) -> Reason | None:
    """Why a clause of the elicitation floor is not met; absent is below the floor."""
    wanted = explain.condition(condition)
    fact = facts.get(condition.fact)
    if fact is None:
        return Reason(Code.ELICITATION_ABSENT, f"Nothing says that {wanted}.", data={"fact": condition.fact})
    if not _meets(condition, fact.value):
        sentence = f"The floor asks that {wanted}; here it is {fact.value}."
        return Reason(Code.ELICITATION_BELOW_FLOOR, sentence, data={"fact": condition.fact, "value": fact.value})
    if fact.origin not in STRONG_ORIGINS:
        sentence = f"That {wanted} is only the uploader's word; a second person can countersign it."
        return Reason(Code.ELICITATION_DECLARED, sentence, data={"fact": condition.fact})
    return None


def _meets(condition: Condition, value: str) -> bool:
    if condition.at_least is not None:
        return explain.is_number(value) and Decimal(value) >= condition.at_least
    return value in condition.one_of


def in_cell(measurement: Measurement, conditions: tuple[Condition, ...]) -> bool:
    """Whether a measurement's own, borne-out facts put it into a cell."""
    return all(_unmet(condition, measurement.elicitation) is None for condition in conditions)


def _age(
    measurement: Measurement, indicator: Indicator, framework: FrameworkDocument, evidence: Evidence
) -> tuple[datetime | None, list[Reason]]:
    """When a measurement goes stale, and whether it has."""
    found = [reason for clock in framework.clocks if (reason := _outgrown(clock, measurement, evidence)) is not None]
    measured_at = measurement.evaluated_at
    if measured_at is None or measured_at > measurement.received_at:
        return None, [*found, Reason(Code.AGE_UNKNOWN, "It is not known when this was measured, so it cannot count as fresh.")]
    stale_at = measured_at + timedelta(days=indicator.maximum_age_days)
    if evidence.as_of >= stale_at:
        sentence = f"Measured on {measured_at.date()}; it counted as fresh for {indicator.maximum_age_days} days, until {stale_at.date()}."
        found.append(Reason(Code.STALE, sentence, data={"stale_at": explain.time_text(stale_at)}))
    return stale_at, found


def _outgrown(clock: Clock, measurement: Measurement, evidence: Evidence) -> Reason | None:
    """Compute growth past a clock's factor makes stale what was measured before the model had grown; unknown growth counts as growth."""
    if clock.effect != "stale" or clock.factor is None:
        return None
    readings = [each for each in evidence.clocks if each.slug == clock.slug]
    grown = [each for each in readings if each.factor is None or each.factor >= clock.factor]
    measured_at = measurement.evaluated_at
    for reading in grown:
        if reading.grown_at is None or measured_at is None or measured_at < reading.grown_at:
            return _growth(reading, clock)
    return None if readings else _growth(ClockReading(clock.slug, None, None), clock)


def _growth(reading: ClockReading, clock: Clock) -> Reason:
    if reading.factor is None or clock.factor is None:
        return Reason(Code.COMPUTE_GROWN, "How much the model's effective compute has grown since this was measured is not known.")
    factor, limit = explain.number(reading.factor), explain.number(clock.factor)
    sentence = f"Effective compute has grown by a factor of {factor} since; from {limit} on this is stale."
    return Reason(Code.COMPUTE_GROWN, sentence, data={"factor": factor})


def _findings(
    current: _Verdict, versions: list[Indicator], indicator: Indicator, measurement: Measurement, outcome: Outcome | None
) -> list[Reason]:
    """What the judged measurement says, beside what is wrong with it."""
    if outcome is None or current.interval is None:
        return []
    if outcome is Outcome.RULED_OUT:
        return [Reason(Code.WITHIN_LINE, explain.sentence_start(current.comparison), blocks=False)]
    found = []
    if len(versions) > 1 and current.by_bound is Outcome.RULED_OUT:
        found.append(
            Reason(Code.STRICTER_PREDECESSOR, "An earlier, stricter version of the indicator judged it too, and it keeps that outcome.")
        )
    elif outcome is Outcome.RULED_IN:
        found.append(Reason(Code.RULED_IN_BY_BOUND, explain.ruled_in(current.interval, indicator)))
    elif current.by_value is not Outcome.RULED_OUT:
        found.append(Reason(Code.VALUE_PAST_LINE, explain.value_past_line(measurement, indicator)))
    else:
        found.append(Reason(Code.BOUND_PAST_LINE, explain.sentence_start(current.comparison) + _hint(measurement, indicator)))
    return found


def _hint(measurement: Measurement, indicator: Indicator) -> str:
    """For a clean result that was too small: how many clean items would do."""
    clean = measurement.value == 0 and indicator.kind == "proportion" and indicator.higher_is_riskier and indicator.margin_scale == "add"
    if not clean or indicator.rule_out is None:
        return ""
    needed = clean_items_needed(_EXACT.subtract(indicator.rule_out.at, indicator.safety_margin))
    return "" if needed is None else f" {needed} clean items would rule it out."
