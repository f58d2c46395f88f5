"""Letting go on, until a day, what ran before the portal went live. The gate's answer stays what it is and says beside it that it is observed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from evaluations.models import Snapshot
from ledger.refusals import NotValid
from ledger.services import current_log
from reviews import contents, entries, past
from reviews.contents import Wanted
from reviews.facts import collect_one
from reviews.models import Motion, ScopeState
from reviews.models.case import CaseKind
from reviews.models.gate_answer import Enforcement
from reviews.models.motion import MotionKind
from reviews.models.question import QuestionKind, Verdict
from reviews.services.locks import lock_subject
from reviews.tally import Quorum


class ObservingNotValid(NotValid):
    code = "observing_not_valid"


@dataclass(frozen=True)
class ObservedScope:
    """That a scope is only observed for these weights, until a day."""

    snapshot: Snapshot
    scope: str
    until: datetime

    kind = MotionKind.OBSERVED_SCOPE

    def put_into(self, motion: Motion, at: datetime) -> None:
        """Raises ObservingNotValid."""
        document = motion.framework_version.document
        if self.scope not in document.scopes:
            raise ObservingNotValid("The framework knows no such scope.", code="scope_unknown")
        longest = timedelta(days=document.release_validity_days)
        if not at < self.until <= at + longest:
            raise ObservingNotValid(f"It ends on a day within {longest.days} days, as a release does.", code="dates_not_valid")
        if self.snapshot.subject_id != motion.subject_id or not ran_before(self.snapshot, self.scope):
            raise ObservingNotValid(
                "These weights are not reported to have run for this scope since before the portal went live; what is new is released or stays in.",
                code="not_running_before",
            )
        if _is_halted(motion, self.scope):
            raise ObservingNotValid(
                "This scope is halted, and going on after that is a release for the board to decide.", code="scope_halted"
            )
        motion.snapshot, motion.until, motion.matter, motion.asked = self.snapshot, self.until, self.scope, {"scope": self.scope}
        motion.requires = _requires(motion, self.scope, at)

    def quorum(self, motion: Motion) -> Quorum:
        """That of a release. Raises ValueError where the framework has none."""
        wanted = Wanted(QuestionKind.RELEASE, Verdict.RELEASE, snapshot=self.snapshot, scope=self.scope)
        document = motion.framework_version.document
        return contents.quorum_of(wanted, Verdict.RELEASE, document=document, case_kind=CaseKind.CLEARANCE, required=motion.requires)


def ran_before(snapshot: Snapshot, scope: str) -> bool:
    """Whether these weights are in service for this scope, by report, since before the log was opened."""
    log = current_log()
    return log is not None and snapshot.deployments.filter(scope=scope, until=None, since__lt=log.opened_at).exists()


def _requires(motion: Motion, scope: str, at: datetime) -> dict[str, str]:
    """What a release to the scope would have to meet."""
    required = collect_one(motion.subject, motion.framework_version, at).required_slugs
    return {axis: required[axis] for axis in motion.framework_version.document.scopes[scope]}


def _is_halted(motion: Motion, scope: str) -> bool:
    rows = ScopeState.objects.filter(subject=motion.subject, framework_name=motion.framework_version.name, scope=scope)
    return rows.filter(halted_at__isnull=False).exists()


def _holds(motion: Motion, at: datetime) -> bool:
    """Its day is to come, and it runs still."""
    assert motion.snapshot is not None and motion.until is not None
    return at < motion.until and ran_before(motion.snapshot, motion.about)


def observe(motion: Motion, at: datetime) -> bool:
    """The scope is only observed from here on, unless what was asked for is over by now, or other tiers are at stake than those whose quorum was pinned."""
    if not _holds(motion, at) or _requires(motion, motion.about, at) != motion.requires:
        return False
    row, _ = ScopeState.objects.get_or_create(
        subject=motion.subject, framework_name=motion.framework_version.name, scope=motion.about, defaults={"changed_at": at}
    )
    past.keep(past.of(row), at=at)
    row.enforcement, row.observed_until, row.observed_snapshot = Enforcement.OBSERVE, motion.until, motion.snapshot
    row.save(update_fields=["enforcement", "observed_until", "observed_snapshot"])
    return True


def stop(state: ScopeState, *, at: datetime) -> None:
    """A halt ends what goes on in the scope, observed, and what the board is asked about it: no vote from before lets anything go on after.

    The caller holds the subject's lock and has the row enforced.
    """
    asked = Motion.objects.filter(kind=MotionKind.OBSERVED_SCOPE, subject=state.subject, framework_version__name=state.framework_name)
    for motion in asked.filter(matter=state.scope, settled_at=None):
        motion.settled_at = at
        motion.save(update_fields=["settled_at"])
        entries.motion_settled(motion, at=at)
    for motion in asked.filter(matter=state.scope, carried=True, ended_at=None).order_by("pk"):
        motion.ended_at = at
        motion.save(update_fields=["ended_at"])
        entries.motion_ended(motion, at=at)


def sweep(*, at: datetime) -> int:
    """Ends what has run out, and what runs no more. Doing it twice is doing it once. Answers how many ended."""
    standing = Motion.objects.filter(kind=MotionKind.OBSERVED_SCOPE, carried=True, ended_at=None).select_related("subject", "snapshot")
    return sum(_end(each, at) for each in standing.order_by("pk") if not _holds(each, at))


@transaction.atomic
def _end(motion: Motion, at: datetime) -> bool:
    lock_subject(motion.subject)
    # Another sweep may have ended it since this one looked.
    each = Motion.objects.filter(pk=motion.pk, ended_at=None).select_related("subject", "snapshot", "framework_version").first()
    if each is None or _holds(each, at):
        return False
    rows = ScopeState.objects.filter(subject=each.subject, framework_name=each.framework_version.name, scope=each.about)
    # Another one may have been carried since; it goes on.
    rows = rows.filter(observed_until=each.until, observed_snapshot=each.snapshot)
    past.keep(*map(past.of, rows), at=at)
    rows.update(enforcement=Enforcement.ENFORCE, observed_until=None, observed_snapshot=None)
    each.ended_at = at
    each.save(update_fields=["ended_at"])
    entries.motion_ended(each, at=at)
    return True
