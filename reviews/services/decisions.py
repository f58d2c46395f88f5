"""Proposing a verdict and declaring what the board decided.

The chair declares, with a signature of his own, once the verdict's side of the tally is met; he casts no vote. What follows from a decision is written
in the same transaction: the earlier decision ends, the requirement and judgements are recorded downwards, the case asks what is left.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from evaluations.models import Snapshot
from evaluations.services.decisions import end_coverage, end_judgement, record_coverage, record_judgement
from frameworks.engine.types import FrameworkDocument, Outcome
from frameworks.policies import may_sign_about
from ledger.refusals import NotNow, NotValid
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, Signature, User
from people.policies import require
from people.queries import actor_of
from people.signing import sign
from reviews import conflicts, contents, entries, gate, past, policies, queries, signing
from reviews.counting import is_current, live_votes, tally_of
from reviews.facts import Facts, collect_one
from reviews.models import Case, Determination, Question, ReleaseDecision, SafeguardsDecision, ScopeState
from reviews.models.determination import EndReason
from reviews.models.gate_answer import GateState
from reviews.models.question import QuestionKind, QuestionState, Verdict
from reviews.rules import higher_of, is_strict, judgements_answered, verdict_refused
from reviews.services.asking import align, holds_strict, is_retired, pinned_quorum, statement_of
from reviews.services.cases import end
from reviews.services.following import write_requirement
from reviews.services.locks import lock_coverages, locked
from reviews.services.votes import check_content
from reviews.tally import Tally

JUDGED = {
    Verdict.NOT_CROSSED: Outcome.RULED_OUT,
    Verdict.TREATED_AS_CROSSED: Outcome.CANNOT_RULE_OUT,
    Verdict.CROSSED: Outcome.RULED_IN,
}
# What stands against a release while its own case is open, and goes away with the release itself.
SETTLED_BY_RELEASE = frozenset({"open_case", "no_release", "release_expired", "release_outdated", "artefact_mismatch", "scope_halted"})


class VerdictNotNow(NotNow):
    """The verdict cannot stand in the present state; code and sentence say why."""


class QuorumNotMet(NotNow):
    code = "quorum_not_met"

    def __init__(self, tally: Tally, verdict: str) -> None:
        side = tally.side(verdict)
        missing = side.missing if side else ()
        lines = "; ".join(f"{each.title} ({each.have} of {each.need})" for each in missing)
        super().__init__(
            f"The board has not decided this yet: {lines}." if lines else "Nobody voted on this verdict.", missing=list(missing)
        )


class GateWouldDeny(NotNow):
    code = "gate_would_deny"
    what_to_do = "Settle these first; then the release can be decided."


class CoverNotFit(NotValid):
    code = "cover_not_fit"
    sentence = "A covering snapshot belongs to another model whose own thresholds were decided on their own evidence."


@transaction.atomic
def propose(*, question: Question, verdict: str, note: str, actor: Person, at: datetime, covered_by: Snapshot | None = None) -> Question:
    """The chair puts another verdict on a threshold to the vote; votes on the earlier proposal are outdated by it.

    Raises NotAllowed, NotNow, VerdictNotNow (a `not_crossed` on a finding with missing or stale evidence, above all), CoverNotFit.
    """
    case = locked(question.case)
    question = case.questions.get(pk=question.pk)
    require(policies.may_propose(actor_of(actor, at), case, question, conflicts.recused(case)))
    facts = collect_one(case.subject, case.framework_version, at)
    _check_threshold_verdict(case, question, verdict, facts, covered_by)
    wanted = contents.Wanted(
        question.kind,
        verdict,
        threshold=question.threshold,
        covered_by=covered_by.pk if covered_by else None,
        raised=question.raised,
        requires=question.content["requires"],
    )
    past.keep(past.of(question), at=at)
    question.content = contents.content_of(wanted, facts, None)
    question.content_digest = contents.content_digest(question.content)
    question.proposal, question.covered_by, question.proposed_by, question.proposal_note = verdict, covered_by, actor, note.strip()
    question.quorum = pinned_quorum(wanted, case, facts)
    question.save()
    entries.question_proposed(question, actor=actor, at=at)
    return question


def _check_threshold_verdict(case: Case, question: Question, verdict: str, facts: Facts, covered_by: Snapshot | None) -> None:
    if question.kind != QuestionKind.THRESHOLD:
        raise VerdictNotNow("Only a threshold question takes another proposal.", code="not_a_threshold")
    document = case.framework_version.document
    if verdict == Verdict.COVERED_BY and _is_known(document, question.threshold) and not document.gates(question.threshold):
        raise VerdictNotNow("What is only watched is judged for each model by itself.", code="not_a_threshold")
    refused = verdict_refused(
        verdict,
        assessed=facts.content,
        threshold=question.threshold,
        case_kind=case.kind,
        held_strict=holds_strict(facts, question.threshold),
        covered=covered_by is not None,
        retired=is_retired(facts, question.threshold),
    )
    if refused is not None:
        raise VerdictNotNow(refused.sentence, code=refused.code, what_to_do=refused.what_to_do)
    if verdict == Verdict.COVERED_BY and covered_by is not None:
        _check_cover(case, question.threshold, covered_by, facts)


def _check_cover(case: Case, threshold: str, covered_by: Snapshot, facts: Facts) -> None:
    """No chains: the covering model's own determination must rest on its own evidence and be in force."""
    if covered_by.subject_id == case.subject_id:
        raise CoverNotFit
    parent = collect_one(covered_by.subject, case.framework_version, facts.at)
    standing = parent.determinations.get(threshold)
    if standing is None or standing.verdict == Verdict.COVERED_BY or not covered_by.is_confirmed:
        raise CoverNotFit
    finding = parent.findings.get(threshold)
    if finding is None or str(covered_by.pk) not in finding.get("required_snapshots", ()):
        raise CoverNotFit(
            "What that model's own decision answers does not speak for these weights of it: they are no required cell of its finding."
        )
    if case.subject_id in _leant_on(covered_by.subject_id, case.framework_name):
        raise CoverNotFit("This model covers that one for another threshold, and what it is treated as would rest on itself.")


def _leant_on(subject_id: UUID, framework_name: str) -> set[UUID]:
    """The models by which a model is covered, and those by which they are, for whatever threshold."""
    leaning = Determination.objects.filter(framework_name=framework_name, ended_at=None, covered_by__isnull=False).order_by()
    found, asked = set[UUID](), {subject_id}
    while asked:
        above = set(leaning.filter(subject__in=asked).values_list("covered_by__subject", flat=True)) - found
        found, asked = found | above, above
    return found


@refusals_entered("reviews:decision:refused", about="question")
@transaction.atomic
def decide(
    *,
    question: Question,
    verdict: str,
    note: str,
    seen_digest: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
    hazard: bool = False,
) -> Determination | SafeguardsDecision | ReleaseDecision:
    """Declares what the board decided. `verdict` is the proposal or its opposite; its side of the tally must be met. `hazard`: the note goes to cleared
    people only.

    Raises NotAllowed, QuorumNotMet, VerdictNotNow, GateWouldDeny, ContentChanged and what `people.signing.sign` raises.
    """
    if verdict == Verdict.COVERED_BY:
        lock_coverages()
    case = locked(question.case)
    question = case.questions.select_related("snapshot", "covered_by").get(pk=question.pk)
    question.case = case
    votes = live_votes([question])[question.pk]
    chair = actor_of(actor, at)
    barred = conflicts.excluded([case], [question])[question.pk]
    require(policies.may_decide(chair, case, question, frozenset(str(vote.person_id) for vote in votes), barred))
    require(may_sign_about(chair, case.framework_version.document, policies.at_stake(question)))
    check_content(case, question, seen_digest, at)
    tally = tally_of(case, question, at)
    side = tally.side(verdict)
    if side is None or not side.met:
        raise QuorumNotMet(tally, verdict)
    facts = collect_one(case.subject, case.framework_version, at)
    _check_verdict(case, question, verdict, facts)
    document = case.framework_version.document
    sites = queries.sites_of_release(question, at)
    statement = signing.declaration_statement(
        question=question, case=case, verdict=verdict, note=note.strip(), document=document, sites=sites
    )
    signature = sign(person=actor, user=user, statement=statement, confirmation=confirmation, at=at)
    stood = [
        {
            "person": str(vote.person_id),
            "choice": vote.choice,
            "vote": str(vote.pk),
            "signature": str(vote.signature_id),
            "current": is_current(vote, question),
        }
        for vote in votes
    ]
    _mark_decided(question, verdict, note.strip(), signature, hazard=hazard)
    shared: dict[str, Any] = {
        "subject": case.subject,
        "framework_version": case.framework_version,
        "framework_name": case.framework_name,
        "question": question,
        "rationale": note.strip(),
        "hazard": hazard,
        "votes": stood,
        "signature": signature,
        "decided_by": actor,
        "decided_at": at,
    }
    write: dict[QuestionKind, Callable[..., Determination | SafeguardsDecision | ReleaseDecision]] = {
        QuestionKind.THRESHOLD: _determine,
        QuestionKind.SAFEGUARDS: _judge_safeguards,
        QuestionKind.RELEASE: _release,
    }
    decision = write[QuestionKind(question.kind)](case, question, verdict, facts, shared)
    _follow_up(case, at)
    return decision


def _check_verdict(case: Case, question: Question, verdict: str, facts: Facts) -> None:
    if question.kind == QuestionKind.THRESHOLD:
        _check_threshold_verdict(case, question, verdict, facts, question.covered_by if verdict == Verdict.COVERED_BY else None)
    elif question.kind == QuestionKind.SAFEGUARDS and verdict == Verdict.ADEQUATE:
        left = contents.uncovered(question.content)
        if question.content["statement"] is None or left:
            raise VerdictNotNow(
                "No applicability statement covers every required safeguard.", code="safeguards_uncovered", safeguards=list(left)
            )
    elif question.kind == QuestionKind.RELEASE and verdict == Verdict.RELEASE:
        _check_release(question, facts)


def _check_release(question: Question, facts: Facts) -> None:
    against = [
        reason
        for reason in gate.reasons_for(facts, snapshot=question.snapshot, scope=question.scope)
        if reason["code"] not in SETTLED_BY_RELEASE
    ]
    others = [each for each in facts.questions if each.is_open and each.kind != QuestionKind.RELEASE]
    if against:
        raise GateWouldDeny(" ".join(reason["sentence"] for reason in against), codes=[reason["code"] for reason in against])
    if others:
        raise GateWouldDeny("The case still asks whether thresholds are crossed or safeguards adequate.", codes=["open_questions"])


def _mark_decided(question: Question, verdict: str, note: str, signature: Signature, *, hazard: bool) -> None:
    past.keep(past.of(question), at=signature.at)
    question.state, question.outcome = QuestionState.DECIDED, verdict
    question.decided_at, question.decided_by = signature.at, signature.person
    question.declaration, question.declaration_note, question.declaration_hazard = signature, note, hazard
    question.save()


def _determine(case: Case, question: Question, verdict: str, facts: Facts, shared: Mapping[str, Any]) -> Determination:
    at, document = shared["decided_at"], case.framework_version.document
    finding = facts.findings.get(question.threshold, {})
    requires = higher_of(document, question.content["requires"], question.raised) if is_strict(verdict) else {}
    same = {"subject": case.subject, "framework_name": case.framework_name, "threshold": question.threshold}
    before = list(Determination.objects.filter(ended_at=None, **same).values_list("pk", "covered_by"))
    _end_earlier(Determination, at, **same)
    determination = Determination.objects.create(
        **shared,
        threshold=question.threshold,
        verdict=verdict,
        requires=requires,
        covered_by=question.covered_by if verdict == Verdict.COVERED_BY else None,
        assessment=facts.assessment,
        finding_digest=question.finding_digest,
        finding=dict(finding),
        valid_until=lasts_until(document, question, verdict, finding=finding, at=at),
    )
    entries.threshold_determined(determination, at=at)
    for earlier, covered_by in before:
        if covered_by is not None:
            end_coverage(decision=earlier, why=EndReason.SUPERSEDED, actor=None, at=at)
    _write_downwards(case, question, determination, finding)
    for earlier, _ in before:
        end_judgement(record=earlier, actor=None, at=at)
    return determination


def lasts_until(
    document: FrameworkDocument, question: Question, verdict: str, *, finding: Mapping[str, Any], at: datetime
) -> datetime | None:
    """When a determination declared at that moment runs out; None where it does not."""
    requires = higher_of(document, question.content["requires"], question.raised) if is_strict(verdict) else {}
    # What holds something up never runs out by itself; what lets something go does, and so does a judgement of what is only watched.
    holds_up = is_strict(verdict) and (bool(requires) or document.gates(question.threshold))
    # What an earlier version alone required does not come back by the calendar once it was let go.
    stays = holds_up or not (finding or _is_known(document, question.threshold))
    return None if stays else at + timedelta(days=document.determination_validity_days)


def _is_known(document: FrameworkDocument, threshold: str) -> bool:
    """Whether this version has the threshold at all; a question may be about one of an earlier version."""
    return threshold in {each.slug for each in document.thresholds}


def _write_downwards(case: Case, question: Question, determination: Determination, finding: Mapping[str, Any]) -> None:
    """What the next assessment must read: the judgement where the framework asks people, and a coverage."""
    at = determination.decided_at
    for slug in judgements_answered(case.framework_version.document, question.threshold, finding):
        if Verdict(determination.verdict) in JUDGED:
            record_judgement(
                subject=case.subject,
                framework_name=case.framework_name,
                slug=slug,
                outcome=JUDGED[Verdict(determination.verdict)],
                record=determination.pk,
                decided_at=at,
                expires_at=determination.valid_until,
                actor=determination.decided_by,
                at=at,
            )
    if determination.covered_by is not None and case.snapshot is not None and determination.valid_until is not None:
        record_coverage(
            snapshot=case.snapshot,
            covered_by=determination.covered_by,
            framework_name=case.framework_name,
            threshold=determination.threshold,
            decision=determination.pk,
            expires_at=determination.valid_until,
            actor=determination.decided_by,
            at=at,
        )


def _judge_safeguards(case: Case, question: Question, verdict: str, facts: Facts, shared: Mapping[str, Any]) -> SafeguardsDecision:
    statement = statement_of(case)
    if statement is None:
        raise VerdictNotNow("No applicability statement has been made, so there is nothing to judge.", code="safeguards_uncovered")
    at = shared["decided_at"]
    _end_earlier(SafeguardsDecision, at, subject=case.subject, framework_name=case.framework_name, axis=question.axis)
    decision = SafeguardsDecision.objects.create(
        **shared,
        axis=question.axis,
        tier=question.tier,
        verdict=verdict,
        statement=statement,
        content_digest=question.content_digest,
        valid_until=min([*(line.signoff.expires_at for line in statement.lines.all()), *_approved_anew(case, at)]),
    )
    entries.safeguards_decided(decision, at=at)
    return decision


def _approved_anew(case: Case, at: datetime) -> list[datetime]:
    """The days by which the framework has safeguards approved anew, however long their sign-offs last."""
    return [at + timedelta(days=each.days) for each in case.framework_version.document.clocks if each.effect == "re-approve" and each.days]


def _release(case: Case, question: Question, verdict: str, facts: Facts, shared: Mapping[str, Any]) -> ReleaseDecision:
    at, snapshot = shared["decided_at"], question.snapshot
    if snapshot is None:
        raise ValueError("A release question names a snapshot.")
    _end_earlier(ReleaseDecision, at, snapshot=snapshot, scope=question.scope, framework_name=case.framework_name)
    decision = ReleaseDecision.objects.create(
        **shared,
        snapshot=snapshot,
        artefact=snapshot.weights_digest,
        scope=question.scope,
        verdict=verdict,
        status_digest=question.content["status"],
        papers=question.content.get("papers", []),
        valid_until=at + timedelta(days=case.framework_version.document.release_validity_days),
    )
    if verdict == Verdict.RELEASE:
        # Going on after a halt takes the board; this is the board.
        halted = ScopeState.objects.filter(
            subject=case.subject, framework_name=case.framework_name, scope=question.scope, state=GateState.HALTED
        )
        past.keep(*map(past.of, halted), at=at)
        halted.update(state=GateState.SHUT, halted_at=None, halted_by=None, halt_reason="", changed_at=at)
    entries.release_decided(decision, at=at)
    return decision


def _end_earlier(model: type[Determination] | type[SafeguardsDecision] | type[ReleaseDecision], at: datetime, **which: Any) -> None:
    model.objects.filter(ended_at=None, **which).update(ended_at=at, ended_why=EndReason.SUPERSEDED)


def _follow_up(case: Case, at: datetime) -> None:
    """The requirement in force goes down to those who inherit it; the case asks what is left, and ends once a release was the last of it."""
    facts = collect_one(case.subject, case.framework_version, at)
    revision = align(case, facts, reason="A question was decided", actor=None, at=at)
    if revision is not None:
        entries.case_revised(case, revision, actor=None, at=at)
    write_requirement(case.subject, case.framework_version, at)
    kinds = list(case.questions.exclude(state=QuestionState.WITHDRAWN).values_list("kind", "state"))
    if all(state == QuestionState.DECIDED for _, state in kinds) and any(kind == QuestionKind.RELEASE for kind, _ in kinds):
        end(case, note="Every question is decided.", actor=None, at=at)
