"""Everything the board knows of some subjects under one framework, at one moment, in a number of queries that does not grow.

Status, gate and cases all answer from these facts, so that they cannot disagree. Two clocks: `at` is the moment asked about; an assessment counts
when it was true (`as_of`) and known (`made_at`) by then; what people did is true from when they did it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache, partial
from typing import Any, cast
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, Subquery

from evaluations.models import Assessment, AssessmentDue, Document, DueState, Snapshot, Subject, Supersession, Upload, UploadState
from frameworks.engine.types import FrameworkDocument
from frameworks.models import FrameworkVersion
from ledger.canonical import parse
from reviews import paper_rules, past, places
from reviews.models import (
    ApplicabilityLine,
    ApplicabilityStatement,
    Case,
    Determination,
    Paper,
    Question,
    ReleaseDecision,
    SafeguardImplementation,
    SafeguardsDecision,
    ScopeState,
    SignOff,
)
from reviews.models.question import QuestionKind, QuestionState, Verdict
from reviews.places import Site
from reviews.rules import EARLIER_BASELINE, Required, Standing, is_strict, required_tiers

IN_FORCE, EXPIRED, NONE = "in_force", "expired", "none"


@dataclass(frozen=True)
class Facts:
    """One subject under one framework at `at`. Everything is loaded; nothing here queries."""

    subject: Subject
    version: FrameworkVersion
    document: FrameworkDocument
    at: datetime
    assessment: Assessment | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    determinations: Mapping[str, Determination] = field(default_factory=dict)
    adequacy: Mapping[str, SafeguardsDecision] = field(default_factory=dict)
    releases: Sequence[ReleaseDecision] = ()
    case: Case | None = None
    questions: Sequence[Question] = ()
    scopes: Mapping[str, ScopeState] = field(default_factory=dict)
    signed: Mapping[str, str] = field(default_factory=dict)
    snapshots: Sequence[Snapshot] = ()
    pending_uploads: int = 0
    dead_uploads: int = 0
    refused_uploads: int = 0
    due: bool = False
    covers: Mapping[UUID, Mapping[str, str]] = field(default_factory=dict)
    held: Sequence[Mapping[str, str]] = ()  # baselines of earlier versions that nobody let go of
    # (snapshot, threshold) where a model that covers others counts as having crossed the threshold itself
    covers_strictly: frozenset[tuple[UUID, str]] = frozenset()
    papers: Sequence[Paper] = ()
    # what strict determinations of earlier versions asked for and this version does not
    earlier_papers: tuple[paper_rules.Asked, ...] = ()

    @cached_property
    def findings(self) -> dict[str, Mapping[str, Any]]:
        """threshold → finding, as the assessment document has it."""
        return _findings(self.content)

    @cached_property
    def outcomes(self) -> dict[str, str]:
        return {slug: finding["outcome"] for slug, finding in self.findings.items()}

    @cached_property
    def found_under(self) -> dict[str, Mapping[str, str]]:
        """threshold → what it required in the version its finding was made under, as far as a finding requires anything there."""
        return {slug: finding["requires"] for slug, finding in self.findings.items() if finding["kind"] == "threshold"}

    @cached_property
    def inherited(self) -> list[dict[str, str]]:
        """What parents require, as the assessment read it."""
        return [
            {axis: cause["tier"]}
            for axis, required in self.content.get("required", {}).items()
            for cause in required["because"]
            if cause["kind"] == "lineage"
        ]

    @cached_property
    def standings(self) -> dict[str, Standing]:
        return {
            slug: Standing(each.verdict, each.requires, self.covers.get(each.covered_by_id, {}) if each.covered_by_id else {})
            for slug, each in self.determinations.items()
        }

    @cached_property
    def raised(self) -> list[tuple[str, dict[str, str]]]:
        """What open threshold questions hold up until they are decided."""
        return [(question.threshold, question.raised) for question in self.questions if question.is_open and question.raised]

    @cached_property
    def required(self) -> dict[str, Required]:
        return required_tiers(
            self.document,
            findings=self.outcomes,
            standings=self.standings,
            raised=self.raised,
            inherited=self.inherited,
            found_under=self.found_under,
            held=self.held,
        )

    @cached_property
    def required_slugs(self) -> dict[str, str]:
        return {axis: required.tier.slug for axis, required in self.required.items()}

    @cached_property
    def counting(self) -> frozenset[str]:
        """The thresholds that count against this model, of whatever kind."""
        return paper_rules.counting(
            self.document,
            outcomes=self.outcomes,
            verdicts={slug: each.verdict for slug, each in self.determinations.items()},
            raised={slug for slug, _ in self.raised},
            covered_strictly={slug for slug, each in self.determinations.items() if (each.covered_by_id, slug) in self.covers_strictly},
        )

    @cached_property
    def asked_papers(self) -> tuple[paper_rules.Asked, ...]:
        return paper_rules.and_earlier(paper_rules.asked_of(self.document, self.counting), self.earlier_papers)

    @cached_property
    def at_stake(self) -> Snapshot | None:
        """The weights of the open case; else the release candidate named last; else the weights registered last."""
        if self.case is not None and self.case.snapshot_id is not None:
            return self.snapshot(self.case.snapshot_id)
        candidates = [each for each in self.snapshots if each.is_release_candidate]
        if candidates:
            return max(candidates, key=lambda each: each.candidate_seq or 0)
        return max(self.snapshots, key=lambda each: each.registered_at, default=None)

    def paper_lines(self, weights: str) -> tuple[paper_rules.Line, ...]:
        """How each paper that is asked for stands for these weights."""
        digests = {slug: finding["finding_digest"] for slug, finding in self.findings.items()}
        return paper_rules.lines(self.asked_papers, [brought(each, self) for each in self.papers], weights=weights, findings=digests)

    @cached_property
    def only_watches(self) -> bool:
        """The open case asks, and asked, about nothing but what is watched without a threshold: it shuts no gate."""
        watched = {each.slug for each in self.document.thresholds if each.kind != "threshold"}
        return bool(self.questions) and all(each.threshold in watched for each in self.questions)

    @cached_property
    def accepted_papers(self) -> frozenset[str]:
        """The papers some release in force was decided on."""
        return frozenset(each["paper"] for release in self.releases for each in release.papers)

    @cached_property
    def complete(self) -> bool:
        """Every threshold that shuts the gate is assessed."""
        gating = [threshold.slug for threshold in self.document.thresholds if threshold.kind == "threshold"]
        return all(self.outcomes.get(slug, "not_assessed") != "not_assessed" for slug in gating)

    def snapshot(self, snapshot_id: UUID) -> Snapshot | None:
        return next((snapshot for snapshot in self.snapshots if snapshot.pk == snapshot_id), None)


def collect(
    subjects: Iterable[Subject], version: FrameworkVersion, at: datetime, *, known_at: datetime | None = None, back: bool = False
) -> dict[UUID, Facts]:
    """Facts of each subject, keyed by id. `known_at`: leave out what the portal learned later than that (default: `at`).

    `back`: `at` or `known_at` is an earlier moment, and every row counts as it stood then. The gate and every decision ask about now and leave it out:
    they read the rows as they are, so that no difference of clocks hides a change that has happened.
    """
    several = list(subjects)
    ids = [subject.pk for subject in several]
    moment = min(at, known_at) if known_at else at
    document = version.document
    assessments = _assessments(ids, version, at, known_at or at)
    looked_at = partial(past.as_it_stood, at=moment) if back else list
    determinations = _by_subject(looked_at(_determinations(ids, version, moment)))
    adequacy = _by_subject(_adequacy(ids, version, moment, back=back))
    released = ReleaseDecision.objects.in_force(moment).filter(subject__in=ids, framework_name=version.name, verdict="release")
    releases = _by_subject(released.defer(*_PROSE))
    cases = {case.subject_id: case for case in _cases(ids, version, moment, back=back)}
    questions = _questions(cases.values(), moment if back else None)
    scopes = _by_subject(looked_at(ScopeState.objects.filter(subject__in=ids, framework_name=version.name).select_related("halted_by")))
    weights = Snapshot.objects.filter(subject__in=ids, registered_at__lte=moment).select_related("subject")
    snapshots = _by_subject(past.weights_as_they_stood(weights, moment) if back else weights)
    leans_on = {subject.pk: _leans_on(subject, determinations[subject.pk]) for subject in several}
    concerned = list({*ids, *(each for others in leans_on.values() for each in others)})
    uploads = _uploads_then(concerned, moment) if back else _uploads(concerned, moment)
    asked_for = _due(concerned, version, moment if back else None)
    due = asked_for | {subject_id for subject_id, unheard in uploads.items() if unheard.pending or unheard.dead}
    built = _built_then(ids, version, moment) if back else _built(ids, version, moment)
    covers, covers_strictly, covers_still = _covers(determinations.values(), version, moment, back=back)
    earlier = _earlier(version, moment)
    found = {
        subject.pk: Facts(
            subject=subject,
            version=version,
            document=document,
            at=at,
            assessment=assessments.get(subject.pk),
            content=_content(assessments.get(subject.pk)),
            determinations={each.threshold: each for each in determinations[subject.pk]},
            adequacy={each.axis: each for each in adequacy[subject.pk] if each.verdict == "adequate"},
            releases=releases[subject.pk],
            case=cases.get(subject.pk),
            questions=questions[cases[subject.pk].pk] if subject.pk in cases else (),
            scopes={each.scope: each for each in scopes[subject.pk]},
            signed=_signed([*built[None], *built[subject.pk]], document, _sites(document, adequacy[subject.pk], cases.get(subject.pk))),
            snapshots=snapshots[subject.pk],
            pending_uploads=uploads[subject.pk].pending,
            dead_uploads=uploads[subject.pk].dead,
            refused_uploads=uploads[subject.pk].refused,
            due=subject.pk in asked_for
            or not due.isdisjoint(leans_on[subject.pk])
            or any(each.covered_by_id and (each.covered_by_id, each.threshold) not in covers_still for each in determinations[subject.pk]),
            covers=covers,
            held=_held(subject, determinations[subject.pk], earlier),
            earlier_papers=_earlier_papers(determinations[subject.pk], earlier),
            covers_strictly=covers_strictly,
        )
        for subject in several
    }
    return _with_papers(found, version, moment)


def collect_one(
    subject: Subject, version: FrameworkVersion, at: datetime, *, known_at: datetime | None = None, back: bool = False
) -> Facts:
    return collect([subject], version, at, known_at=known_at, back=back)[subject.pk]


def _by_subject(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.subject_id].append(row)
    return grouped


def _assessments(ids: list[UUID], version: FrameworkVersion, at: datetime, known_at: datetime) -> dict[UUID, Assessment]:
    rows = (
        Assessment.objects.filter(subject__in=ids, framework_name=version.name, as_of__lte=at, made_at__lte=known_at, seq__isnull=False)
        .annotate(content=content_under("assessment_digest"))
        .order_by("subject_id", "-seq")
        .distinct("subject_id")
        .defer("summary", "finding_digests", "requirement", "reader_versions")
    )
    return {row.subject_id: row for row in rows}


def content_under(digest: str) -> Subquery:
    """The stored bytes of the assessment whose digest stands in the row under this name, for `findings_in`."""
    return Subquery(Document.objects.filter(digest=OuterRef(digest)).values("content")[:1])


def findings_in(stored: bytes | None) -> dict[str, Mapping[str, Any]]:
    """threshold → finding, as the stored bytes of an assessment have it; none of none."""
    return {} if stored is None else _findings(_parsed(bytes(stored)))


def _findings(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {finding["slug"]: finding for finding in content.get("thresholds", ())}


def _content(assessment: Assessment | None) -> Mapping[str, Any]:
    stored = None if assessment is None else assessment.content  # type: ignore[attr-defined]
    return {} if stored is None else _parsed(bytes(stored))


@lru_cache(maxsize=256)
def _parsed(stored: bytes) -> Mapping[str, Any]:
    """The same bytes are the same findings, whatever is written elsewhere. Nobody changes what this answers."""
    return cast("Mapping[str, Any]", parse(stored))


# What a decision says in words and shows of its votes stands on its case's page; a list of models would read it by the thousand for nothing.
_PROSE = ("rationale", "votes")
_COVERING = ("covered_by__label", "covered_by__weights_digest", "covered_by__subject__slug", "covered_by__subject__name")


def _determinations(ids: list[UUID], version: FrameworkVersion, at: datetime) -> Iterable[Determination]:
    read = [each.name for each in Determination._meta.concrete_fields if each.name not in {*_PROSE, "finding"}]
    return (
        Determination.objects.in_force(at)
        .filter(subject__in=ids, framework_name=version.name)
        .select_related("question__case", "covered_by__subject")
        .only(*read, "question__case__number", "question__case__snapshot", *_COVERING)
    )


def _adequacy(ids: list[UUID], version: FrameworkVersion, at: datetime, *, back: bool) -> Iterable[SafeguardsDecision]:
    held = ("given_at", "expires_at", "revoked_at", "content_digest")
    stands = ("place", "place_name", "version_digest", "retired_at")
    lines = ApplicabilityLine.objects.select_related("signoff__implementation").only(
        *("statement", "axis", "safeguard"),
        *("signoff__" + field for field in held),
        *("signoff__implementation__" + field for field in stands),
    )
    decided = list(
        SafeguardsDecision.objects.in_force(at)
        .filter(subject__in=ids, framework_name=version.name)
        .select_related("statement")
        .defer(*_PROSE, "statement__rationale")
        .prefetch_related(Prefetch("statement__lines", queryset=lines))
    )
    if back:
        _stand_as_then((line.signoff.implementation for each in decided for line in each.statement.lines.all()), at)
    return decided


def _stand_as_then(implementations: Iterable[SafeguardImplementation], at: datetime) -> list[SafeguardImplementation]:
    """Each implementation in the version it had by then, and not retired before it was."""
    several = past.as_it_stood(implementations, at)
    for each in several:
        each.retired_at = each.retired_at if each.retired_at is not None and each.retired_at <= at else None
    return several


def _open_cases(ids: list[UUID], version: FrameworkVersion, at: datetime, *, back: bool) -> Iterable[Case]:
    in_force = Q(Q(replaced_at=None) | Q(replaced_at__gt=at), stated_at__lte=at) if back else Q(replaced_at=None)
    stated = ApplicabilityStatement.objects.filter(in_force, case=OuterRef("pk"))
    return (
        Case.objects.filter(Q(closed_at=None) | Q(closed_at__gt=at), subject__in=ids, framework_name=version.name, opened_at__lte=at)
        .annotate(stack=Subquery(stated.values("stack")[:1]), environment=Subquery(stated.values("environment")[:1]))
        .order_by("opened_at", "id")
    )


def _cases(ids: list[UUID], version: FrameworkVersion, at: datetime, *, back: bool) -> Iterable[Case]:
    found = _open_cases(ids, version, at, back=back)
    return past.cases_as_they_stood(found, at) if back else found


def _questions(cases: Iterable[Case], then: datetime | None) -> dict[UUID, list[Question]]:
    rows = Question.objects.filter(case__in=[case.pk for case in cases])
    asked: Iterable[Question] = rows.exclude(state=QuestionState.WITHDRAWN)
    if then is not None:
        stood = past.as_it_stood(rows.filter(opened_at__lte=then), then)
        asked = (question for question in stood if question.state != QuestionState.WITHDRAWN)
    grouped: dict[UUID, list[Question]] = defaultdict(list)
    for question in asked:
        grouped[question.case_id].append(question)
    return grouped


@dataclass(frozen=True, slots=True)
class _Unheard:
    """What was sent about a model and does not speak: not read yet, given up, or refused and not signed away."""

    pending: int = 0
    dead: int = 0
    refused: int = 0


def _uploads(ids: list[UUID], at: datetime) -> dict[UUID, _Unheard]:
    # What was signed away is the refusal: a file that is read again may speak yet.
    answered_for = Exists(Supersession.objects.filter(upload=OuterRef("pk"), at__lte=at))
    rows = (
        Upload.objects.filter(subject__in=ids, received_at__lte=at)
        .exclude(state=UploadState.PARSED)
        .order_by()
        .values("subject_id")
        .annotate(
            dead=Count("pk", filter=Q(state=UploadState.DEAD)),
            refused=Count("pk", filter=Q(state=UploadState.REJECTED) & ~Q(answered_for)),
            pending=Count("pk", filter=Q(state__in=[UploadState.RECEIVED, UploadState.PARSING])),
        )
    )
    return defaultdict(_Unheard, {row["subject_id"]: _Unheard(row["pending"], row["dead"], row["refused"]) for row in rows})


def _uploads_then(ids: list[UUID], at: datetime) -> dict[UUID, _Unheard]:
    """The same as of an earlier moment: what had become of each file by then stands in the ledger."""
    signed_away = Supersession.objects.filter(upload=OuterRef("pk"), at__lte=at)
    rows = Upload.objects.filter(subject__in=ids, received_at__lte=at).exclude(Exists(signed_away)).order_by()
    about = dict(rows.exclude(state=UploadState.PARSED, finished_at__lte=at).values_list("pk", "subject_id"))
    states = past.upload_states(about, at)
    counted: dict[UUID, Counter[str]] = defaultdict(Counter)
    for upload, subject in about.items():
        counted[subject][states.get(upload, UploadState.RECEIVED)] += 1
    return defaultdict(
        _Unheard,
        {
            subject: _Unheard(each[UploadState.RECEIVED], each[UploadState.DEAD], each[UploadState.REJECTED])
            for subject, each in counted.items()
        },
    )


def _leans_on(subject: Subject, determinations: Iterable[Determination]) -> set[UUID]:
    """The models whose evidence bears on this one: its parent, and those that cover it. What waits there may be a rise here."""
    covering = {each.covered_by.subject_id for each in determinations if each.covered_by is not None}
    return covering | ({subject.parent_id} if subject.parent_id is not None else set())


def _due(ids: list[UUID], version: FrameworkVersion, then: datetime | None) -> set[UUID]:
    rows = AssessmentDue.objects.filter(subject__in=ids, framework_name=version.name).exclude(state=DueState.DONE)
    if then is not None:
        # Only what waits still is known to have waited then; a wait that is over is not kept.
        rows = rows.filter(marked_at__lte=then)
    return set(rows.order_by().values_list("subject_id", flat=True))


@dataclass(frozen=True, slots=True)
class _Built:
    """One implementation: what it is, where it stands, and how its best sign-off stands."""

    safeguard: str
    place: str
    place_name: str
    state: str


def _built(ids: list[UUID], version: FrameworkVersion, at: datetime) -> dict[UUID | None, list[_Built]]:
    """What serves every model (key None), and what was built for one of these."""
    held = SignOff.objects.filter(implementation=OuterRef("pk"))
    rows = (
        SafeguardImplementation.objects.filter(Q(subject=None) | Q(subject__in=ids), framework_name=version.name, registered_at__lte=at)
        .filter(Q(retired_at=None) | Q(retired_at__gt=at))
        .annotate(now=Exists(held.in_force(at)), ever=Exists(held.filter(given_at__lte=at)))
        .order_by()
        .values_list("subject_id", "safeguard", "place", "place_name", "now", "ever")
    )
    found: dict[UUID | None, list[_Built]] = defaultdict(list)
    for subject_id, safeguard, place, place_name, now, ever in rows:
        found[subject_id].append(_Built(safeguard, place, place_name, IN_FORCE if now else EXPIRED if ever else NONE))
    return found


def _built_then(ids: list[UUID], version: FrameworkVersion, at: datetime) -> dict[UUID | None, list[_Built]]:
    """The same as of an earlier moment: each implementation in the version it had, which is what a sign-off was about."""
    rows = SafeguardImplementation.objects.filter(Q(subject=None) | Q(subject__in=ids), framework_name=version.name, registered_at__lte=at)
    standing = rows.filter(Q(retired_at=None) | Q(retired_at__gt=at)).order_by().prefetch_related("signoffs")
    found: dict[UUID | None, list[_Built]] = defaultdict(list)
    for each in _stand_as_then(standing, at):
        given = [signoff for signoff in each.signoffs.all() if signoff.given_at <= at]
        held = any(signoff.holds_content(each, at) for signoff in given)
        state = IN_FORCE if held else EXPIRED if given else NONE
        found[each.subject_id].append(_Built(each.safeguard, each.place, each.place_name, state))
    return found


def _sites(document: FrameworkDocument, adequacy: Sequence[SafeguardsDecision], case: Case | None) -> dict[str, Site]:
    """Axis → where the model is served: as the decision in force on that axis read it, or as the open case has it stated."""
    stated: dict[str, Site] = {}
    if case is not None and case.stack is not None:  # type: ignore[attr-defined]
        site = Site(stack=case.stack, environment=case.environment)  # type: ignore[attr-defined]
        stated = {axis.slug: site for axis in document.axes}
    return stated | {each.axis: each.statement.site for each in adequacy if each.verdict == "adequate"}


def _signed(built: Sequence[_Built], document: FrameworkDocument, sites: Mapping[str, Site]) -> dict[str, str]:
    """Safeguard → state of the best that counts where the model is served; before that is stated, the best of wherever it is built."""
    states: dict[str, str] = {}
    defined = {safeguard.slug: safeguard for safeguard in document.safeguards}
    for each in built:
        safeguard = defined.get(each.safeguard)
        if safeguard is None or each.place != safeguard.placed_in:
            continue
        site = sites.get(safeguard.axis)
        if site is None or places.counts(placed_in=safeguard.placed_in, place=each.place, place_name=each.place_name, site=site):
            states[each.safeguard] = _best(states.get(each.safeguard, NONE), each.state)
    return states


def _best(one: str, other: str) -> str:
    return min(one, other, key=[IN_FORCE, EXPIRED, NONE].index)


def _with_papers(found: dict[UUID, Facts], version: FrameworkVersion, at: datetime) -> dict[UUID, Facts]:
    """The same with the papers that were brought; where none is asked for, nothing is read."""
    asked = [subject_id for subject_id, facts in found.items() if facts.asked_papers]
    if not asked:
        return found
    rows = Paper.objects.filter(
        Q(replaced_at=None) | Q(replaced_at__gt=at),
        Q(withdrawn_at=None) | Q(withdrawn_at__gt=at),
        subject__in=asked,
        framework_name=version.name,
        supplied_at__lte=at,
    )
    brought_to = _by_subject(rows.select_related("supplied_by"))
    return found | {subject_id: replace(found[subject_id], papers=brought_to[subject_id]) for subject_id in asked}


def brought(paper: Paper, facts: Facts) -> paper_rules.Supplied:
    """A row as the rules read it."""
    snapshot = facts.snapshot(paper.snapshot_id)
    return paper_rules.Supplied(
        id=str(paper.pk),
        threshold=paper.threshold,
        artefact=paper.artefact,
        weights=snapshot.weights_digest if snapshot else "",
        digest=paper.digest,
        finding=paper.finding_digest,
        supplied_by=str(paper.supplied_by_id),
        hazard=paper.hazard,
    )


def _covers(
    groups: Iterable[list[Determination]], version: FrameworkVersion, at: datetime, *, back: bool
) -> tuple[dict[UUID, dict[str, str]], frozenset[tuple[UUID, str]], frozenset[tuple[UUID, str]]]:
    """The requirement in force of each snapshot some `covered_by` leans on: that of its subject's strict determinations and open questions.

    Beside it, the thresholds that count against the covering models: what covers cannot speak for less than it is treated as itself. And those it may
    cover still, by a decision in force on its own evidence.
    """
    snapshots = {each.covered_by_id for group in groups for each in group if each.covered_by_id}
    if not snapshots:
        return {}, frozenset(), frozenset()
    parents = {snapshot.pk: snapshot.subject for snapshot in Snapshot.objects.filter(pk__in=snapshots).select_related("subject")}
    facts = collect({subject.pk: subject for subject in parents.values()}.values(), version, at, back=back)
    strictly = frozenset((snapshot_id, slug) for snapshot_id, subject in parents.items() for slug in facts[subject.pk].counting)
    still = frozenset(
        (snapshot_id, slug)
        for snapshot_id, subject in parents.items()
        for slug, each in facts[subject.pk].determinations.items()
        if each.verdict != Verdict.COVERED_BY
    )
    return {snapshot_id: facts[subject.pk].required_slugs for snapshot_id, subject in parents.items()}, strictly, still


def _earlier(version: FrameworkVersion, at: datetime) -> list[FrameworkVersion]:
    """The versions in force before this one, the earliest first."""
    if version.predecessor_id is None:
        return []
    before = FrameworkVersion.objects.filter(name=version.name, adopted_seq__lt=version.adopted_seq, superseded_at__lte=at)
    return list(before.order_by("adopted_seq"))


def _earlier_papers(determinations: Iterable[Determination], earlier: Iterable[FrameworkVersion]) -> tuple[paper_rules.Asked, ...]:
    """What the versions asked for under which the board decided strictly: a newer text lets go of it by itself as little as of a tier."""
    documents = {each.pk: each.document for each in earlier}
    return tuple(
        asked
        for each in determinations
        if each.framework_version_id in documents and is_strict(each.verdict)
        for asked in paper_rules.asked_of(documents[each.framework_version_id], {each.threshold})
        if asked.gates
    )


def _held(subject: Subject, determinations: Iterable[Determination], earlier: Iterable[FrameworkVersion]) -> tuple[Mapping[str, str], ...]:
    """The baselines a model was under when another version took their place, since the board last let go of one."""
    let_go = max(
        (each.decided_at for each in determinations if each.threshold == EARLIER_BASELINE and each.verdict == Verdict.NOT_CROSSED),
        default=subject.created_at,
    )
    return tuple(each.document.baseline for each in earlier if each.superseded_at is not None and each.superseded_at >= let_go)


def open_questions(facts: Facts, kind: QuestionKind | None = None) -> list[Question]:
    return [question for question in facts.questions if question.is_open and (kind is None or question.kind == kind)]
