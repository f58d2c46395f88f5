"""One indicator against all its measurements: the most concerning bound among those that qualify, raised by any other past the line."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from frameworks.engine import explain
from frameworks.engine.judging import in_cell, judge
from frameworks.engine.types import (
    Code,
    Evidence,
    Fact,
    FrameworkDocument,
    Indicator,
    Judged,
    LeafDetail,
    Measurement,
    Node,
    Outcome,
    Reason,
    Rule,
    worst,
)

# What is known to exist and cannot be weighed. It holds a rule back even under an indicator that needs no result at all.
UNACCOUNTED = frozenset({Code.BLOCKING_RUN, Code.SUPERSEDED_WITHOUT_REPLACEMENT})


def judged_measurements(indicator: Indicator, framework: FrameworkDocument, evidence: Evidence) -> tuple[Judged, ...]:
    """Every measurement bound to an indicator, judged."""
    return tuple(judge(each, indicator, framework, evidence) for each in evidence.measurements if each.indicator == indicator.slug)


def leaf(rule: Rule, threshold: str, indicator: Indicator, judged: tuple[Judged, ...], evidence: Evidence) -> Node:
    """The finding of one indicator as asked for one threshold, with its reasons."""
    by_id = {each.measurement.id: each for each in judged}
    replaced = {each.measurement.id for each in judged if _is_replaced(each, by_id, indicator)}
    counted = [each for each in judged if each.measurement.id not in replaced]
    qualifying = [each for each in counted if each.qualifies]
    gaps = _gaps(indicator, threshold, counted, qualifying, evidence)
    outcome = _outcome(counted, qualifying)
    if outcome is Outcome.RULED_OUT and gaps:
        outcome = Outcome.NOT_ASSESSED
    deciding = _deciding(outcome, counted, indicator)
    missing = bool(gaps)
    stale = missing and any(each.stale for each in counted)
    detail = LeafDetail(indicator=indicator, judged=judged, deciding=deciding, missing=missing, stale=stale)
    return Node(
        kind=rule.kind,
        outcome=outcome,
        counts=outcome.raises or not rule.only_raises or any(gap.code in UNACCOUNTED for gap in gaps),
        sentence=_sentence(indicator, outcome, deciding, counted, gaps),
        reasons=(*gaps, *_decided_by(deciding, outcome)),
        changes_at=min((each.stale_at for each in counted if each.stale_at is not None and each.stale_at > evidence.as_of), default=None),
        leaf=detail,
    )


def _outcome(counted: Sequence[Judged], qualifying: Sequence[Judged]) -> Outcome:
    outcomes = [each.outcome for each in counted if each.outcome is not None]
    if not qualifying and any(each.weak for each in counted):
        outcomes.append(Outcome.CANNOT_RULE_OUT)  # present, but insufficient
    return worst(outcomes)


def _is_replaced(judged: Judged, by_id: dict[str, Judged], indicator: Indicator) -> bool:
    """Whether a superseded measurement may leave: at the end of the chain stands one that qualifies and was got at least as strongly."""
    seen = {judged.measurement.id}
    current = judged
    while current.measurement.superseded is not None:
        following = by_id.get(current.measurement.superseded.by or "")
        if following is None or following.measurement.id in seen:
            return False
        seen.add(following.measurement.id)
        current = following
    return current is not judged and current.qualifies and _may_replace(current, judged, indicator)


def _may_replace(new: Judged, old: Judged, indicator: Indicator) -> bool:
    """Got at least as strongly; and where either was moved to other weights, what raised leaves only for what raises as much.

    Otherwise a mistaken word on weights, given once the numbers are known, could bring a concerning result and a clean one together.
    """
    raised = old.outcome if old.outcome is not None and old.outcome.raises else None
    moved = new.measurement.moved or old.measurement.moved
    if moved and raised is not None and (new.outcome is None or new.outcome.rank < raised.rank):
        return False
    return _is_as_strong(new.measurement, old.measurement, indicator)


def _is_as_strong(new: Measurement, old: Measurement, indicator: Indicator) -> bool:
    """Not measured before it, on the same snapshot, in every cell the old one filled, elicited alike or harder, over no fewer items: a gentler look
    replaces nothing, nor an earlier one."""
    if _is_measured_before(new, old):
        return False
    if new.snapshot != old.snapshot or (old.n is not None and (new.n is None or new.n < old.n)):
        return False
    if any(in_cell(old, cell.conditions) and not in_cell(new, cell.conditions) for cell in indicator.cells):
        return False
    return all(_is_elicited_alike(name, new.elicitation.get(name), fact) for name, fact in old.elicitation.items())


def _is_measured_before(new: Measurement, old: Measurement) -> bool:
    return new.evaluated_at is not None and old.evaluated_at is not None and new.evaluated_at < old.evaluated_at


# Of these two truth values the second elicits more.
_HARDER = {"safeguards_on": ("true", "false"), "tools": ("false", "true"), "fine_tuned": ("false", "true")}


def _is_elicited_alike(name: str, new: Fact | None, old: Fact) -> bool:
    """The same, or more of it; a fact that was vouched for is not replaced by one that is only declared, nor a budget that is no number by a number."""
    if new is None or (new.origin == "declared" and old.origin != "declared"):
        return False
    if new.value == old.value or (old.value, new.value) == _HARDER.get(name):
        return True
    more, less = _number(new.value), _number(old.value)
    return name in _COUNTED and more is not None and less is not None and more >= less


_COUNTED = frozenset({"attempts", "token_budget"})


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _gaps(
    indicator: Indicator, threshold: str, counted: Sequence[Judged], qualifying: Sequence[Judged], evidence: Evidence
) -> list[Reason]:
    """What keeps this indicator from ruling out, whatever its measurements say."""
    found = []
    if not counted:
        found.append(Reason(Code.NO_MEASUREMENT, f"There is no result for {indicator.title}."))
    elif not qualifying:
        found.append(Reason(Code.NO_QUALIFYING_MEASUREMENT, f"No result for {indicator.title} qualifies."))
    else:
        found.extend(_empty_cells(indicator, threshold, qualifying, evidence))
    for run in evidence.blocking_runs:
        if indicator.slug in run.indicators and not run.signed_away:
            sentence = f"A run of {run.task} {_BLOCKED_BECAUSE.get(run.reason, 'is unaccounted for')}."
            found.append(Reason(Code.BLOCKING_RUN, sentence, data={"run": run.run or "", "upload": run.upload or ""}))
    for each in counted:
        if each.measurement.superseded is not None:
            sentence = "A superseded result has no valid replacement, so it still counts."
            found.append(Reason(Code.SUPERSEDED_WITHOUT_REPLACEMENT, sentence, data={"measurement": each.measurement.id}))
    return found


_BLOCKED_BECAUSE = {
    "unbound": "is not bound to any indicator yet",
    "not-arrived": "was announced and has not arrived",
    "incomplete": "was announced and has arrived incomplete only",
    "removed": "was removed without a replacement",
    "conflict": "arrived twice with different contents",
    "claimed-elsewhere": "is claimed for another model too",
}


def _empty_cells(indicator: Indicator, threshold: str, qualifying: Sequence[Judged], evidence: Evidence) -> list[Reason]:
    """Snapshots this threshold requires, and the variants the indicator wants apart, without a qualifying result of their own."""
    found = []
    for snapshot in (each for each in evidence.snapshots if each.is_cell_of(threshold)):
        here = [each.measurement for each in qualifying if each.measurement.snapshot == snapshot.id]
        if not here:
            sentence = f"No qualifying result for {indicator.title} on the required snapshot {snapshot.label}."
            found.append(Reason(Code.REQUIRED_CELL_EMPTY, sentence, data={"snapshot": snapshot.id}))
            continue
        for cell in indicator.cells:
            if not any(in_cell(measurement, cell.conditions) for measurement in here):
                sentence = f"No qualifying result for {indicator.title} on {snapshot.label} with {cell.title}."
                found.append(Reason(Code.REQUIRED_CELL_EMPTY, sentence, data={"snapshot": snapshot.id, "cell": cell.title}))
    return found


def _deciding(outcome: Outcome, counted: Sequence[Judged], indicator: Indicator) -> Judged | None:
    """The measurement whose outcome and bound are the most concerning; it decides also where gaps hold a benign answer back."""
    wanted = Outcome.RULED_OUT if outcome is Outcome.NOT_ASSESSED else outcome
    candidates = [each for each in counted if each.outcome is wanted]
    sign = 1 if indicator.higher_is_riskier else -1
    far = Decimal("Infinity")
    # An unbounded bound is the most concerning of all; the id makes ties stable.
    return max(
        candidates,
        key=lambda each: (far if each.bound is None else each.bound.copy_negate() if sign < 0 else each.bound, each.measurement.id),
        default=None,
    )


def _decided_by(deciding: Judged | None, outcome: Outcome) -> list[Reason]:
    if deciding is None:
        return []
    said = {Code.WITHIN_LINE, Code.BOUND_PAST_LINE, Code.VALUE_PAST_LINE, Code.RULED_IN_BY_BOUND, Code.STRICTER_PREDECESSOR}
    return [
        Reason(each.code, each.sentence, blocks=outcome.raises, data={"measurement": deciding.measurement.id})
        for each in deciding.reasons
        if each.code in said
    ]


def _sentence(indicator: Indicator, outcome: Outcome, deciding: Judged | None, counted: Sequence[Judged], gaps: Sequence[Reason]) -> str:
    opening = f"{indicator.title}: {explain.OUTCOME_WORDS[outcome]}."
    parts = [_measured(deciding, indicator)] if deciding is not None else []
    parts += [reason.sentence for reason in gaps]
    if deciding is None and len(counted) == 1:
        parts += [reason.sentence for reason in counted[0].reasons]
    return " ".join([opening, *(part for part in parts if part)])


def _measured(deciding: Judged, indicator: Indicator) -> str:
    measurement = deciding.measurement
    value = "no value" if measurement.value is None else explain.number(measurement.value, 6)
    unit = f" {indicator.unit}" if indicator.unit else ""
    of = "n unknown" if measurement.n is None else f"n = {measurement.n}"
    said = next((each.sentence for each in reversed(deciding.reasons)), "")
    return f"{value}{unit} ({of}). {said}"
