"""Cases: how they open, move and close, what they ask, and how it is voted on."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from people.models import Person
from reviews.entries.writing import append_by, append_signed
from reviews.models import Case, CaseRevision, Comment, Question, Recusal, Vote


def case_opened(case: Case, revision: CaseRevision, *, actor: Person | None, at: datetime) -> Entry:
    fields = _revision(case, revision) | {"case_kind": case.kind, "roster": case.roster_digest, "policy": case.policy_digest}
    return append_by("reviews:case:opened", f"case:{case.pk}", actor, at, fields, policy=case.policy_digest)


def case_revised(case: Case, revision: CaseRevision, *, actor: Person | None, at: datetime) -> Entry:
    fields = _revision(case, revision) | {"case_kind": case.kind}
    return append_by("reviews:case:revised", f"case:{case.pk}", actor, at, fields, policy=case.policy_digest)


def case_closed(case: Case, *, actor: Person | None, at: datetime) -> Entry:
    fields = {"subject": case.subject_id, "state": case.state}
    return append_by("reviews:case:closed", f"case:{case.pk}", actor, at, fields, policy=case.policy_digest)


def case_commented(comment: Comment, *, at: datetime) -> Entry:
    return append_by(
        "reviews:case:commented", f"case:{comment.case_id}", comment.person, at, {"comment": comment.pk, "hazard": comment.hazard}
    )


def recusal_declared(recusal: Recusal, struck: list[Vote], *, at: datetime) -> Entry:
    fields = {"recusal": recusal.pk, "struck": [str(vote.pk) for vote in struck]}
    return append_by("reviews:recusal:declared", f"case:{recusal.case_id}", recusal.person, at, fields)


def question_proposed(question: Question, *, actor: Person, at: datetime) -> Entry:
    return append_by("reviews:question:proposed", f"question:{question.pk}", actor, at, _question(question))


def vote_cast(vote: Vote, *, at: datetime) -> Entry:
    fields = _question(vote.question) | vote_fields(vote)
    return append_signed("reviews:vote:cast", f"question:{vote.question_id}", vote.signature, at, fields)


def vote_fields(vote: Vote) -> dict[str, Any]:
    return {"vote": vote.pk, "choice": vote.choice, "answered": vote.content_digest} | ({"hazard": True} if vote.hazard else {})


def _revision(case: Case, revision: CaseRevision) -> dict[str, Any]:
    return {
        "subject": case.subject_id,
        "framework": case.framework_version_id,
        "number": case.number,
        "revision": revision.number,
        "assessment": revision.assessment_id,
        "required": revision.required,
        "changes": [[change["question"], change["change"]] for change in revision.changes],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "case": question.case_id,
        "question_kind": question.kind,
        "threshold": question.threshold,
        "axis": question.axis,
        "tier": question.tier,
        "scope": question.scope,
        "proposal": question.proposal,
        "content": question.content_digest,
    }


describe("reviews:case:opened", "Case {number} on {subject:subject} was opened ({case_kind}).")
describe("reviews:case:revised", "Case {number} on {subject:subject} took in a change (revision {revision}).")
describe("reviews:case:closed", "A case ended: {state}.")
describe("reviews:case:commented", "{actor} commented on {thing}.")
describe("reviews:recusal:declared", "{actor} stood aside from {thing}.")
describe("reviews:question:proposed", "{actor} proposed {proposal} on the {thing}.")
describe("reviews:vote:cast", "{actor} voted {choice} on the {thing}.")
describe("reviews:vote:refused", "{actor} tried to vote on the {thing} and was refused: {code}.")
