"""One rule against the evidence gives an answer with its reason tree. Every kind of node that combines, refers, or asks people is here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from frameworks.engine import explain
from frameworks.engine.leaves import judged_measurements, leaf
from frameworks.engine.reading import NotReadable
from frameworks.engine.types import (
    Code,
    Evidence,
    Finding,
    FrameworkDocument,
    Judged,
    Judgement,
    Node,
    Outcome,
    Reason,
    Rule,
    worst,
)
from ledger.canonical import Json


@dataclass
class Findings:
    """Answers thresholds one by one; a threshold that refers to another asks for it first."""

    framework: FrameworkDocument
    evidence: Evidence
    judged: dict[str, tuple[Judged, ...]] = field(default_factory=dict)
    found: dict[str, Finding] = field(default_factory=dict)
    _asking: list[str] = field(default_factory=list)

    def of(self, slug: str) -> Finding:
        """The finding of one threshold. Raises `NotReadable` where thresholds refer to each other in a circle."""
        if slug not in self.found:
            if slug in self._asking:
                raise NotReadable(f"The rules of {' → '.join([*self._asking, slug])} go round in a circle.")
            self._asking.append(slug)
            threshold = self.framework.threshold(slug)
            tree = self.node(threshold.rule, slug)
            self._asking.pop()
            self.found[slug] = Finding(threshold=threshold, outcome=tree.answer, tree=tree)
        return self.found[slug]

    def measurements(self, slug: str) -> tuple[Judged, ...]:
        """Everything bound to one indicator, judged once."""
        if slug not in self.judged:
            self.judged[slug] = judged_measurements(self.framework.indicator(slug), self.framework, self.evidence)
        return self.judged[slug]

    def node(self, rule: Rule, threshold: str) -> Node:
        """The answer of one rule node, as asked for one threshold."""
        match rule.kind:
            case "indicator" | "band":
                return leaf(rule, threshold, self.framework.indicator(rule.target), self.measurements(rule.target), self.evidence)
            case "threshold":
                return self._reference(rule)
            case "judgement":
                return _judgement(rule, self.evidence)
            case "inherits" | "equivalent_to":
                return _lineage(rule, threshold, self.evidence)
            case _:
                return combine(rule, tuple(self.node(child, threshold) for child in rule.children))

    def _reference(self, rule: Rule) -> Node:
        finding = self.of(rule.target)
        return Node(
            kind=rule.kind,
            outcome=finding.outcome,
            counts=finding.outcome.raises or not rule.only_raises,
            sentence=f"{finding.threshold.title}: {explain.OUTCOME_WORDS[finding.outcome]}.",
            reasons=(),
            changes_at=finding.tree.changes_at,
            extra={"threshold": rule.target},
        )


def combine(rule: Rule, children: tuple[Node, ...]) -> Node:
    """All of, any of, or k of n. Children that may only raise and do not are left out of the count."""
    # A vote is counted over all its lines: one left out would make the rest too few to reach k.
    counting = [child for child in children if child.counts or rule.kind == "k_of_n"]
    outcomes = [child.answer for child in counting]
    extra: dict[str, Json] = {}
    if rule.kind == "all_of":
        outcome = worst(outcomes)
    elif rule.kind == "any_of":
        outcome = any_of(outcomes)
    else:
        met, unknown = votes(outcomes)
        outcome = k_of_n(outcomes, rule.k)
        extra = {"k": rule.k, "n": len(children), "met": met, "unknown": unknown}
    return Node(
        kind=rule.kind,
        outcome=outcome,
        counts=True,
        sentence=_sentence(rule, outcome, counting, extra),
        reasons=tuple(Reason(Code.CHILD_DECIDES, each.sentence) for each in _deciding_children(rule, outcome, counting)),
        changes_at=min((child.changes_at for child in children if child.changes_at is not None), default=None),
        children=children,
        extra=extra,
    )


def any_of(outcomes: Sequence[Outcome]) -> Outcome:
    """One that rules out is enough, unless another rules in."""
    if Outcome.RULED_OUT in outcomes and Outcome.RULED_IN not in outcomes:
        return Outcome.RULED_OUT
    return worst(list(outcomes))


def votes(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    """How many lines are met (not shown benign), and how many nobody knows."""
    return sum(outcome.raises for outcome in outcomes), sum(outcome is Outcome.NOT_ASSESSED for outcome in outcomes)


def k_of_n(outcomes: Sequence[Outcome], k: int) -> Outcome:
    """Ruled out only where even the unknown lines could not make k; cannot_rule_out as soon as k are met."""
    met, unknown = votes(outcomes)
    if met >= k:
        return Outcome.CANNOT_RULE_OUT
    return Outcome.RULED_OUT if met + unknown < k else Outcome.NOT_ASSESSED


def _deciding_children(rule: Rule, outcome: Outcome, counting: Sequence[Node]) -> list[Node]:
    """The children a raised or missing answer comes from."""
    if outcome is Outcome.RULED_OUT:
        return []
    if rule.kind == "k_of_n":
        return [child for child in counting if child.answer is not Outcome.RULED_OUT]
    return [child for child in counting if child.answer is outcome]


def _sentence(rule: Rule, outcome: Outcome, counting: Sequence[Node], extra: dict[str, Json]) -> str:
    word = explain.OUTCOME_WORDS[outcome]
    if rule.kind == "k_of_n":
        unknown = extra["unknown"]
        tail = f", {unknown} unknown" if unknown else ""
        return f"{extra['met']} of {extra['n']} lines are met{tail}; {rule.k} would count as the capability: {word}."
    if not counting:
        return f"Nothing here bears the weight of an answer: {word}."
    ruled_out = sum(child.outcome is Outcome.RULED_OUT for child in counting)
    if rule.kind == "all_of":
        return f"{ruled_out} of {len(counting)} parts rule out, and all must: {word}."
    return f"{ruled_out} of {len(counting)} ways rule out, and one is enough: {word}."


def _judgement(rule: Rule, evidence: Evidence) -> Node:
    """What people recorded last. An expired benign judgement is worth nothing; a concerning one stays concerning."""
    recorded = [each for each in evidence.judgements if each.slug == rule.target]
    title = rule.title or rule.target
    if not recorded:
        reason = Reason(Code.JUDGEMENT_MISSING, f"No judgement is recorded: {title}.")
        return _people(rule, Outcome.NOT_ASSESSED, reason, None)
    last = max(each.seq for each in recorded)
    judgement = max((each for each in recorded if each.seq == last), key=lambda each: (each.outcome.rank, repr(each)))
    expired = judgement.expires_at is not None and evidence.as_of >= judgement.expires_at
    if expired and not judgement.outcome.raises:
        until = explain.time_text(judgement.expires_at)[:10] if judgement.expires_at else ""
        reason = Reason(Code.JUDGEMENT_EXPIRED, f"The judgement expired on {until}: {title}.", data={"record": judgement.record})
        return _people(rule, Outcome.NOT_ASSESSED, reason, judgement)
    sentence = f"Judged by the board, {explain.OUTCOME_WORDS[judgement.outcome]}: {title}."
    reason = Reason(Code.JUDGEMENT_RECORDED, sentence, blocks=judgement.outcome.raises, data={"record": judgement.record})
    return _people(rule, judgement.outcome, reason, judgement, live=not expired)


def _people(rule: Rule, outcome: Outcome, reason: Reason, judgement: Judgement | None, *, live: bool = False) -> Node:
    expires_at = judgement.expires_at if judgement is not None else None
    return Node(
        kind=rule.kind,
        outcome=outcome,
        counts=outcome.raises or not rule.only_raises,
        sentence=reason.sentence,
        reasons=(reason,),
        changes_at=expires_at if live and judgement is not None and not judgement.outcome.raises else None,
        extra={
            "judgement": rule.target,
            "record": judgement.record if judgement is not None else None,
            "expires_at": explain.time_text(expires_at) if expires_at is not None else None,
        },
    )


def _lineage(rule: Rule, threshold: str, evidence: Evidence) -> Node:
    """What the parents are found to be: it may raise, and never rules out."""
    parents = [
        (each.parent, each.outcomes[threshold]) for each in evidence.lineage if each.kind == rule.kind and threshold in each.outcomes
    ]
    raising = [(parent, outcome) for parent, outcome in parents if outcome.raises]
    outcome = worst([outcome for _, outcome in raising])
    relation = "derives from" if rule.kind == "inherits" else "is held equivalent to"
    sentence = f"A model it {relation} stands at: {explain.OUTCOME_WORDS[outcome]}." if raising else f"No model it {relation} raises this."
    return Node(
        kind=rule.kind,
        outcome=outcome,
        counts=bool(raising),
        sentence=sentence,
        reasons=(Reason(Code.PARENT_RAISES, sentence),) if raising else (),
        changes_at=None,
        extra={"parents": [{"parent": parent, "outcome": str(outcome)} for parent, outcome in parents]},
    )
