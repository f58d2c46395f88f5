"""What a vote answers: the content of each question, built from facts. Its digest is what votes and decisions pin.

Each content holds exactly what its question turns on and nothing else, so that an unrelated upload or sign-off outdates no vote:
a threshold question the finding's digest, a safeguards question the sign-offs the case names, a release question the status it rests on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from evaluations.models import Snapshot
from frameworks.engine.types import FrameworkDocument, Outcome
from frameworks.engine.types import Quorum as Policy
from ledger.canonical import digest
from reviews import gate_inputs, gate_rules, paper_rules
from reviews.facts import Facts
from reviews.models import ApplicabilityStatement, Question
from reviews.models.case import CaseKind
from reviews.models.question import QuestionKind
from reviews.rules import gaps, is_strict
from reviews.tally import Quorum, Seat, join_quorums

Key = tuple[str, str, str, str, UUID | None, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question a case has to ask: the thing asked, what is proposed, and the requirement it holds up until decided."""

    kind: str
    proposal: str
    threshold: str = ""
    axis: str = ""
    tier: str = ""
    snapshot: Snapshot | None = None
    scope: str = ""
    covered_by: UUID | None = None
    raised: Mapping[str, str] = field(default_factory=dict)
    # What a threshold would require: as the framework has it, or as an earlier version had it where it is not in this one.
    requires: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return (self.kind, self.threshold, self.axis, self.tier, self.snapshot.pk if self.snapshot else None, self.scope)


def key_of(question: Question) -> Key:
    return (question.kind, question.threshold, question.axis, question.tier, question.snapshot_id, question.scope)


def content_of(wanted: Wanted, facts: Facts, statement: ApplicabilityStatement | None) -> dict[str, Any]:
    """The content document of a question as it stands now."""
    own = {
        QuestionKind.THRESHOLD: lambda: _threshold(wanted, facts),
        QuestionKind.SAFEGUARDS: lambda: _safeguards(wanted, facts, statement),
        QuestionKind.RELEASE: lambda: _release(wanted, facts),
    }[QuestionKind(wanted.kind)]()
    return {"format": "asl-question/1", "kind": wanted.kind, "subject": str(facts.subject.pk), "proposal": wanted.proposal, **own}


def content_digest(content: Mapping[str, Any]) -> str:
    return digest(content)


def _threshold(wanted: Wanted, facts: Facts) -> dict[str, Any]:
    finding = facts.findings.get(wanted.threshold)
    return {
        "threshold": wanted.threshold,
        "requires": dict(wanted.requires),
        "finding": finding["finding_digest"] if finding else None,
        "outcome": finding["outcome"] if finding else Outcome.NOT_ASSESSED.value,
        "covered_by": str(wanted.covered_by) if wanted.covered_by else None,
    }


def _safeguards(wanted: Wanted, facts: Facts, statement: ApplicabilityStatement | None) -> dict[str, Any]:
    required = [safeguard.slug for safeguard in facts.document.safeguards_for(wanted.axis, wanted.tier)]
    lines = {line.safeguard: line for line in statement.lines.all()} if statement else {}
    return {
        "axis": wanted.axis,
        "tier": wanted.tier,
        "snapshot": str(statement.snapshot_id) if statement else None,
        "statement": statement.content_digest if statement else None,
        "scopes": sorted(statement.scopes) if statement else [],
        "stack": statement.stack if statement else "",
        "stack_digest": statement.stack_digest if statement else "",
        "environment": statement.environment if statement else "",
        "required": required,
        "covered": [
            {
                "safeguard": slug,
                "implementation": str(lines[slug].signoff.implementation_id),
                "version": lines[slug].signoff.implementation.version_digest,
                "signoff": str(lines[slug].signoff_id),
            }
            for slug in required
            if slug in lines and lines[slug].signoff.holds(facts.at, facts.version)
        ],
    }


def _release(wanted: Wanted, facts: Facts) -> dict[str, Any]:
    if wanted.snapshot is None:
        raise ValueError("A release question names a snapshot.")
    inputs = gate_inputs.decided(facts) | {"artefact": wanted.snapshot.weights_digest, "scope": wanted.scope}
    axes = facts.document.scopes[wanted.scope]
    pinned = gate_rules.accepted_with(gate_rules.paper_lines(facts.document, inputs))
    state = facts.scopes.get(wanted.scope)
    # Going on after a halt is another question than going out: who was asked before it answered something else.
    halted = {} if state is None or state.halted_at is None else {"halted": state.halted_at.isoformat()}
    # Where no paper is asked for, none is spoken of.
    return (
        ({"papers": pinned} if pinned else {})
        | halted
        | {
            "artefact": wanted.snapshot.weights_digest,
            "scope": wanted.scope,
            "required": facts.required_slugs,
            "status": gate_rules.status_digest(facts.document, inputs, facts.required_slugs, axes),
        }
    )


def papers_lacking(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The papers a release question asks for that nobody has supplied, or that are outdated: `threshold/artefact`."""
    return tuple(f"{each['threshold']}/{each['artefact']}" for each in content.get("papers", ()) if each["state"] != paper_rules.SUPPLIED)


def uncovered(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The safeguards a safeguards question requires and no in-force sign-off in its statement covers."""
    covered = {line["safeguard"] for line in content["covered"]}
    return tuple(slug for slug in content["required"] if slug not in covered)


# --- What is proposed, and by which policy it is decided ----------------------------------------------------------------------------------------


def default_proposal(facts: Facts, threshold: str, *, raised: bool, case_kind: str) -> str:
    """Strict, unless nothing rose and the evidence is whole: then, and in a lowering case, the board is asked whether it is not crossed."""
    if case_kind == CaseKind.LOWERING:
        return "not_crossed"
    standing = facts.determinations.get(threshold)
    if standing is not None and standing.verdict == "treated_as_crossed" and facts.outcomes.get(threshold) == Outcome.RULED_IN:
        return "crossed"  # It counts already; what is left to decide is whether it is no precaution any more.
    clean = facts.outcomes.get(threshold) == Outcome.RULED_OUT and not gaps(facts.content, threshold)
    return "not_crossed" if clean and not raised else "treated_as_crossed"


def quorum_of(wanted: Wanted, verdict: str, *, document: FrameworkDocument, case_kind: str, required: Mapping[str, str]) -> Quorum:
    """The policy one verdict must meet. Raises ValueError where the framework has none."""
    if wanted.kind == QuestionKind.THRESHOLD:
        names = _threshold_policies(verdict, raised=bool(wanted.raised), case_kind=case_kind)
        places = sorted(wanted.requires.items()) or [("", "")]
    elif wanted.kind == QuestionKind.SAFEGUARDS:
        names, places = ("safeguards",), [(wanted.axis, wanted.tier)]
    else:
        names, places = ("release",), [(axis, required[axis]) for axis in document.scopes[wanted.scope]] or [("", "")]
    found = [policy for name in names for axis, tier in places for policy in _policies(document, name, axis, tier)]
    return join_quorums(quorum_from_policy(policy) for policy in found)


def _threshold_policies(verdict: str, *, raised: bool, case_kind: str) -> tuple[str, ...]:
    """Letting go of what had risen needs the elevation's own policy as well as the clearance's."""
    if is_strict(verdict):
        return ("threshold",)
    if case_kind == CaseKind.LOWERING:
        return ("lowering",)
    return ("threshold", "clearance") if raised else ("clearance",)


def _policies(document: FrameworkDocument, name: str, axis: str, tier: str) -> list[Policy]:
    """The policy for a question on a tier. About a tier this version does not know, every policy for the question has to be met."""
    if tier and not document.asked_tier(axis, tier).known:
        return [each for each in document.quorum if each.question == name]
    try:
        return [document.quorum_for(name, tier=tier, axis=axis)]
    except KeyError:
        return []


def quorum_from_policy(policy: Policy) -> Quorum:
    seats = tuple(Seat(seat.at_least, seat.role, seat.competence) for seat in policy.seats)
    return Quorum(policy.approvals, seats, policy.chair_votes, policy.statement)


def policy_digest(document: FrameworkDocument) -> str:
    """The digest of the quorum policy a case pins."""
    entries = [
        {
            "question": each.question,
            "tier": each.tier,
            "axis": each.axis,
            "approvals": each.approvals,
            "chair_votes": each.chair_votes,
            "seats": [[seat.at_least, seat.role, seat.competence] for seat in each.seats],
        }
        for each in document.quorum
    ]
    return digest({"framework": document.digest, "quorum": entries})
