"""What follows from findings and decisions: the required tier, when a decision lapses, what may be proposed. Pure: values in, values out.

An *assessed* value is a parsed assessment document (`frameworks.engine.types`), a *finding* one item of its `thresholds`; a *verdict* is what people decided.
Strict verdicts keep or raise the requirement, lenient ones let something go. Whatever is unknown counts as not shown, never as fine.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from frameworks.engine.compare import LeafChange, worse_leaves
from frameworks.engine.types import FrameworkDocument, Outcome, Rule, Threshold, Tier

# What stands in a determination's place for a threshold, where a lowering case lets go of the baseline of an earlier version. No document can have it.
EARLIER_BASELINE = "baseline:earlier"

STRICT_VERDICTS = frozenset({"treated_as_crossed", "crossed", "inadequate", "refused"})
LENIENT_VERDICTS = frozenset({"not_crossed", "covered_by", "adequate", "release"})
THRESHOLD_VERDICTS = frozenset({"not_crossed", "treated_as_crossed", "crossed", "covered_by"})
# What the other side of a proposal stands for: rejecting an elevation says "not crossed", rejecting a clearance says "treat as crossed".
OPPOSITE = {
    "treated_as_crossed": "not_crossed",
    "crossed": "not_crossed",
    "not_crossed": "treated_as_crossed",
    "covered_by": "treated_as_crossed",
    "adequate": "inadequate",
    "inadequate": "adequate",
    "release": "refused",
    "refused": "release",
}

Assessed = Mapping[str, Any]  # a parsed assessment document
Node = Mapping[str, Any]  # one node of a reason tree


def is_strict(verdict: str) -> bool:
    """Raises KeyError for a word that is no verdict: a new one must be put on a side before it can count."""
    if verdict in STRICT_VERDICTS:
        return True
    if verdict in LENIENT_VERDICTS:
        return False
    raise KeyError(verdict)


# --- The required tier ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """A determination in force, as far as the requirement needs it. `covers`: the requirement of the snapshot a `covered_by` leans on."""

    verdict: str
    requires: Mapping[str, str] = field(default_factory=dict)
    covers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a tier is required: `baseline`, `finding`, `determination`, `raised` (a question not yet decided holds it up), `inherited`, `covered`,
    `earlier` (the baseline of an earlier version, which nobody let go of)."""

    kind: str
    tier: str
    threshold: str = ""


@dataclass(frozen=True, slots=True)
class Required:
    """What one axis requires. `provisional`: only findings or open questions hold it this high, no decision yet."""

    axis: str
    tier: Tier
    provisional: bool
    because: tuple[Cause, ...]


def required_tiers(
    framework: FrameworkDocument,
    *,
    findings: Mapping[str, str],
    standings: Mapping[str, Standing],
    raised: Iterable[tuple[str, Mapping[str, str]]] = (),
    inherited: Iterable[Mapping[str, str]] = (),
    found_under: Mapping[str, Mapping[str, str]] | None = None,
    held: Iterable[Mapping[str, str]] = (),
) -> dict[str, Required]:
    """The ratchet, per axis: the highest of the baseline and of every cause that has not been answered.

    `findings`: threshold → outcome; `standings`: threshold → determination in force; `raised`: (threshold, requirement) of open questions;
    `inherited`: requirements of parents; `found_under`: threshold → what it required in the version the finding was made under; `held`: baselines of
    earlier versions that nobody let go of. Only thresholds of kind `threshold` require anything by a finding. What was decided or asked counts as it
    was decided or asked, whatever became of its threshold, tier or axis in this version: a tier it does not know is required and undefined.
    """
    causes = list(_causes(framework, findings, standings, raised=raised, inherited=inherited, found_under=found_under or {}, held=held))
    axes = dict.fromkeys([*(axis.slug for axis in framework.axes), *sorted({axis for _, tiers in causes for axis in tiers})])
    return {axis: _required(framework, axis, [(cause, tiers[axis]) for cause, tiers in causes if axis in tiers]) for axis in axes}


def _causes(
    framework: FrameworkDocument,
    findings: Mapping[str, str],
    standings: Mapping[str, Standing],
    *,
    raised: Iterable[tuple[str, Mapping[str, str]]],
    inherited: Iterable[Mapping[str, str]],
    found_under: Mapping[str, Mapping[str, str]],
    held: Iterable[Mapping[str, str]],
) -> Iterator[tuple[tuple[str, str], Mapping[str, str]]]:
    yield ("baseline", ""), framework.baseline
    asks = {threshold.slug: threshold.requires for threshold in framework.thresholds if threshold.kind == "threshold"}
    for slug, outcome in findings.items():
        answered = slug in standings and standings[slug].verdict == "not_crossed"
        if Outcome(outcome).raises and not answered:
            yield ("finding", slug), asks.get(slug, {})
            yield ("finding", slug), found_under.get(slug, {})
    for slug, standing in standings.items():
        if is_strict(standing.verdict):
            yield ("determination", slug), asks.get(slug, {})
            yield ("determination", slug), standing.requires
        if standing.verdict == "covered_by":
            yield ("covered", slug), standing.covers
    for slug, requires in raised:
        yield ("raised", slug), requires
    for requires in inherited:
        yield ("inherited", ""), requires
    for requires in held:
        yield ("earlier", EARLIER_BASELINE), requires


def higher_of(framework: FrameworkDocument, *several: Mapping[str, str]) -> dict[str, str]:
    """Several requirements as one, the highest on each axis any of them names."""
    axes = sorted({axis for requires in several for axis in requires})
    return {
        axis: max(
            (framework.asked_tier(axis, requires[axis]) for requires in several if axis in requires),
            key=lambda tier: (tier.ordinal, tier.slug),
        ).slug
        for axis in axes
    }


def _required(framework: FrameworkDocument, axis: str, causes: list[tuple[tuple[str, str], str]]) -> Required:
    top = framework.highest(axis, [tier for _, tier in causes])
    because = tuple(
        sorted({Cause(kind, tier, slug) for (kind, slug), tier in causes if tier == top.slug}, key=lambda c: (c.kind, c.threshold))
    )
    settled = {"baseline", "determination", "inherited", "covered", "earlier"}
    return Required(axis, top, provisional=not any(cause.kind in settled for cause in because), because=because)


# --- Findings, compared ---------------------------------------------------------------------------------------------------------------------

# Losing one's footing, as against moving towards concern: a finding that did the first lapses, one that did the second rises.
LOSSES = frozenset({"went-stale", "lost-evidence", "gone"})


def worsenings(before: Assessed, after: Assessed, threshold: str, *, judged: Collection[str] = ()) -> tuple[LeafChange, ...]:
    """Where the finding of a threshold is worse in a later assessment; empty when it is nowhere worse, and then a `not_crossed` is kept.

    `judged`: the weights its case was about; a judgement speaks for no others that came to be required since."""
    return worse_leaves(dict(before), dict(after), threshold, judged=judged)


def is_loss(change: LeafChange) -> bool:
    return change.change in LOSSES or change.after == Outcome.NOT_ASSESSED


def gaps(assessed: Assessed, threshold: str) -> tuple[str, ...]:
    """The leaves a finding leans on that are missing or stale, by name.

    A finding leans on every leaf, with three exceptions. A leaf that may only raise, and does not, bears nothing. Where one of several ways rules out and
    that suffices (`any_of`), or the rest cannot change the vote (`k_of_n`), what the other ways lack was never leaned on. A `judgement` is no gap: the
    board's own vote is what records it.
    """
    trees = {each["slug"]: each["tree"] for each in assessed.get("thresholds", ())}
    if threshold not in trees:
        return (threshold,)
    return tuple(dict.fromkeys(_gaps(trees[threshold], trees, {threshold})))


def _gaps(node: Node, trees: Mapping[str, Node], seen: set[str]) -> Iterator[str]:
    if not node["counts"] or node["kind"] == "judgement":
        return
    settled = node["outcome"] == Outcome.RULED_OUT
    if node["kind"] in {"any_of", "k_of_n", "threshold"} and settled:
        return
    if node["kind"] == "threshold":
        target = str(node["threshold"])
        if target not in trees:
            yield target
        elif target not in seen:
            yield from _gaps(trees[target], trees, seen | {target})
    elif "indicator" in node:
        if node.get("missing") or node.get("stale") or node["outcome"] == Outcome.NOT_ASSESSED:
            yield str(node.get("title") or node["indicator"])
    else:
        for child in node["children"]:
            yield from _gaps(child, trees, seen)


def contradicts(verdict: str, *, answered: str, outcome: str, lacking: Sequence[str]) -> bool:
    """Whether a finding says otherwise by now than a strict decision: it rules out on whole, fresh evidence, and did not when the board decided."""
    return is_strict(verdict) and outcome == Outcome.RULED_OUT and not lacking and answered != Outcome.RULED_OUT


def hardens(verdict: str, *, answered: str, outcome: str) -> bool:
    """Whether a finding has been ruled in since the board decided, out of precaution, to treat the threshold as crossed."""
    return verdict == "treated_as_crossed" and outcome == Outcome.RULED_IN and answered != Outcome.RULED_IN


def judgements_in(node: Node) -> tuple[str, ...]:
    """The judgements a reason tree reads: what deciding the threshold must write downwards."""
    own = (str(node["judgement"]),) if node["kind"] == "judgement" else ()
    return own + tuple(slug for child in node.get("children") or () for slug in judgements_in(child))


def judgements_of(rule: Rule) -> tuple[str, ...]:
    """The judgements a rule of the framework asks people for."""
    own = (rule.target,) if rule.kind == "judgement" else ()
    return own + tuple(slug for child in rule.children for slug in judgements_of(child))


def judgement_titles(framework: FrameworkDocument) -> dict[str, str]:
    """What each judgement of a framework asks people, in its words."""
    return {
        rule.target: rule.title for each in framework.thresholds for rule in _parts(each.rule) if rule.kind == "judgement" and rule.title
    }


def _parts(rule: Rule) -> Iterator[Rule]:
    yield rule
    for child in rule.children:
        yield from _parts(child)


def judgements_answered(framework: FrameworkDocument, threshold: str, finding: Mapping[str, Any]) -> tuple[str, ...]:
    """The judgements that deciding a threshold writes down: those its finding reads, or those the rule asks for of what is only watched."""
    # An earlier version's threshold has no rule in this one, so there is nothing to write down for it.
    known = {each.slug: each for each in framework.thresholds}.get(threshold)
    watched = known is not None and is_watched(known)
    asked = judgements_in(finding["tree"]) if finding else judgements_of(known.rule) if known is not None and watched else ()
    return tuple(dict.fromkeys(asked))


def is_watched(threshold: Threshold) -> bool:
    """A checkpoint, an alert or a watch-list that rests on a judgement: a case opened by hand may ask about it. It requires no tier and shuts no gate."""
    return threshold.kind != "threshold" and bool(judgements_of(threshold.rule))


# --- What may be proposed -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a verdict cannot be proposed or declared now: a code, a sentence, what would change it."""

    code: str
    sentence: str
    what_to_do: str = ""


def verdict_refused(
    verdict: str, *, assessed: Assessed, threshold: str, case_kind: str, held_strict: bool, covered: bool = False, retired: bool = False
) -> Refused | None:
    """Why this verdict on a threshold cannot stand now, or None.

    A strict verdict can always be taken. A lenient one needs a finding without gaps (`covered_by`: a finding that does not raise, and a snapshot
    that covers), and where people had decided strictly, a case of kind lowering. `retired`: the assessment was made under the version in force, which
    has this threshold no more; letting go of what it required needs every finding of that version whole.
    """
    if verdict not in THRESHOLD_VERDICTS:
        return Refused("not_a_threshold_verdict", "This is no answer to whether a threshold is crossed.")
    if is_strict(verdict):
        return None
    if held_strict and case_kind != "lowering":
        return Refused(
            "needs_lowering_case",
            "People decided that this threshold is crossed or treated as crossed; only a lowering case takes that back.",
            "Close this case and open one of kind lowering.",
        )
    finding = next((each for each in assessed.get("thresholds", ()) if each["slug"] == threshold), None)
    if finding is None and retired and verdict == "not_crossed":
        return _letting_go_refused(assessed)
    if finding is None and retired:
        return Refused(
            "not_a_threshold",
            "The version in force does not have this threshold, so no other model can speak for it.",
            "Propose that it is not crossed, or leave what stands.",
        )
    if finding is None:
        return Refused("no_assessment", "There is no assessment that speaks of this threshold.", "Upload evaluations for it.")
    if verdict == "covered_by":
        return _coverage_refused(Outcome(finding["outcome"]), covered)
    return _clearance_refused(finding, gaps(assessed, threshold))


def _clearance_refused(finding: Mapping[str, Any], lacking: tuple[str, ...]) -> Refused | None:
    if lacking:
        return Refused(
            "finding_incomplete",
            f"Not now: evidence is missing or stale ({', '.join(lacking)}). What has not been shown to be below the threshold is not below it.",
            "Bring fresh, qualifying measurements for what is named.",
        )
    if finding["outcome"] == Outcome.NOT_ASSESSED and not judgements_in(finding["tree"]):
        return Refused("not_assessed", "Not now: this threshold has not been assessed.", "Upload evaluations for it.")
    return None


def _letting_go_refused(assessed: Assessed) -> Refused | None:
    gating = [each for each in assessed["thresholds"] if each["kind"] == "threshold"]
    return next((refused for each in gating if (refused := _clearance_refused(each, gaps(assessed, each["slug"])))), None)


def _coverage_refused(outcome: Outcome, covered: bool) -> Refused | None:
    if outcome.raises:
        return Refused("own_result_past_line", "Not now: this model's own results are past a line, so no other model can speak for it.")
    if not covered:
        return Refused("no_covering_snapshot", "Name the comprehensively assessed snapshot that covers this one.")
    return None
