"""Opening a case, asking for a release, commenting, closing. What a case asks is worked out in `services.asking`."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max

from evaluations.models import Snapshot, Subject
from frameworks.models import FrameworkVersion
from ledger.refusals import NotNow, NotValid
from people.models import Person
from people.policies import require
from people.queries import actor_of
from reviews import conflicts, contents, entries, past, policies
from reviews.contents import Wanted
from reviews.facts import Facts, collect_one
from reviews.models import Case, Comment, Question
from reviews.models.case import CaseKind, CaseState
from reviews.models.question import QuestionKind, QuestionState, Verdict
from reviews.rules import is_watched
from reviews.services.asking import align, holds_strict
from reviews.services.locks import lock_subject, locked
from reviews.services.rosters import board_for, roster_digest, roster_now

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


class CaseHoldsRequirement(NotNow):
    code = "case_holds_requirement"
    sentence = "This case holds up a requirement that rose; it ends by decisions, not by being withdrawn."


class ScopeNotKnown(NotValid):
    code = "scope_not_known"
    sentence = "The framework knows no such scope."


class SnapshotNotOfSubject(NotValid):
    code = "snapshot_not_of_subject"
    sentence = "These weights belong to another model."


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
    release_to: str = "",
) -> Case:
    """A case opened by hand. `thresholds`: asked whatever the findings say (precaution), or to be lowered (lowering); what is only watched and rests on a
    judgement may be named in a clearance too. `release_to`: asks at once whether the case's snapshot may go to this scope; the way to another scope, and back after a halt. A re-approval without it asks every axis' safeguards anew.

    Raises NotAllowed, CaseAlreadyOpen, ThresholdsNotFit, ScopeNotKnown, SnapshotNotOfSubject, NothingToAsk.
    """
    require(policies.may_open_case(actor_of(actor, at), kind))
    lock_subject(subject)
    if open_case_of(subject, framework_version.name) is not None:
        raise CaseAlreadyOpen
    _check_thresholds(subject, framework_version, kind, thresholds, at)
    if snapshot is not None and snapshot.subject_id != subject.pk:
        raise SnapshotNotOfSubject
    case = _begin(subject, framework_version, kind, reason, actor=actor, at=at, snapshot=snapshot)
    facts = collect_one(subject, framework_version, at)
    extra = (
        [_wanted_release(case, case.snapshot, release_to)] if release_to else _safeguards_anew(facts) if kind == CaseKind.REAPPROVAL else []
    )
    revision = align(case, facts, reason=reason, actor=actor, at=at, named=thresholds, extra=extra)
    if revision is None:
        raise NothingToAsk
    entries.case_opened(case, revision, actor=actor, at=at)
    return case


def _wanted_release(case: Case, snapshot: Snapshot | None, scope: str) -> Wanted:
    if scope not in case.framework_version.document.scopes:
        raise ScopeNotKnown
    if snapshot is None or snapshot.subject_id != case.subject_id:
        raise SnapshotNotOfSubject
    return Wanted(QuestionKind.RELEASE, Verdict.RELEASE, snapshot=snapshot, scope=scope)


def _safeguards_anew(facts: Facts) -> list[Wanted]:
    return [
        Wanted(QuestionKind.SAFEGUARDS, Verdict.ADEQUATE, axis=axis, tier=required.tier.slug)
        for axis, required in facts.required.items()
        if required.tier.defined
    ]


def open_or_join(
    *,
    subject: Subject,
    framework_version: FrameworkVersion,
    kind: str,
    reason: str,
    at: datetime,
    rose: Mapping[str, Mapping[str, str]] | None = None,
    anew: Sequence[str] = (),
) -> Case | None:
    """What a consumer calls when a finding rose or a decision lapsed: joins the open case as a revision, or opens one. Doing it twice is doing it once.

    `anew`: thresholds to be asked although a decision on them is in force.
    """
    lock_subject(subject)
    case = open_case_of(subject, framework_version.name)
    fresh = case is None
    if case is None:
        case = _begin(subject, framework_version, kind, reason, actor=None, at=at)
    elif _weight(kind) > _weight(case.kind):
        past.keep(past.of(case), at=at)
        case.kind = kind
        case.save(update_fields=["kind"])
    # An open case goes on under the version it was opened under. What rose under a newer one is asked here all the same; what that adds beside, by the next case.
    revision = align(case, collect_one(subject, case.framework_version, at), reason=reason, actor=None, at=at, rose=rose, named=anew)
    if revision is None:
        # Nothing is left to ask: a case that was begun for nothing never was.
        if not fresh:
            return case
        case.delete()
        return None
    tell = entries.case_opened if fresh else entries.case_revised
    tell(case, revision, actor=None, at=at)
    return case


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
    facts = collect_one(subject, version, at) if kind == CaseKind.LOWERING else None
    gating = {threshold.slug for threshold in version.document.thresholds if threshold.kind == "threshold"}
    held = {slug for slug in {*thresholds, *gating} if facts is not None and holds_strict(facts, slug)}
    watched = {threshold.slug for threshold in version.document.thresholds if is_watched(threshold)}
    unknown = sorted(set(thresholds) - gating - watched - held)
    if unknown:
        raise ThresholdsNotFit(f"The framework has no such threshold that people could decide: {', '.join(unknown)}.")
    if kind in {CaseKind.PRECAUTION, CaseKind.LOWERING} and not thresholds:
        raise ThresholdsNotFit("Name the thresholds this case is about.")
    named = set(thresholds) - (watched if kind == CaseKind.CLEARANCE else set())
    if kind not in {CaseKind.PRECAUTION, CaseKind.LOWERING} and named:
        raise ThresholdsNotFit(
            "Only a precaution or a lowering case is about named thresholds, and a clearance about what is only watched; the others ask what is unanswered."
        )
    if kind == CaseKind.LOWERING:
        loose = [slug for slug in thresholds if slug not in held]
        if loose:
            raise ThresholdsNotFit(f"Nothing holds these up, so there is nothing to lower: {', '.join(loose)}.")


def open_case_of(subject: Subject, framework_name: str) -> Case | None:
    return Case.objects.filter(subject=subject, framework_name=framework_name, state=CaseState.OPEN).first()


def _weight(kind: str) -> int:
    return _WEIGHT.index(CaseKind(kind)) if kind in _WEIGHT else -1


# --- Asking, commenting, closing -----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_release(*, case: Case, snapshot: Snapshot, scope: str, actor: Person, at: datetime) -> Question:
    """The chair asks the board whether these weights may go to this scope. Asking twice is asking once.

    Raises NotAllowed, ScopeNotKnown, SnapshotNotOfSubject.
    """
    case = locked(case)
    require(policies.may_chair(actor_of(actor, at), case, conflicts.recused(case)))
    wanted = _wanted_release(case, snapshot, scope)
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
    require(policies.may_chair(actor_of(actor, at), case, conflicts.recused(case)))
    left = case.questions.filter(state=QuestionState.OPEN).count()
    if left:
        raise CaseNotFinished(f"{left} question{'s are' if left > 1 else ' is'} still open.")
    end(case, note=note, actor=actor, at=at)
    return case


@transaction.atomic
def withdraw_case(*, case: Case, note: str, actor: Person, at: datetime) -> Case:
    """Takes back a case that was opened by hand and holds nothing up. What rose is never withdrawn. Raises NotAllowed, CaseHoldsRequirement."""
    case = locked(case)
    require(policies.may_chair(actor_of(actor, at), case, conflicts.recused(case)))
    raising = case.questions.filter(state=QuestionState.OPEN).exclude(raised={}).exists()
    if case.kind in {CaseKind.ELEVATION, CaseKind.LAPSE, CaseKind.PRECAUTION} or raising:
        raise CaseHoldsRequirement
    asked = case.questions.filter(state=QuestionState.OPEN)
    past.keep(*map(past.of, asked), at=at)
    asked.update(state=QuestionState.WITHDRAWN)
    end(case, note=note, actor=actor, at=at, state=CaseState.WITHDRAWN)
    return case


def end(case: Case, *, note: str, actor: Person | None, at: datetime, state: str = CaseState.CLOSED) -> None:
    """Ends a case whose lock is held."""
    case.state, case.closed_at, case.closed_by, case.closing_note = state, at, actor, note
    case.save(update_fields=["state", "closed_at", "closed_by", "closing_note"])
    entries.case_closed(case, actor=actor, at=at)
