"""What a model's page of late results says: which results arrived too late for their indicator, and how each named set of them stands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from evaluations.models import Measurement, Snapshot, Subject, Upload
from frameworks.engine.types import Code, FrameworkDocument, Rule
from reviews import contents
from reviews.contents import Wanted
from reviews.facts import Facts
from reviews.models import NamedSet, NamedSetVote
from reviews.models.case import CaseKind
from reviews.models.question import QuestionKind, Verdict
from reviews.rules import higher_of
from reviews.tally import Ballot, Member, Quorum, Tally, quorum_from_json, tally

LATE = frozenset({Code.INDICATOR_ADOPTED_AFTER_RECEIPT, Code.BINDING_CONFIRMED_AFTER_RECEIPT})
OWN_EVIDENCE = "You brought evidence about this model, so others judge it."
OWN_SNAPSHOT = "You registered weights of this model, so others judge it."
# Counting late results lets something go, so one objection stands in its way like that against any lenient verdict.
ADMIT, LEAVE_OUT = Verdict.NOT_CROSSED, Verdict.TREATED_AS_CROSSED


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
    wanted = Wanted(QuestionKind.THRESHOLD, ADMIT, raised={"it": "may rule out"}, requires=requires)
    return contents.quorum_of(wanted, ADMIT, document=document, case_kind=CaseKind.CLEARANCE, required={})


def excluded(subject: Subject) -> dict[str, str]:
    """Who does not vote on results of this model: whoever brought evidence about it, or registered its weights."""
    registered = Snapshot.objects.filter(subject=subject).order_by().values_list("registered_by_id", flat=True)
    uploaded = Upload.objects.filter(subject=subject).order_by().values_list("uploader_id", flat=True)
    return {str(person): OWN_SNAPSHOT for person in registered} | {str(person): OWN_EVIDENCE for person in uploaded}


def tally_of(asked: NamedSet, votes: Sequence[NamedSetVote], barred: Mapping[str, str]) -> Tally:
    """How a named set stands by its live votes."""
    quorum = quorum_from_json(asked.quorum)
    return tally(
        proposal=ADMIT,
        opposite=LEAVE_OUT,
        ballots=[Ballot(str(vote.person_id), vote.choice, ADMIT) for vote in votes if vote.replaced_at is None],
        roster=[Member(each["person"], frozenset(each["roles"]), frozenset(each["competences"])) for each in asked.roster],
        approve_quorum=quorum,
        reject_quorum=quorum,
        excluded=barred,
    )


@dataclass(frozen=True)
class SetShown:
    """One named set with its results, votes and tally."""

    asked: NamedSet
    title: str
    results: Sequence[Measurement]
    votes: Sequence[NamedSetVote]
    tally: Tally


def sets_of(subject: Subject, document: FrameworkDocument) -> list[SetShown]:
    """Every named set of a model, the open ones first. Five queries."""
    asked = list(
        NamedSet.objects.filter(subject=subject)
        .select_related("proposed_by")
        .prefetch_related("votes__person")
        .order_by(F("settled_at").desc(nulls_first=True), "id")
    )
    rows = measurements_of(pk for each in asked for pk in each.measurements)
    barred = excluded(subject) if asked else {}
    titles = {each.slug: each.title for each in document.indicators}
    return [
        SetShown(
            each,
            titles.get(each.indicator, each.indicator),
            [rows[pk] for pk in each.measurements if pk in rows],
            list(each.votes.all()),
            tally_of(each, list(each.votes.all()), barred),
        )
        for each in asked
    ]


def open_sets_for(person: UUID) -> list[NamedSet]:
    """The open sets whose vote waits on this person. Four queries."""
    asked = list(
        NamedSet.objects.filter(settled_at=None)
        .select_related("subject", "framework_version")
        .prefetch_related("votes")
        .order_by("proposed_at", "id")
    )
    mine = [each for each in asked if str(person) in {member["person"] for member in each.roster}]
    if not mine:
        return []
    about = [each.subject_id for each in mine]
    own = Q(snapshots__registered_by=person) | Q(uploads__uploader=person)
    barred = set(Subject.objects.filter(own, pk__in=about).values_list("pk", flat=True))
    return [
        each for each in mine if each.subject_id not in barred and str(person) in tally_of(each, list(each.votes.all()), {}).yet_to_vote
    ]
