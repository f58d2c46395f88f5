"""What pages, notices and reports ask of the board. Nothing here writes, and nothing asks who is looking: go through `access` first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet

from evaluations.models import Deployment, Subject
from frameworks.engine.types import Safeguard
from frameworks.models import FrameworkVersion
from people.models import Person
from people.queries import Actor
from reviews import past, policies, signing
from reviews.conflicts import excluded
from reviews.counting import is_current, tallies_of, tally_of
from reviews.facts import collect
from reviews.models import (
    Case,
    Determination,
    GateAnswer,
    ImplementationEvidence,
    Incident,
    Question,
    ReleaseDecision,
    SafeguardImplementation,
    SafeguardsDecision,
    ScopeState,
    SignOff,
    Vote,
)
from reviews.models.case import CaseState
from reviews.models.gate_answer import GateState
from reviews.models.question import QuestionKind, QuestionState, Verdict
from reviews.places import Site
from reviews.turns import Turn, turns_of, whose


@dataclass(frozen=True)
class DeploymentShown:
    """One deployment; `gate` is what the gate says of its scope now, as last worked out."""

    deployment: Deployment
    incident: Incident | None
    gate: str
    observed: bool = False  # the board lets these weights go on here, until a day

    @property
    def state(self) -> str:
        if self.deployment.until is not None:
            return "ended"
        if self.observed and self.incident is not None:
            return "observed"
        return "unauthorised" if self.incident is not None else "running"


@dataclass(frozen=True)
class VoteShown:
    """A vote as the case page lists it: struck, replaced and outdated ones too."""

    vote: Vote
    state: str  # "current", "outdated", "replaced", "struck"


def with_incidents(subjects: QuerySet[Subject]) -> QuerySet[Subject]:
    """The same models, each with `incidents_open`: whether something of it is in service without a valid authorisation."""
    running = Incident.objects.filter(subject=OuterRef("pk"), deployment__until=None)
    return subjects.annotate(incidents_open=Exists(running))


def deployments_of(subject: Subject, framework_name: str, then: datetime | None = None) -> list[DeploymentShown]:
    """Where a model's weights are or were in service, running ones first; as it was known `then`, if that is asked. Two queries, four for an earlier moment."""
    scopes: Iterable[ScopeState] = ScopeState.objects.filter(subject=subject, framework_name=framework_name)
    standing = {each.scope: each for each in (scopes if then is None else past.as_it_stood(scopes, then))}
    gates = {scope: each.state for scope, each in standing.items()}
    observed = {(each.scope, each.observed_snapshot_id) for each in standing.values()}
    rows = Deployment.objects.filter(snapshot__subject=subject).select_related("snapshot", "reported_by", "incident")
    shown: Iterable[Deployment] = rows.order_by(F("until").desc(nulls_first=True), "-seq", "id")
    if then is not None:
        shown = past.deployments_as_known(rows.filter(reported_at__lte=then).order_by("-seq", "id"), then)
    return [
        DeploymentShown(row, getattr(row, "incident", None), gates.get(row.scope, GateState.SHUT), (row.scope, row.snapshot_id) in observed)
        for row in shown
    ]


def questions_of(case: Case) -> list[Question]:
    """In the order asked, with what pages name."""
    return list(
        case.questions.select_related("snapshot", "covered_by", "proposed_by", "decided_by", "declaration").order_by("position", "id")
    )


def votes_of(case: Case) -> dict[UUID, list[VoteShown]]:
    """Every vote ever cast in the case, by question, oldest first. One query."""
    shown: dict[UUID, list[VoteShown]] = {}
    for vote in Vote.objects.filter(question__case=case).select_related("person", "signature", "question").order_by("at", "id"):
        shown.setdefault(vote.question_id, []).append(VoteShown(vote, _state(vote)))
    return shown


def _state(vote: Vote) -> str:
    if vote.struck_at is not None:
        return "struck"
    if vote.replaced_at is not None:
        return "replaced"
    return "current" if is_current(vote, vote.question) else "outdated"


def decisions_of(case: Case) -> list[Determination | SafeguardsDecision | ReleaseDecision]:
    """What the case decided, in order."""
    found: list[Determination | SafeguardsDecision | ReleaseDecision] = []
    for model in (Determination, SafeguardsDecision, ReleaseDecision):
        found += model.objects.filter(question__case=case).select_related("question", "signature", "decided_by")
    return sorted(found, key=lambda decision: (decision.decided_at, str(decision.pk)))


def implementations_with_signoffs(framework_name: str) -> QuerySet[SafeguardImplementation]:
    """Every implementation, those of one safeguard by place and model, with its evidence and sign-offs loaded (`evidence.all()`, `signoffs.all()`)."""
    return (
        SafeguardImplementation.objects.filter(framework_name=framework_name)
        .select_related("owner", "subject")
        .order_by("safeguard", "place", "place_name", "subject__name", "id")
        .prefetch_related(
            Prefetch("evidence", queryset=ImplementationEvidence.objects.select_related("attached_by", "blob")),
            Prefetch("signoffs", queryset=SignOff.objects.select_related("person", "signature", "implementation", "revoked_by")),
        )
    )


def sites_of_release(question: Question, at: datetime) -> list[Site]:
    """Where the weights of a release question are served: as the statements say on which the safeguards were found adequate. One query."""
    if question.kind != QuestionKind.RELEASE:
        return []
    case = question.case
    found = SafeguardsDecision.objects.in_force(at).filter(subject=case.subject_id, framework_name=case.framework_name)
    return [each.statement.site for each in found.filter(verdict=Verdict.ADEQUATE).select_related("statement").order_by("axis", "id")]


def ready_to_declare(question: Question, at: datetime) -> bool:
    """Whether one side of an open question has its quorum, so that the chair can declare it."""
    return question.is_open and tally_of(question.case, question, at).is_met


def open_cases() -> QuerySet[Case]:
    return Case.objects.filter(state=CaseState.OPEN).select_related("subject", "framework_version", "snapshot")


def authorisations(subject_id: UUID) -> QuerySet[GateAnswer]:
    return GateAnswer.objects.filter(subject=subject_id).select_related("asked_by")


def turns_of_cases(cases: Iterable[Case], at: datetime) -> Iterator[tuple[Case, tuple[Turn, ...]]]:
    """Whose turn it is in each of these open cases, in a number of queries that does not grow with them."""
    by_version: dict[FrameworkVersion, list[Case]] = {}
    for case in cases:
        by_version.setdefault(case.framework_version, []).append(case)
    for version, several in by_version.items():
        facts = collect([case.subject for case in several], version, at)
        asked = [question for each in facts.values() for question in each.questions if question.is_open]
        known = {case.pk: case for case in several}
        tallies = tallies_of(known, asked, at)
        for each in facts.values():
            if each.case is not None and each.case.pk in known:
                mine = {question.pk: tallies[question.pk] for question in each.questions if question.is_open}
                yield known[each.case.pk], turns_of(each, mine)


@dataclass(frozen=True)
class CaseLine:
    """A case as the list shows it: whose turn it is, by name where it is theirs alone, and whether its time has run out."""

    case: Case
    whose: str
    overdue: bool
    contradicted: bool = False  # it decided strictly, that decision is in force, and the evidence says otherwise by now


def case_lines(cases: Iterable[Case], at: datetime) -> list[CaseLine]:
    """In the order given; closed ones wait for nobody."""
    several = list(cases)
    turns = dict(turns_of_cases([case for case in several if case.is_open], at))
    named = {person for case in turns for turn in turns[case][:1] for person in turn.persons}
    names = {str(pk): name for pk, name in Person.objects.filter(pk__in=named).values_list("pk", "name")} if named else {}
    disputed = Determination.objects.in_force(at).filter(question__case__in=several).exclude(contradicted_for="")
    says_otherwise = set(disputed.values_list("question__case_id", flat=True))
    return [CaseLine(case, whose(turns.get(case, ()), names), case.is_overdue(at), case.pk in says_otherwise) for case in several]


def may_vote_on(case: Case, questions: list[Question], actor: Actor) -> dict[UUID, policies.Answer]:
    """For each question, may this person vote, and if not, why: what the buttons ask."""
    barred = excluded([case], questions)
    return {question.pk: policies.may_vote(actor, case, question, barred[question.pk]) for question in questions}


def asking_about(framework_name: str, safeguard: Safeguard) -> list[tuple[Question, str]]:
    """The open questions whose tier asks for this safeguard, each in words: where somebody says, signed, that it is not adequate."""
    asked = Question.objects.filter(
        kind=QuestionKind.SAFEGUARDS,
        axis=safeguard.axis,
        state=QuestionState.OPEN,
        case__closed_at=None,
        case__framework_name=framework_name,
    )
    rows = [
        (each, each.case.framework_version.document)
        for each in asked.select_related("case__framework_version").order_by("case__number", "id")
    ]
    return [
        (each, signing.question_title(each, document))
        for each, document in rows
        if safeguard.slug in {wanted.slug for wanted in document.safeguards_for(each.axis, each.tier)}
    ]
