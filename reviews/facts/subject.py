"""Everything the board knows of one model under one framework, at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from evaluations.models import Assessment, Snapshot, Subject
from frameworks.engine.types import FrameworkDocument
from frameworks.models import FrameworkVersion
from reviews import paper_rules
from reviews.facts.assessments import findings_by_threshold
from reviews.models import Case, Determination, Paper, Question, ReleaseDecision, SafeguardsDecision, ScopeState
from reviews.models.question import QuestionKind
from reviews.rules import Required, Standing, required_tiers


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
    refused_beneath: int = 0  # the same of the models it leans on
    due: bool = False
    leans_on: frozenset[UUID] = frozenset()  # the models above it, whose evidence bears on it
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
        return findings_by_threshold(self.content)

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


def open_questions(facts: Facts, kind: QuestionKind | None = None) -> list[Question]:
    return [question for question in facts.questions if question.is_open and (kind is None or question.kind == kind)]
