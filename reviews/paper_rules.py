"""Which papers the thresholds ask of a model, and how each stands. Pure: values in, values out.

A *paper* is what the framework's text calls an artefact of a threshold: an affirmative case, a public update. It is asked for while its threshold counts
against the model. Those of a threshold shut the gate; those of a checkpoint, an alert or a watch-list are reported and shut nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from frameworks.engine.types import FrameworkDocument, Outcome
from reviews.rules import is_strict

MISSING, OUTDATED, SUPPLIED = "missing", "outdated", "supplied"


@dataclass(frozen=True, slots=True)
class Asked:
    """One paper the framework asks for. `gates`: without it nothing goes out."""

    threshold: str
    artefact: str
    title: str
    gates: bool

    @property
    def key(self) -> tuple[str, str]:
        return (self.threshold, self.artefact)


@dataclass(frozen=True, slots=True)
class Supplied:
    """One paper that was brought: for which weights it speaks, and the finding on its threshold as it was then."""

    id: str
    threshold: str
    artefact: str
    weights: str
    digest: str
    finding: str
    supplied_by: str
    hazard: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One paper that is asked for, with the one that answers best: `missing`, `outdated` (other weights, or another finding by now) or `supplied`."""

    asked: Asked
    state: str
    supplied: Supplied | None = None


def counting(
    framework: FrameworkDocument,
    *,
    outcomes: Mapping[str, str],
    verdicts: Mapping[str, str],
    raised: Collection[str],
    covered_strictly: Collection[str] = (),
) -> frozenset[str]:
    """The thresholds that count against a model: decided strictly, held up by an open question, or raised by a finding that no `not_crossed` answers.

    `covered_strictly`: thresholds decided to be covered by a model that counts as having crossed them itself.
    """
    return frozenset(
        each.slug
        for each in framework.thresholds
        if each.slug in raised
        or each.slug in covered_strictly
        or (each.slug in verdicts and is_strict(verdicts[each.slug]))
        or (Outcome(outcomes.get(each.slug, Outcome.NOT_ASSESSED)).raises and verdicts.get(each.slug) != "not_crossed")
    )


def asked_of(framework: FrameworkDocument, thresholds: Collection[str]) -> tuple[Asked, ...]:
    """The papers these thresholds ask for, in the framework's order."""
    return tuple(
        Asked(threshold.slug, artefact.slug, artefact.title, gates=threshold.kind == "threshold")
        for threshold in framework.thresholds
        if threshold.slug in thresholds
        for artefact in threshold.artefacts
    )


def and_earlier(asked: Iterable[Asked], earlier: Iterable[Asked]) -> tuple[Asked, ...]:
    """What is asked for, and what strict determinations of earlier versions asked for; what both ask for shuts the gate if either does, and is told once."""
    merged = {each.key: each for each in asked}
    for each in earlier:
        if each.key not in merged or not merged[each.key].gates:
            merged[each.key] = each
    return tuple(merged.values())


def lines(asked: Iterable[Asked], brought: Iterable[Supplied], *, weights: str, findings: Mapping[str, str]) -> tuple[Line, ...]:
    """How each stands for these weights. `findings`: threshold → digest of its finding now; a threshold nobody has assessed has none."""
    several = list(brought)
    return tuple(_line(each, [one for one in several if (one.threshold, one.artefact) == each.key], weights, findings) for each in asked)


def _line(asked: Asked, brought: list[Supplied], weights: str, findings: Mapping[str, str]) -> Line:
    mine = [one for one in brought if one.weights == weights]
    current = next((one for one in mine if one.finding == findings.get(asked.threshold, "")), None)
    if current is not None:
        return Line(asked, SUPPLIED, current)
    stale = next(iter([*mine, *brought]), None)
    return Line(asked, OUTDATED if stale else MISSING, stale)
