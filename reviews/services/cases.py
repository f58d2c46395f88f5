"""Opening a case, keeping its questions in step with the facts, closing it.

A case asks what the facts leave unanswered: every gating threshold without a determination in force, and on every axis whether the safeguards of the
required tier are adequate. `align` compares that with what the case asks already; each difference stands in a new revision. Only a question whose own
content changed gets a new digest, so votes on the others stay current.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from evaluations.models import Snapshot, Subject
from frameworks.engine.types import Outcome
from frameworks.models import FrameworkVersion
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of
from reviews import contents, entries, policies
from reviews.contents import Wanted
from reviews.facts import Facts, collect_one
from reviews.models import ApplicabilityStatement, Case, CaseRevision, Comment, Question
from reviews.models.case import CaseKind, CaseState
from reviews.models.question import QuestionKind, QuestionState, Verdict
from reviews.rules import OPPOSITE, is_strict, verdict_refused
from reviews.services.rosters import board_for, roster_digest, roster_now
from reviews.tally import quorum_to_json

# Where the framework sets no clock for deciding.
DECIDE_WITHIN = timedelta(days=30)
_NUMBERS_LOCK = 0x61736C63  # an arbitrary key of ours: case numbers are given one at a time
# Which kind a case takes on when more than one thing happens to it; the later weighs more.
_WEIGHT = [CaseKind.CLEARANCE, CaseKind.REAPPROVAL, CaseKind.PRECAUTION, CaseKind.LAPSE, CaseKind.ELEVATION]


class CaseAlreadyOpen(NotNow):
    code = "case_already_open"
    sentence = "A case is open on this model under this framework already."
    what_to_do = "Work in that case; a further rise joins it."


class NothingToAsk(NotNow):
    code = "nothing_to_ask"
    sentence = "There is nothing to decide: every question has an answer in force."


class ThresholdsNotFit(NotValid):
    code = "thresholds_not_fit"
    sentence = "These thresholds do not fit this kind of case."


class CaseNotFinished(NotNow):
    code = "case_not_finished"
    sentence = "This case still asks something."
    what_to_do = "Decide the open questions first."


class PolicyMissing(NotNow):
    code = "policy_missing"
    sentence = "The framework says no quorum for this question, so it cannot be asked."
    what_to_do = "Adopt a framework version that does."


class CaseHoldsRequirement(NotNow):
    code = "case_holds_requirement"
    sentence = "This case holds up a requirement that rose; it ends by decisions, not by being withdrawn."


# --- Opening --------------------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_case(
    *,
    subject: Subject,
    framework_version: FrameworkVersion,
    kind: str,
    reason: str,
    actor: Person,
    at: datetime,
    snapshot: Snapshot | None = None,
    thresholds: Sequence[str] = (),
) -> Case:
    """A case opened by hand. `thresholds`: asked whatever the findings say (precaution), or to be lowered (lowering).

    Raises NotAllowed, CaseAlreadyOpen, ThresholdsNotFit, NothingToAsk.
    """
    require(policies.may_open_case(actor_of(actor, at), kind))
    lock_subject(subject)
    if open_case_of(subject, framework_version.name) is not None:
        raise CaseAlreadyOpen
    _check_thresholds(subject, framework_version, kind, thresholds, at)
    case = _begin(subject, framework_version, kind, reason, actor=actor, at=at, snapshot=snapshot)
    revision = align(case, collect_one(subject, framework_version, at), reason=reason, actor=actor, at=at, named=thresholds)
    if revision is None:
        raise NothingToAsk
    entries.case_opened(case, revision, actor=actor, at=at)
    return case


def open_or_join(
    *,
    subject: Subject,
    framework_version: FrameworkVersion,
    kind: str,
    reason: str,
    at: datetime,
    rose: Sequence[str] = (),
) -> Case | None:
    """What a consumer calls when a finding rose or a decision lapsed: joins the open case as a revision, or opens one. Doing it twice is doing it once."""
    lock_subject(subject)
    case = open_case_of(subject, framework_version.name)
    fresh = case is None
    if case is None:
        case = _begin(subject, framework_version, kind, reason, actor=None, at=at)
    elif _weight(kind) > _weight(case.kind):
        case.kind = kind
        case.save(update_fields=["kind"])
    revision = align(case, collect_one(subject, framework_version, at), reason=reason, actor=None, at=at, rose=rose)
    if revision is None:
        # Nothing is left to ask: a case that was begun for nothing never was.
        return case if not fresh else _unbegun(case)
    tell = entries.case_opened if fresh else entries.case_revised
    tell(case, revision, actor=None, at=at)
    return case


def _unbegun(case: Case) -> None:
    case.delete()


def _begin(
    subject: Subject,
    version: FrameworkVersion,
    kind: str,
    reason: str,
    *,
    actor: Person | None,
    at: datetime,
    snapshot: Snapshot | None = None,
) -> Case:
    board = board_for(version.name)
    roster = roster_now(board, at)
    return Case.objects.create(
        number=_next_number(),
        subject=subject,
        framework_version=version,
        framework_name=version.name,
        board=board,
        snapshot=snapshot or _snapshot_at_stake(subject),
        kind=kind,
        reason=reason,
        roster=roster,
        roster_digest=roster_digest(roster),
        policy_digest=contents.policy_digest(version.document),
        opened_by=actor,
        opened_at=at,
        due_at=at + _decide_within(version),
    )


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS_LOCK])
    return (Case.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def _decide_within(version: FrameworkVersion) -> timedelta:
    days = [clock.days for clock in version.document.clocks if clock.effect == "decide" and clock.days]
    return timedelta(days=min(days)) if days else DECIDE_WITHIN


def _snapshot_at_stake(subject: Subject) -> Snapshot | None:
    """The release candidate named last; without one, the snapshot registered last."""
    several = list(subject.snapshots.all())
    candidates = [snapshot for snapshot in several if snapshot.is_release_candidate]
    if candidates:
        return max(candidates, key=lambda snapshot: snapshot.candidate_seq or 0)
    return max(several, key=lambda snapshot: snapshot.registered_at, default=None)


def _check_thresholds(subject: Subject, version: FrameworkVersion, kind: str, thresholds: Sequence[str], at: datetime) -> None:
    gating = {threshold.slug for threshold in version.document.thresholds if threshold.kind == "threshold"}
    unknown = sorted(set(thresholds) - gating)
    if unknown:
        raise ThresholdsNotFit(f"The framework has no such gating threshold: {', '.join(unknown)}.")
    if kind in {CaseKind.PRECAUTION, CaseKind.LOWERING} and not thresholds:
        raise ThresholdsNotFit("Name the thresholds this case is about.")
    if kind not in {CaseKind.PRECAUTION, CaseKind.LOWERING} and thresholds:
        raise ThresholdsNotFit("Only a precaution or a lowering case is about named thresholds; the others ask what is unanswered.")
    if kind == CaseKind.LOWERING:
        held = collect_one(subject, version, at).determinations
        loose = [slug for slug in thresholds if slug not in held or not is_strict(held[slug].verdict)]
        if loose:
            raise ThresholdsNotFit(f"Nothing holds these up, so there is nothing to lower: {', '.join(loose)}.")


def lock_subject(subject: Subject) -> None:
    """One change at a time to what the board holds about a subject. The first lock every verb takes, so that they meet in one order."""
    Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)


def open_case_of(subject: Subject, framework_name: str) -> Case | None:
    return Case.objects.filter(subject=subject, framework_name=framework_name, state=CaseState.OPEN).first()


def _weight(kind: str) -> int:
    return _WEIGHT.index(CaseKind(kind)) if kind in _WEIGHT else -1


# --- Keeping the questions in step ------------------------------------------------------------------------------------------------------------


def align(
    case: Case,
    facts: Facts,
    *,
    reason: str,
    actor: Person | None,
    at: datetime,
    rose: Sequence[str] = (),
    named: Sequence[str] = (),
    extra: Sequence[Wanted] = (),
) -> CaseRevision | None:
    """Adds, changes, reopens and withdraws questions until the case asks what the facts leave open; one revision for all of it, None if nothing changed.

    `rose`: thresholds whose finding rose in some assessment on the way, even if a later one no longer shows it (the ratchet).
    The caller holds the subject's lock and enters the revision in the ledger.
    """
    questions = {contents.key_of(question): question for question in case.questions.select_related("snapshot")}
    statement = statement_of(case)
    changes: list[dict[str, Any]] = []
    for wanted in _wanted_thresholds(case, facts, questions, set(rose), set(named)):
        changes += _ask(case, wanted, questions, facts, statement)
    # Raised questions are part of the requirement, so it is read again before the tiers are asked about.
    facts = collect_one(case.subject, facts.version, at) if changes else facts
    safeguards = _wanted_safeguards(case, facts, questions)
    for wanted in [*safeguards, *extra, *_standing_releases(questions, facts)]:
        changes += _ask(case, wanted, questions, facts, statement)
    changes += _withdraw_left_behind(questions, {wanted.key for wanted in safeguards}, facts)
    if not changes:
        return None
    if facts.assessment is not None:
        Case.objects.filter(pk=case.pk).update(assessment=facts.assessment)
    return CaseRevision.objects.create(
        case=case,
        number=case.revisions.count() + 1,
        assessment=facts.assessment,
        reason=reason,
        changes=changes,
        required=facts.required_slugs,
        made_by=actor,
        made_at=at,
    )


def _wanted_thresholds(
    case: Case, facts: Facts, questions: Mapping[contents.Key, Question], rose: set[str], named: set[str]
) -> list[Wanted]:
    wanted = []
    for threshold in facts.document.thresholds:
        if threshold.kind != "threshold":
            continue
        asked = questions.get((QuestionKind.THRESHOLD, threshold.slug, "", "", None, ""))
        answered = threshold.slug in facts.determinations
        if answered and threshold.slug not in named and not (asked and asked.is_open):
            continue
        wanted.append(_wanted_threshold(case, facts, threshold.slug, asked, rose=threshold.slug in rose, named=threshold.slug in named))
    return wanted


def _wanted_threshold(case: Case, facts: Facts, slug: str, asked: Question | None, *, rose: bool, named: bool) -> Wanted:
    raises = rose or Outcome(facts.outcomes.get(slug, Outcome.NOT_ASSESSED)).raises
    held = asked.raised if asked and asked.is_open else {}
    raised = held or (facts.document.threshold(slug).requires if raises else {})
    proposal = contents.default_proposal(facts, slug, raised=bool(raised), case_kind=case.kind)
    if named and case.kind == CaseKind.PRECAUTION:
        proposal = Verdict.TREATED_AS_CROSSED
    if asked and asked.is_open:
        proposal = _kept_proposal(case, facts, asked, proposal)
    covered_by = asked.covered_by_id if asked and proposal == Verdict.COVERED_BY else None
    return Wanted(QuestionKind.THRESHOLD, proposal, threshold=slug, covered_by=covered_by, raised=raised)


def _kept_proposal(case: Case, facts: Facts, asked: Question, default: str) -> str:
    """What a person proposed stays proposed while it may stand; in a precaution or lowering case, so does what it was opened for."""
    if asked.proposed_by_id is None and case.kind not in {CaseKind.PRECAUTION, CaseKind.LOWERING}:
        return default
    refused = verdict_refused(
        asked.proposal,
        assessed=facts.content,
        threshold=asked.threshold,
        case_kind=case.kind,
        held_strict=holds_strict(facts, asked.threshold),
        covered=asked.covered_by_id is not None,
    )
    return Verdict.TREATED_AS_CROSSED if refused and case.kind != CaseKind.LOWERING else asked.proposal


def holds_strict(facts: Facts, threshold: str) -> bool:
    standing = facts.determinations.get(threshold)
    return standing is not None and is_strict(standing.verdict)


def _wanted_safeguards(case: Case, facts: Facts, questions: Mapping[contents.Key, Question]) -> list[Wanted]:
    """The required tier of each axis, where no decision in force answers for it and this snapshot. A tier nobody has defined cannot be judged."""
    wanted = []
    for axis, required in facts.required.items():
        if not required.tier.defined:
            continue
        one = Wanted(QuestionKind.SAFEGUARDS, Verdict.ADEQUATE, axis=axis, tier=required.tier.slug)
        asked = questions.get(one.key)
        if (asked and asked.is_open) or not _answers(case, facts, axis):
            wanted.append(one)
    return wanted


def _answers(case: Case, facts: Facts, axis: str) -> bool:
    decision = facts.adequacy.get(axis)
    if decision is None or (case.snapshot_id and decision.statement.snapshot_id != case.snapshot_id):
        return False
    tier = facts.required[axis].tier
    needed = {safeguard.slug for safeguard in facts.document.safeguards_for(axis, tier.slug)}
    covered = {line.safeguard for line in decision.statement.lines.all() if line.signoff.holds(facts.at)}
    return facts.document.tier(axis, decision.tier).ordinal >= tier.ordinal and needed <= covered


def _standing_releases(questions: Mapping[contents.Key, Question], facts: Facts) -> list[Wanted]:
    """Open release questions go on being asked, about the status as it is now."""
    return [
        Wanted(QuestionKind.RELEASE, Verdict.RELEASE, snapshot=question.snapshot, scope=question.scope)
        for question in questions.values()
        if question.kind == QuestionKind.RELEASE and question.is_open
    ]


def _ask(
    case: Case,
    wanted: Wanted,
    questions: dict[contents.Key, Question],
    facts: Facts,
    statement: ApplicabilityStatement | None,
) -> list[dict[str, Any]]:
    """Brings one question into step; the change as the revision lists it, or nothing."""
    content = contents.content_of(wanted, facts, statement)
    digest = contents.content_digest(content)
    asked = questions.get(wanted.key)
    if asked is None:
        question = Question(
            case=case,
            kind=wanted.kind,
            threshold=wanted.threshold,
            axis=wanted.axis,
            tier=wanted.tier,
            snapshot=wanted.snapshot,
            scope=wanted.scope,
            position=len(questions),
            opened_at=facts.at,
        )
        _fill(question, case, wanted, content, facts)
        question.save(force_insert=True)
        questions[wanted.key] = question
        return [_change(question, "added", "", content)]
    if asked.is_open:
        if asked.content_digest == digest and asked.raised == dict(wanted.raised):
            return []
        before = asked.finding_outcome
        changed = asked.content_digest != digest
        _fill(asked, case, wanted, content, facts)
        asked.save()
        return [_change(asked, "changed", before, content)] if changed else []
    return _reopen(asked, case, wanted, content, facts)


def _reopen(asked: Question, case: Case, wanted: Wanted, content: dict[str, Any], facts: Facts) -> list[dict[str, Any]]:
    """A decided question is asked again when its answer left force; one answered "not adequate" or "no", when its content changed."""
    digest = contents.content_digest(content)
    stands = wanted.kind != QuestionKind.THRESHOLD and is_strict(asked.outcome or Verdict.REFUSED) and asked.content_digest == digest
    if asked.state == QuestionState.DECIDED and stands:
        return []
    before = asked.finding_outcome
    asked.state, asked.outcome, asked.decided_at, asked.decided_by = QuestionState.OPEN, "", None, None
    asked.declaration, asked.declaration_note, asked.proposed_by, asked.proposal_note = None, "", None, ""
    _fill(asked, case, wanted, content, facts)
    asked.save()
    return [_change(asked, "reopened", before, content)]


def _fill(question: Question, case: Case, wanted: Wanted, content: dict[str, Any], facts: Facts) -> None:
    if question.proposal != wanted.proposal:
        question.proposed_by, question.proposal_note = None, ""
    question.proposal = wanted.proposal
    question.covered_by_id = wanted.covered_by
    question.content, question.content_digest = content, contents.content_digest(content)
    question.finding_digest = content.get("finding") or ""
    question.finding_outcome = content.get("outcome", "")
    question.raised = dict(wanted.raised)
    question.quorum = pinned_quorum(wanted, case, facts)


def pinned_quorum(wanted: Wanted, case: Case, facts: Facts) -> dict[str, Any]:
    """The policy of the framework version this case was opened under, for both sides of the proposal. Raises PolicyMissing."""
    document = case.framework_version.document
    sides = {"approve": wanted.proposal, "reject": OPPOSITE[wanted.proposal]}
    try:
        return {
            side: quorum_to_json(contents.quorum_of(wanted, verdict, document=document, case_kind=case.kind, required=facts.required_slugs))
            for side, verdict in sides.items()
        }
    except ValueError as error:
        raise PolicyMissing from error


def _withdraw_left_behind(questions: Mapping[contents.Key, Question], wanted: set[contents.Key], facts: Facts) -> list[dict[str, Any]]:
    """A safeguards question whose tier is not the required one any more asks about nothing."""
    left = [
        question
        for key, question in questions.items()
        if question.kind == QuestionKind.SAFEGUARDS
        and question.is_open
        and key not in wanted
        and question.tier != facts.required_slugs[question.axis]
    ]
    for question in left:
        question.state = QuestionState.WITHDRAWN
        question.save(update_fields=["state"])
    return [_change(question, "withdrawn", "", {}) for question in left]


def _change(question: Question, change: str, before: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "question": str(question.pk),
        "label": str(question),
        "change": change,
        "before": before,
        "after": content.get("outcome", ""),
    }


def statement_of(case: Case) -> ApplicabilityStatement | None:
    return case.statements.filter(replaced_at=None).prefetch_related("lines__signoff__implementation").first()


def refresh(case: Case, *, reason: str, at: datetime) -> CaseRevision | None:
    """Brings an open case into step with the facts, for consumers; enters the revision. The caller holds the subject's lock."""
    revision = align(case, collect_one(case.subject, case.framework_version, at), reason=reason, actor=None, at=at)
    if revision is not None:
        entries.case_revised(case, revision, actor=None, at=at)
    return revision


# --- Asking, commenting, closing --------------------------------------------------------------------------------------------------------------


class ScopeNotKnown(NotValid):
    code = "scope_not_known"
    sentence = "The framework knows no such scope."


class SnapshotNotOfSubject(NotValid):
    code = "snapshot_not_of_subject"
    sentence = "These weights belong to another model."


@transaction.atomic
def ask_release(*, case: Case, snapshot: Snapshot, scope: str, actor: Person, at: datetime) -> Question:
    """The chair asks the board whether these weights may go to this scope. Asking twice is asking once.

    Raises NotAllowed, ScopeNotKnown, SnapshotNotOfSubject.
    """
    case = locked(case)
    require(policies.may_chair(actor_of(actor, at), case))
    if scope not in case.framework_version.document.scopes:
        raise ScopeNotKnown
    if snapshot.subject_id != case.subject_id:
        raise SnapshotNotOfSubject
    wanted = Wanted(QuestionKind.RELEASE, Verdict.RELEASE, snapshot=snapshot, scope=scope)
    facts = collect_one(case.subject, case.framework_version, at)
    revision = align(case, facts, reason=f"Release to {scope} asked", actor=actor, at=at, extra=[wanted])
    if revision is not None:
        entries.case_revised(case, revision, actor=actor, at=at)
    return case.questions.get(kind=QuestionKind.RELEASE, snapshot=snapshot, scope=scope)


@transaction.atomic
def comment(*, case: Case, text: str, hazard: bool, actor: Person, at: datetime) -> Comment:
    """A word in the discussion. Raises NotAllowed, NotNow."""
    case = locked(case)
    require(policies.may_comment(actor_of(actor, at), case))
    said = Comment.objects.create(case=case, person=actor, text=text.strip(), hazard=hazard, at=at)
    entries.case_commented(said, at=at)
    return said


@transaction.atomic
def close_case(*, case: Case, note: str, actor: Person, at: datetime) -> Case:
    """The chair closes a case that asks nothing any more. Raises NotAllowed, CaseNotFinished."""
    case = locked(case)
    require(policies.may_chair(actor_of(actor, at), case))
    left = case.questions.filter(state=QuestionState.OPEN).count()
    if left:
        raise CaseNotFinished(f"{left} question{'s are' if left > 1 else ' is'} still open.")
    end(case, note=note, actor=actor, at=at)
    return case


@transaction.atomic
def withdraw_case(*, case: Case, note: str, actor: Person, at: datetime) -> Case:
    """Takes back a case that was opened by hand and holds nothing up. What rose is never withdrawn. Raises NotAllowed, CaseHoldsRequirement."""
    case = locked(case)
    require(policies.may_chair(actor_of(actor, at), case))
    raising = case.questions.filter(state=QuestionState.OPEN).exclude(raised={}).exists()
    if case.kind in {CaseKind.ELEVATION, CaseKind.LAPSE, CaseKind.PRECAUTION} or raising:
        raise CaseHoldsRequirement
    case.questions.filter(state=QuestionState.OPEN).update(state=QuestionState.WITHDRAWN)
    end(case, note=note, actor=actor, at=at, state=CaseState.WITHDRAWN)
    return case


def end(case: Case, *, note: str, actor: Person | None, at: datetime, state: str = CaseState.CLOSED) -> None:
    """Ends a case whose lock is held."""
    case.state, case.closed_at, case.closed_by, case.closing_note = state, at, actor, note
    case.save(update_fields=["state", "closed_at", "closed_by", "closing_note"])
    entries.case_closed(case, actor=actor, at=at)


def locked(case: Case) -> Case:
    """The case as it is now, nobody else changing it: the subject first, then the case."""
    lock_subject(case.subject)
    return Case.objects.select_for_update(of=("self",)).select_related("subject", "framework_version").get(pk=case.pk)
