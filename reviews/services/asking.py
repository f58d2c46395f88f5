"""What a case asks, kept in step with the facts.

A case asks what the facts leave unanswered: every gating threshold without a determination in force, and on every axis whether the safeguards of the
required tier are adequate. `align` compares that with what the case asks already; each difference stands in a new revision. Only a question whose own
content changed gets a new digest, so votes on the others stay current.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from frameworks import queries as frameworks
from frameworks.engine.types import Outcome
from ledger.refusals import NotNow
from people.models import Person
from reviews import contents, entries, past
from reviews.contents import Wanted
from reviews.facts import Facts, collect_one
from reviews.models import ApplicabilityStatement, Case, CaseRevision, Determination, Question
from reviews.models.case import CaseKind
from reviews.models.question import QuestionKind, QuestionState, Verdict
from reviews.rules import EARLIER_BASELINE, OPPOSITE, higher_of, is_strict, verdict_refused
from reviews.tally import quorum_to_json


class PolicyMissing(NotNow):
    code = "policy_missing"
    sentence = "The framework says no quorum for this question, so it cannot be asked."
    what_to_do = "Adopt a framework version that does."


def align(
    case: Case,
    facts: Facts,
    *,
    reason: str,
    actor: Person | None,
    at: datetime,
    rose: Mapping[str, Mapping[str, str]] | None = None,
    named: Sequence[str] = (),
    extra: Sequence[Wanted] = (),
) -> CaseRevision | None:
    """Adds, changes, reopens and withdraws questions until the case asks what the facts leave open; one revision for all of it, None if nothing changed.

    `rose`: thresholds whose finding rose in some assessment on the way, even if a later one no longer shows it (the ratchet), with what they require in the
    version it was made under: one that the version of this case does not have is asked about all the same.
    The caller holds the subject's lock and enters the revision in the ledger.
    """
    questions = {contents.key_of(question): question for question in case.questions.select_related("snapshot")}
    statement = statement_of(case)
    changes: list[dict[str, Any]] = []
    for wanted in _wanted_thresholds(case, facts, questions, rose or {}, set(named)):
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
    case: Case, facts: Facts, questions: Mapping[contents.Key, Question], rose: Mapping[str, Mapping[str, str]], named: set[str]
) -> list[Wanted]:
    wanted = []
    gating = [threshold.slug for threshold in facts.document.thresholds if threshold.kind == "threshold"]
    watched = {threshold.slug for threshold in facts.document.thresholds} - set(gating)
    standing = [question.threshold for question in questions.values() if question.kind == QuestionKind.THRESHOLD and question.is_open]
    for slug in dict.fromkeys([*gating, *standing, *sorted(rose), *sorted(named)]):
        asked = questions.get((QuestionKind.THRESHOLD, slug, "", "", None, ""))
        if slug in watched and slug not in rose and slug not in named and not (asked and asked.is_open):
            continue  # What is only watched is asked by hand, never by a finding.
        answered = slug in facts.determinations and not _covers_other_weights(case, facts.determinations[slug])
        if answered and slug not in named and not (asked and asked.is_open):
            continue
        wanted.append(_wanted_threshold(case, facts, slug, asked, rose=rose.get(slug), named=slug in named))
    return wanted


def _covers_other_weights(case: Case, standing: Determination) -> bool:
    """A coverage answers for the weights it names; a case about others asks."""
    return standing.verdict == Verdict.COVERED_BY and standing.question.case.snapshot_id != case.snapshot_id


def _wanted_threshold(
    case: Case, facts: Facts, slug: str, asked: Question | None, *, rose: Mapping[str, str] | None, named: bool
) -> Wanted:
    requires = requires_of(facts, slug, asked, rose or {})
    if slug in {threshold.slug for threshold in facts.document.thresholds if threshold.kind != "threshold"} and not requires:
        return _wanted_judgement(case, facts, slug, asked)
    raises = rose is not None or Outcome(facts.outcomes.get(slug, Outcome.NOT_ASSESSED)).raises
    held = asked.raised if asked and asked.is_open else {}
    # What is held up stays, and what rises further comes on top of it.
    raised = higher_of(facts.document, held, *([requires, rose or facts.found_under.get(slug, {})] if raises else []))
    proposal = contents.default_proposal(facts, slug, raised=bool(raised), case_kind=case.kind)
    if named and case.kind == CaseKind.PRECAUTION:
        proposal = Verdict.TREATED_AS_CROSSED
    if asked and asked.is_open:
        proposal = _kept_proposal(case, facts, asked, proposal)
    covered_by = asked.covered_by_id if asked and proposal == Verdict.COVERED_BY else None
    return Wanted(QuestionKind.THRESHOLD, proposal, threshold=slug, covered_by=covered_by, raised=raised, requires=requires)


def requires_of(facts: Facts, slug: str, asked: Question | None, rose: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """What a threshold would require: as the case's version has it, and as a strict decision in force holds it up; else as it was asked, decided or
    found under another one."""
    decided = facts.determinations.get(slug)
    if facts.document.gates(slug):
        # What an earlier version asked more of is let go of in a lowering case, not by saying anew that the threshold is crossed.
        return higher_of(facts.document, facts.document.threshold(slug).requires, decided.requires if decided else {})
    if slug == EARLIER_BASELINE:
        return higher_of(facts.document, *facts.held)
    told = [asked.content["requires"] if asked else {}, decided.requires if decided else {}, rose or {}, facts.found_under.get(slug, {})]
    return higher_of(facts.document, *told)


def _wanted_judgement(case: Case, facts: Facts, slug: str, asked: Question | None) -> Wanted:
    """What is only watched holds nothing up. A clearance proposes that it is not reached, unless the evidence says otherwise."""
    if asked and asked.is_open:
        return Wanted(QuestionKind.THRESHOLD, asked.proposal, threshold=slug)
    calm = case.kind == CaseKind.LOWERING or (
        case.kind == CaseKind.CLEARANCE
        and not Outcome(facts.outcomes.get(slug, Outcome.NOT_ASSESSED)).raises
        and not holds_strict(facts, slug)
    )
    return Wanted(QuestionKind.THRESHOLD, Verdict.NOT_CROSSED if calm else Verdict.TREATED_AS_CROSSED, threshold=slug)


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
        retired=is_retired(facts, asked.threshold),
    )
    return Verdict.TREATED_AS_CROSSED if refused and case.kind != CaseKind.LOWERING else asked.proposal


def holds_strict(facts: Facts, threshold: str) -> bool:
    standing = facts.determinations.get(threshold)
    decided = standing is not None and is_strict(standing.verdict)
    return decided or (threshold == EARLIER_BASELINE and bool(facts.held))


def held_by_earlier(facts: Facts) -> list[str]:
    """What a lowering case may let go of that this version does not have: thresholds decided strictly under an earlier one, and its baseline."""
    return [
        slug for slug in sorted({*facts.determinations, EARLIER_BASELINE}) if not facts.document.gates(slug) and holds_strict(facts, slug)
    ]


def is_retired(facts: Facts, threshold: str) -> bool:
    """Whether the assessment was made under the version in force, and that version has this threshold no more."""
    if facts.assessment is None or threshold in facts.findings:
        return False
    now = frameworks.in_force(facts.version.name)
    return (
        now is not None
        and now.digest == facts.assessment.framework_digest
        and threshold not in {each.slug for each in now.document.thresholds}
    )


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
    covered = {line.safeguard for line in decision.statement.lines.all() if line.signoff.holds(facts.at, facts.version)}
    return facts.document.serves(axis, decision.tier, tier) and needed <= covered


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
        before, stood = asked.finding_outcome, past.of(asked)
        changed = asked.content_digest != digest
        _fill(asked, case, wanted, content, facts)
        asked.save()
        past.keep(stood, at=facts.at)
        return [_change(asked, "changed", before, content)] if changed else []
    return _reopen(asked, case, wanted, content, facts)


def _reopen(asked: Question, case: Case, wanted: Wanted, content: dict[str, Any], facts: Facts) -> list[dict[str, Any]]:
    """A decided question is asked again when its answer left force; one answered "not adequate" or "no", when its content changed."""
    digest = contents.content_digest(content)
    stands = wanted.kind != QuestionKind.THRESHOLD and is_strict(asked.outcome or Verdict.REFUSED) and asked.content_digest == digest
    if asked.state == QuestionState.DECIDED and stands:
        return []
    before, stood = asked.finding_outcome, past.of(asked)
    asked.state, asked.outcome, asked.decided_at, asked.decided_by = QuestionState.OPEN, "", None, None
    asked.declaration, asked.declaration_note, asked.declaration_hazard = None, "", False
    asked.proposed_by, asked.proposal_note = None, ""
    # The votes of the last time are spent, whatever is asked: they were counted for the decision that left force.
    asked.opened_at = facts.at
    _fill(asked, case, wanted, content, facts)
    asked.save()
    past.keep(stood, at=facts.at)
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
    past.keep(*map(past.of, left), at=facts.at)
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
