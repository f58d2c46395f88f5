"""Results that arrived too late for their indicator: which there are, what leans on them, and by which quorum they may count all the same."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluations.models import Measurement
from frameworks.engine.types import Code, FrameworkDocument, Rule
from reviews import contents
from reviews.contents import Wanted
from reviews.facts import Facts
from reviews.models.case import CaseKind
from reviews.models.question import QuestionKind, Verdict
from reviews.rules import higher_of
from reviews.tally import Quorum

LATE = frozenset({Code.INDICATOR_ADOPTED_AFTER_RECEIPT, Code.BINDING_CONFIRMED_AFTER_RECEIPT})


@dataclass(frozen=True, slots=True)
class LateResult:
    """One result that may raise and never rule out because it came first. `told` is its value as the finding has it."""

    measurement: Measurement
    told: str
    why: str


@dataclass(frozen=True)
class LateOf:
    """The late results of one indicator."""

    slug: str
    title: str
    digest: str
    results: list[LateResult] = field(default_factory=list)


def late_results(facts: Facts) -> list[LateOf]:
    """By indicator, from the findings in hand: one query for where the results come from."""
    found: dict[str, LateOf] = {}
    seen: dict[str, dict[str, tuple[str, str]]] = {}
    for finding in facts.findings.values():
        for leaf in _leaves(finding["tree"]):
            slug = leaf["indicator"]
            indicator = facts.document.indicator(slug) if slug in {each.slug for each in facts.document.indicators} else None
            # A finding made under an earlier version speaks of another indicator than the one that would count.
            if indicator is None or indicator.digest != leaf["indicator_digest"]:
                continue
            for each in leaf["measurements"]:
                why = next((reason["sentence"] for reason in each["reasons"] if reason["code"] in LATE), "")
                if why:
                    found.setdefault(slug, LateOf(slug, indicator.title, indicator.digest))
                    seen.setdefault(slug, {})[each["id"]] = (str(each["value"]), why)
    rows = measurements_of({pk for known in seen.values() for pk in known})
    for slug, known in seen.items():
        found[slug].results.extend(LateResult(rows[pk], *told) for pk, told in sorted(known.items()) if pk in rows)
    return sorted(found.values(), key=lambda each: each.title)


def measurements_of(ids: Iterable[str]) -> dict[str, Measurement]:
    """The results by id, each with its run and its file."""
    rows = Measurement.objects.filter(pk__in=set(ids)).select_related("run__upload__uploader")
    return {str(each.pk): each for each in rows}


def _leaves(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "indicator" in node:
        yield node
    for child in node.get("children") or ():
        yield from _leaves(child)


def leaning_on(document: FrameworkDocument, indicator: str) -> list[str]:
    """The thresholds of a version whose rule asks this indicator, or a threshold that does."""
    asking = {each.slug for each in document.thresholds if indicator in _targets(each.rule, "indicator", "band")}
    while more := {each.slug for each in document.thresholds if asking & _targets(each.rule, "threshold")} - asking:
        asking |= more
    return [each.slug for each in document.thresholds if each.slug in asking]


def _targets(rule: Rule, *kinds: str) -> set[str]:
    own = {rule.target} if rule.kind in kinds else set()
    return own.union(*(_targets(child, *kinds) for child in rule.children))


def requires_of(document: FrameworkDocument, indicator: str) -> dict[str, str]:
    """The highest that a threshold leaning on this indicator would require, by axis."""
    return higher_of(document, *(document.threshold(slug).requires for slug in leaning_on(document, indicator) if document.gates(slug)))


def quorum_for(document: FrameworkDocument, requires: Mapping[str, str]) -> Quorum:
    """What letting go of a threshold that had risen takes: the elevation's own policy and the clearance's. Raises ValueError where there is none."""
    wanted = Wanted(QuestionKind.THRESHOLD, Verdict.NOT_CROSSED, raised={"it": "may rule out"}, requires=requires)
    return contents.quorum_of(wanted, Verdict.NOT_CROSSED, document=document, case_kind=CaseKind.CLEARANCE, required={})
