"""Status and cases as JSON values, for programs. Prose people wrote goes out only where a case is asked for by itself; what holds hazardous detail never."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reviews import queries, signing
from reviews.counting import tallies
from reviews.models import Case, Determination, Question
from reviews.models.gate_answer import Enforcement
from reviews.papers_page import PaperLine, paper_lines
from reviews.rules import gaps
from reviews.status import AxisStatus, SubjectStatus, ThresholdStatus
from reviews.tally import Requirement, Tally


def status_json(status: SubjectStatus) -> dict[str, Any]:
    assessment = status.assessment
    return {
        "subject": status.subject.slug,
        "framework": {"name": status.version.name, "version": status.version.version, "digest": status.version.digest},
        "at": status.at,
        "label": status.label,
        "complete": status.complete,
        "provisional": status.provisional,
        "axes": [_axis(axis) for axis in status.axes],
        "thresholds": [_threshold(threshold, gaps(status.facts.content, threshold.slug)) for threshold in status.thresholds],
        "safeguards": {
            "signed": status.safeguards_signed,
            "required": status.safeguards_required,
            "defined": status.safeguards_defined,
        },
        "papers": [_paper(line) for line in paper_lines(status.facts)],
        "gate": [
            {
                "scope": scope.scope,
                "state": scope.state,
                "enforcement": scope.enforcement,
                "observed_until": scope.row.observed_until if scope.row is not None and scope.enforcement == Enforcement.OBSERVE else None,
                "reasons": [dict(reason) for reason in scope.reasons],
            }
            for scope in status.scopes
        ],
        "case": {"id": str(status.case.pk), "number": status.case.number, "kind": status.case.kind} if status.case else None,
        "turns": [
            {"kind": turn.kind, "role": turn.role, "persons": list(turn.persons), "why": turn.why, "until": turn.until}
            for turn in status.turns
        ],
        "assessment": None
        if assessment is None
        else {
            "id": str(assessment.pk),
            "digest": assessment.assessment_digest,
            "evidence_digest": assessment.evidence_digest,
            "framework_digest": assessment.framework_digest,
            "engine_version": assessment.engine_version,
            "as_of": assessment.as_of,
            "made_at": assessment.made_at,
            "valid_until": assessment.valid_until,
            "ledger_size": assessment.ledger_size,
        },
    }


def _paper(line: PaperLine) -> dict[str, Any]:
    """`gates`: without it nothing goes out; the others are reported."""
    paper = line.paper
    return {
        "threshold": line.threshold,
        "artefact": line.artefact,
        "title": line.title,
        "gates": line.gates,
        "state": line.state,
        "supplied": None
        if paper is None
        else {
            "id": str(paper.pk),
            "title": paper.title,
            "digest": paper.digest,
            "finding_digest": paper.finding_digest or None,
            "supplied_by": str(paper.supplied_by_id),
            "supplied_at": paper.supplied_at,
            "hazard": paper.hazard,
        },
    }


def _axis(axis: AxisStatus) -> dict[str, Any]:
    return {
        "axis": axis.slug,
        "required": axis.required.slug,
        "required_label": axis.required.label,
        "defined": axis.required.defined,
        "provisional": axis.provisional,
        "in_force": axis.in_force.slug if axis.in_force else None,
        "because": [{"kind": cause.kind, "tier": cause.tier, "threshold": cause.threshold or None} for cause in axis.because],
        "safeguards": {"signed": axis.safeguards_signed, "required": axis.safeguards_required, "defined": axis.required.defined},
    }


def _threshold(threshold: ThresholdStatus, lacking: Sequence[str]) -> dict[str, Any]:
    """`lacking`: the leaves it leans on that are missing or stale; while there are any, nobody can decide that it is not crossed."""
    decided = threshold.determination
    return {
        "threshold": threshold.slug,
        "title": threshold.title,
        "domain": threshold.domain,
        "kind": threshold.kind,
        "outcome": threshold.outcome,
        "finding": threshold.finding,
        "lacking": list(lacking),
        "determination": None
        if decided is None
        else {
            "id": str(decided.pk),
            "verdict": decided.verdict,
            "requires": decided.requires,
            "decided_at": decided.decided_at,
            "valid_until": decided.valid_until,
            "finding_digest": decided.finding_digest,
            "coverage": _coverage(decided),
            "contradicted": threshold.contradicted,
        },
    }


def _coverage(decided: Determination) -> dict[str, Any] | None:
    """Whose weights speak for these, where a determination is `covered_by`: it holds within what stands for them, and falls with their own decision."""
    if decided.covered_by is None:
        return None
    by = decided.covered_by
    covered = decided.question.case.snapshot_id
    return {
        "covers": str(covered) if covered else None,
        "by": {"subject": by.subject.slug, "snapshot": str(by.pk), "label": by.label, "digest": by.weights_digest},
    }


def case_row(case: Case) -> dict[str, Any]:
    return {
        "id": str(case.pk),
        "number": case.number,
        "subject": case.subject.slug,
        "framework": case.framework_name,
        "kind": case.kind,
        "state": case.state,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "closed_at": case.closed_at,
    }


def case_json(case: Case, at: datetime) -> dict[str, Any]:
    """The case file: questions with their requirements, every vote ever cast, decisions with dissent, revisions, recusals, discussion."""
    questions = queries.questions_of(case)
    counted = tallies(case, questions, at)
    votes = queries.votes_of(case)
    return case_row(case) | {
        "reason": case.reason,
        "roster": case.roster,
        "roster_digest": case.roster_digest,
        "policy_digest": case.policy_digest,
        "snapshot": case.snapshot.weights_digest if case.snapshot else None,
        "closing_note": case.closing_note,
        "questions": [_question(question, case, counted[question.pk], votes.get(question.pk, [])) for question in questions],
        "decisions": [
            {
                "id": str(decision.pk),
                "question": str(decision.question_id),
                "verdict": decision.verdict,
                "rationale": None if decision.hazard else decision.rationale,
                "hazard": decision.hazard,
                "votes": decision.votes,
                "signature": str(decision.signature_id),
                "decided_by": str(decision.decided_by_id),
                "decided_at": decision.decided_at,
                "valid_until": decision.valid_until,
                "ended_at": decision.ended_at,
                "ended_why": decision.ended_why or None,
            }
            for decision in queries.decisions_of(case)
        ],
        "revisions": [
            {
                "number": revision.number,
                "reason": revision.reason,
                "changes": revision.changes,
                "required": revision.required,
                "made_at": revision.made_at,
            }
            for revision in case.revisions.all()
        ],
        "recusals": [{"person": str(each.person_id), "at": each.at, "reason": each.reason} for each in case.recusals.all()],
        "comments": [
            {"person": str(each.person_id), "at": each.at, "text": None if each.hazard else each.text, "hazard": each.hazard}
            for each in case.comments.all()
        ],
    }


def _question(question: Question, case: Case, tally: Tally, votes: Sequence[queries.VoteShown]) -> dict[str, Any]:
    return {
        "id": str(question.pk),
        "kind": question.kind,
        "title": signing.question_title(question, case.framework_version.document),
        "threshold": question.threshold or None,
        "axis": question.axis or None,
        "tier": question.tier or None,
        "scope": question.scope or None,
        "artefact": question.snapshot.weights_digest if question.snapshot else None,
        "proposal": question.proposal,
        "content": question.content,
        "content_digest": question.content_digest,
        "state": question.state,
        "outcome": question.outcome or None,
        "requirements": {side.verdict: [_requirement(line) for line in side.requirements] for side in (tally.approve, tally.reject)},
        "yet_to_vote": list(tally.yet_to_vote),
        "excluded": dict(tally.excluded),
        "votes": [_vote(shown) for shown in votes],
    }


def _requirement(line: Requirement) -> Mapping[str, Any]:
    return {"code": line.code, "title": line.title, "state": line.state, "have": line.have, "need": line.need, "who": list(line.who)}


def _vote(shown: queries.VoteShown) -> dict[str, Any]:
    vote = shown.vote
    return {
        "id": str(vote.pk),
        "person": str(vote.person_id),
        "choice": vote.choice,
        "proposal": vote.proposal,
        "rationale": None if vote.hazard else vote.rationale,
        "hazard": vote.hazard,
        "state": shown.state,
        "content_digest": vote.content_digest,
        "signature": str(vote.signature_id),
        "signed_statement": vote.signature.statement_digest,
        "at": vote.at,
    }
