"""What the board does by itself when the facts move: decisions lapse, cases open or take the change in. Nobody's vote is needed for the strict side.

Every function here may run twice and does its work once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from evaluations import documents
from evaluations.models import Assessment, Subject
from evaluations.services.decisions import end_coverage, end_judgement, record_requirement
from frameworks.engine.types import Outcome
from frameworks.models import FrameworkVersion
from frameworks.queries import in_force, in_force_versions
from reviews import entries, past
from reviews.facts import collect_one
from reviews.models import ApplicabilityLine, Case, Determination, ReleaseDecision, SafeguardsDecision, ScopeState
from reviews.models.case import CaseKind
from reviews.models.determination import EndReason
from reviews.models.gate_answer import GateState
from reviews.models.question import Verdict
from reviews.rules import contradicts, gaps, hardens, is_loss, is_strict, worsenings
from reviews.services.asking import refresh
from reviews.services.cases import open_case_of, open_or_join
from reviews.services.locks import lock_subject
from reviews.services.scopes import recompute

Decided = Determination | SafeguardsDecision | ReleaseDecision


@transaction.atomic
def follow_assessment(*, assessment: Assessment, at: datetime) -> Case | None:
    """A new assessment: lenient determinations it makes worse lapse, what rose or lapsed opens a case or joins it, the requirement goes down.

    Each assessment is followed in order, also one that a later one has overtaken: what rose in it stays raised until people decide.
    """
    lock_subject(assessment.subject)
    version = assessment.framework_version
    watched = {each.slug for each in version.document.thresholds if each.kind != "threshold"}
    # What is only watched lapses too, and asks nothing by itself.
    lapsed = [each for each in _lapse_worsened(assessment, at) if each.threshold not in watched]
    rose = _risen(assessment)
    hardened = _ruled_in_since(assessment)
    raised = rose | {slug: version.document.threshold(slug).requires for slug in hardened}
    _note_contradictions(assessment, at)
    lost = _newly_unassessed(assessment)
    kind = CaseKind.ELEVATION if rose or hardened else CaseKind.LAPSE
    case = open_case_of(assessment.subject, version.name)
    if rose or hardened or lapsed or lost:
        reason = _reason(version, rose, hardened, lapsed, lost)
        case = open_or_join(
            subject=assessment.subject, framework_version=version, kind=kind, reason=reason, at=at, rose=raised, anew=hardened
        )
    elif case is not None:
        refresh(case, reason="A new assessment was made", at=at)
    write_requirement(assessment.subject, version, at)
    return case


def _lapse_worsened(assessment: Assessment, at: datetime) -> list[Determination]:
    """Lenient determinations in force that this assessment makes worse somewhere; one it leaves nowhere worse is kept, and that is noted."""
    rows = Determination.objects.filter(subject=assessment.subject, framework_name=assessment.framework_name, ended_at=None).select_related(
        "assessment", "question__case"
    )
    ended: list[Determination] = []
    for determination in rows:
        if is_strict(determination.verdict) or _is_older(assessment, determination):
            continue
        why = _worse(determination, assessment)
        if why:
            _end(determination, why, at)
            ended.append(determination)
        else:
            _keep(determination, assessment, at)
    return ended


def _is_older(assessment: Assessment, determination: Determination) -> bool:
    answered = determination.assessment
    return answered is not None and (answered.seq or 0) >= (assessment.seq or 0)


def _worse(determination: Determination, assessment: Assessment) -> str:
    """Why the determination lapses, or nothing. One without an assessment to compare with answers nothing any more."""
    if determination.assessment is None:
        return EndReason.EVIDENCE_LOST
    if not determination.finding:
        # It let go of what an earlier version alone required, and answers no finding: it lapses when one is there again.
        return EndReason.FINDING_WORSENED if determination.threshold in assessment.summary else ""
    outcome = assessment.summary.get(determination.threshold, Outcome.NOT_ASSESSED)
    if determination.verdict == Verdict.COVERED_BY and Outcome(outcome).raises:
        return EndReason.FINDING_WORSENED
    before = documents.content(determination.assessment.assessment_digest)
    judged = {str(determination.question.case.snapshot_id)}
    changes = worsenings(before, documents.content(assessment.assessment_digest), determination.threshold, judged=judged)
    if not changes:
        return ""
    return EndReason.EVIDENCE_LOST if all(is_loss(change) for change in changes) else EndReason.FINDING_WORSENED


def _keep(determination: Determination, assessment: Assessment, at: datetime) -> None:
    if not determination.finding:
        return
    now = assessment.finding_digests.get(determination.threshold, "")
    if now in (determination.finding_digest, determination.kept_for):
        return
    past.keep(past.of(determination), at=at)
    determination.kept_for = now
    determination.save(update_fields=["kept_for"])
    entries.determination_kept(determination, at=at)


def _end(decision: Decided, why: str, at: datetime) -> None:
    decision.ended_at, decision.ended_why = at, why
    decision.save(update_fields=["ended_at", "ended_why"])
    entries.decision_ended(decision, at=at)
    if isinstance(decision, Determination):
        end_judgement(record=decision.pk, actor=None, at=at)
        if decision.covered_by_id is not None:
            end_coverage(decision=decision.pk, why=why, actor=None, at=at)


def _risen(assessment: Assessment) -> dict[str, Mapping[str, str]]:
    """Gating thresholds that can no longer be ruled out and that no decision in force answers, with what they require."""
    answered = set(
        Determination.objects.filter(subject=assessment.subject, framework_name=assessment.framework_name, ended_at=None).values_list(
            "threshold", flat=True
        )
    )
    return {
        threshold.slug: threshold.requires
        for threshold in assessment.framework_version.document.thresholds
        if threshold.kind == "threshold"
        and threshold.slug not in answered
        and Outcome(assessment.summary.get(threshold.slug, Outcome.NOT_ASSESSED)).raises
    }


def _newly_unassessed(assessment: Assessment) -> list[str]:
    """Gating thresholds that were assessed before and are not any more."""
    before = assessment.supersedes.summary if assessment.supersedes else {}
    return [
        threshold.slug
        for threshold in assessment.framework_version.document.thresholds
        if threshold.kind == "threshold"
        and before.get(threshold.slug, Outcome.NOT_ASSESSED) != Outcome.NOT_ASSESSED
        and assessment.summary.get(threshold.slug, Outcome.NOT_ASSESSED) == Outcome.NOT_ASSESSED
    ]


def _strict_before(assessment: Assessment) -> list[Determination]:
    """The strict determinations in force that this assessment is later than."""
    rows = Determination.objects.filter(subject=assessment.subject, framework_name=assessment.framework_name, ended_at=None)
    return [
        each
        for each in rows.select_related("assessment").order_by("threshold")
        if is_strict(each.verdict) and not _is_older(assessment, each)
    ]


def _ruled_in_since(assessment: Assessment) -> list[str]:
    """Thresholds treated as crossed whose finding is ruled in by now: the board is asked again, and what it decided counts meanwhile."""
    gating = {each.slug for each in assessment.framework_version.document.thresholds if each.kind == "threshold"}
    return [
        each.threshold
        for each in _strict_before(assessment)
        if each.threshold in gating and hardens(each.verdict, answered=_answered(each), outcome=_outcome(assessment, each))
    ]


def _note_contradictions(assessment: Assessment, at: datetime) -> None:
    """Says of each strict determination whether the evidence rules its threshold out by now; entered once each time that begins or ends.

    Nothing is lowered by it: that takes a lowering case.
    """
    for determination in _strict_before(assessment):
        outcome = _outcome(assessment, determination)
        whole = outcome == Outcome.RULED_OUT and not gaps(documents.content(assessment.assessment_digest), determination.threshold)
        says = contradicts(
            determination.verdict, answered=_answered(determination), outcome=outcome, lacking=() if whole else (determination.threshold,)
        )
        stood = past.of(determination)
        before, now = determination.contradicted_for, assessment.finding_digests.get(determination.threshold, "")
        determination.contradicted_for = now if says else ""
        if determination.contradicted_for == before:
            continue
        determination.save(update_fields=["contradicted_for"])
        past.keep(stood, at=at)
        if not before:
            entries.determination_contradicted(determination, at=at)
        elif not says:
            entries.determination_sustained(determination, finding=now, at=at)


def _answered(determination: Determination) -> str:
    """The outcome the board answered; nobody had assessed it where a precaution came first."""
    return str(determination.finding.get("outcome", Outcome.NOT_ASSESSED))


def _outcome(assessment: Assessment, determination: Determination) -> str:
    return str(assessment.summary.get(determination.threshold, Outcome.NOT_ASSESSED))


def _reason(
    version: FrameworkVersion, rose: Iterable[str], hardened: Sequence[str], lapsed: Iterable[Determination], lost: Sequence[str]
) -> str:
    title = version.document.threshold_title
    said = [f"{title(slug)} can no longer be ruled out" for slug in rose]
    said += [f"{title(slug)} was treated as crossed out of precaution and is ruled in by now" for slug in hardened]
    said += [f"the determination on {title(each.threshold)} lapsed" for each in lapsed if each.threshold not in rose]
    said += [f"{title(slug)} is no longer assessed" for slug in lost if slug not in rose]
    text = "; ".join(dict.fromkeys(said))
    return f"{text[:1].upper()}{text[1:]}."


def write_requirement(subject: Subject, version: FrameworkVersion, at: datetime) -> None:
    """The requirement in force per axis, provisional or decided, for those who inherit it; nothing where it stands already.

    It is that of the version in force now, whichever one the assessment or the case that moved it was under.
    """
    version = in_force(version.name) or version
    for axis, tier in collect_one(subject, version, at).required_slugs.items():
        record_requirement(subject=subject, framework_name=version.name, axis=axis, tier=tier, actor=None, at=at)


@transaction.atomic
def follow_requirement(*, subject_id: UUID, at: datetime) -> None:
    """A case asks, a question holds something up, a decision stands or left force: those who inherit the requirement are told what it is by now."""
    subject = Subject.objects.get(pk=subject_id)
    lock_subject(subject)
    for version in in_force_versions():
        write_requirement(subject, version, at)


@transaction.atomic
def follow_covering(*, subject_id: UUID, at: datetime) -> None:
    """The requirement of this subject moved, and with it that of the models it covers; theirs may inherit it in turn."""
    versions = list(in_force_versions())
    leaning = Determination.objects.filter(covered_by__subject=subject_id, verdict=Verdict.COVERED_BY, ended_at=None)
    subjects = list(Subject.objects.filter(pk__in=leaning.values("subject")).order_by("pk"))
    # All of them first: after the first entry no row is locked any more.
    for subject in subjects:
        lock_subject(subject)
    for subject in subjects:
        for version in versions:
            write_requirement(subject, version, at)


# --- What leans on what -----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def follow_implementation(*, implementation_id: UUID, at: datetime) -> list[Subject]:
    """A sign-off was given or revoked, or a safeguard changed: what leaned on a sign-off that does not hold lapses, open cases take the change in."""
    lines = ApplicabilityLine.objects.filter(signoff__implementation=implementation_id, statement__replaced_at=None)
    subjects = list(Subject.objects.filter(statements__lines__in=lines).distinct().order_by("pk"))
    for subject in subjects:
        _follow_signoffs(subject, at)
    return subjects


@transaction.atomic
def follow_adoption(*, version: FrameworkVersion, at: datetime) -> list[Subject]:
    """A framework version came into force: what leaned on sign-offs for another wording of their safeguards lapses."""
    decided = SafeguardsDecision.objects.filter(framework_name=version.name, ended_at=None, verdict=Verdict.ADEQUATE)
    subjects = list(Subject.objects.filter(pk__in=decided.values("subject")).order_by("pk"))
    for subject in subjects:
        _follow_signoffs(subject, at)
    return subjects


def _follow_signoffs(subject: Subject, at: datetime) -> None:
    lock_subject(subject)
    for version in in_force_versions():
        lapsed = _lapse_unsupported(subject, version, at)
        case = open_case_of(subject, version.name)
        if lapsed:
            reason = "Safeguards rested on a sign-off that no longer holds."
            open_or_join(subject=subject, framework_version=version, kind=CaseKind.REAPPROVAL, reason=reason, at=at)
        elif case is not None:
            refresh(case, reason="A sign-off changed", at=at)


def _lapse_unsupported(subject: Subject, version: FrameworkVersion, at: datetime) -> list[Decided]:
    rows = SafeguardsDecision.objects.filter(subject=subject, framework_name=version.name, ended_at=None, verdict=Verdict.ADEQUATE)
    lapsed: list[Decided] = [
        decision
        for decision in rows.select_related("statement").prefetch_related("statement__lines__signoff__implementation")
        if not all(line.signoff.holds(at, version) for line in decision.statement.lines.all())
    ]
    for decision in lapsed:
        _end(decision, EndReason.LEANED_ON_LAPSED, at)
    return lapsed


@transaction.atomic
def follow_parent(*, subject_id: UUID, at: datetime) -> None:
    """A determination of this subject left force: what others have covered by it does too."""
    parent = Subject.objects.get(pk=subject_id)
    for version in in_force_versions():
        standing = {
            each.threshold: each
            for each in Determination.objects.in_force(at).filter(subject=parent, framework_name=version.name)
            if each.verdict != Verdict.COVERED_BY
        }
        leaning = Determination.objects.filter(
            covered_by__subject=parent, framework_name=version.name, verdict=Verdict.COVERED_BY, ended_at=None
        ).select_related("subject")
        for determination in leaning.order_by("subject_id", "pk"):
            if determination.threshold not in standing:
                lock_subject(determination.subject)
                determination.refresh_from_db(fields=["ended_at"])
                if determination.ended_at is not None:  # it ran out since it was looked at
                    continue
                _end(determination, EndReason.LEANED_ON_LAPSED, at)
                reason = "The model that covered this one lost its own determination."
                open_or_join(subject=determination.subject, framework_version=version, kind=CaseKind.LAPSE, reason=reason, at=at)


# --- Time -------------------------------------------------------------------------------------------------------------------------------------


def expire(*, at: datetime) -> int:
    """Ends what has run out, one subject at a time, and asks the board anew. Answers how many decisions ended."""
    ended = 0
    for version in in_force_versions():
        due = set[UUID]()
        for model in (Determination, SafeguardsDecision, ReleaseDecision):
            due |= set(
                model.objects.filter(framework_name=version.name, ended_at=None, valid_until__lte=at).values_list("subject_id", flat=True)
            )
        for subject in Subject.objects.filter(pk__in=due).order_by("pk"):
            ended += _expire_subject(subject, version, at)
    return ended


@transaction.atomic
def _expire_subject(subject: Subject, version: FrameworkVersion, at: datetime) -> int:
    lock_subject(subject)
    over: list[Decided] = []
    for model in (Determination, SafeguardsDecision, ReleaseDecision):
        over += model.objects.filter(subject=subject, framework_name=version.name, ended_at=None, valid_until__lte=at)
    for decision in over:
        _end(decision, EndReason.EXPIRED, at)
    if over:
        reason = "A decision ran out and is to be taken again."
        open_or_join(subject=subject, framework_version=version, kind=CaseKind.REAPPROVAL, reason=reason, at=at)
        write_requirement(subject, version, at)
    return len(over)


def follow_scopes(*, subject: Subject, at: datetime) -> None:
    """Works the gate's answers for a subject out anew, under every framework in force."""
    for version in in_force_versions():
        recompute(subject=subject, framework_version=version, at=at)


def subjects_the_clock_may_move() -> list[tuple[Subject, FrameworkVersion]]:
    """Where time alone may shut a scope, or a worker that has just finished may open one: scopes that are open, and releases in force."""
    found: list[tuple[Subject, FrameworkVersion]] = []
    for version in in_force_versions():
        opened = ScopeState.objects.filter(framework_name=version.name, state=GateState.OPEN).values("subject")
        released = ReleaseDecision.objects.filter(framework_name=version.name, ended_at=None, verdict=Verdict.RELEASE).values("subject")
        several = Subject.objects.filter(pk__in=opened) | Subject.objects.filter(pk__in=released)
        found += [(subject, version) for subject in several.order_by("pk")]
    return found


def sweep(*, at: datetime) -> None:
    """What time alone does: ends what ran out, and works the gate out anew where it may have moved."""
    # Asked before anything ends, or a release that just ran out would leave its scope looking open.
    moved = subjects_the_clock_may_move()
    expire(at=at)
    for subject, version in moved:
        recompute(subject=subject, framework_version=version, at=at)
