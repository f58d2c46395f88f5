"""Motions: the chair puts something to the vote outside a case, reviewers answer with their names, and at quorum it is settled."""

from datetime import datetime

from django.db import transaction

from evaluations.models import Subject
from frameworks.models import FrameworkVersion
from ledger.refusals import NotNow
from people.attempts import refusals_entered
from people.confirming import Confirmation
from people.models import Person, User
from people.policies import require
from people.queries import actor_of
from people.signing import sign
from people.words import Role
from reviews import counting, entries, motions, policies
from reviews.models import Motion, MotionVote
from reviews.models.motion import MotionKind
from reviews.services.late_results import LateResults, admit
from reviews.services.locks import lock_subject
from reviews.services.observing import ObservedScope, observe
from reviews.services.rosters import board_for, roster_now
from reviews.services.votes import RationaleMissing
from reviews.tally import quorum_to_json

# What follows once a motion is carried; False where it no longer can.
TAKES_EFFECT = {MotionKind.LATE_RESULTS: admit, MotionKind.OBSERVED_SCOPE: observe}


class AlreadyAsked(NotNow):
    code = "already_asked"
    sentence = "This is before the board already."
    what_to_do = "Wait until it is settled."


class NoPolicy(NotNow):
    code = "policy_missing"
    sentence = "The framework says no quorum for this, so it cannot be asked."


class MotionChanged(NotNow):
    code = "content_changed"
    sentence = "What you were shown is not what is asked."
    what_to_do = "Look at it once more."


@refusals_entered("reviews:motion:refused", about="subject")
@transaction.atomic
def propose(
    *,
    subject: Subject,
    framework_version: FrameworkVersion,
    asks: LateResults | ObservedScope,
    reason: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
) -> Motion:
    """The chair puts exactly this to the vote. Raises NotAllowed, SetNotValid, ObservingNotValid, RationaleMissing, AlreadyAsked, NoPolicy, and what
    `people.signing.sign` raises."""
    chair = actor_of(actor, at)
    require(policies.may_propose_motion(chair))
    lock_subject(subject)
    if not reason.strip():
        raise RationaleMissing
    motion = Motion(
        kind=asks.kind,
        subject=subject,
        framework_version=framework_version,
        reason=reason.strip(),
        roster=roster_now(board_for(framework_version.name), at),
        proposed_by=actor,
        proposed_at=at,
    )
    asks.put_into(motion, at)
    try:
        motion.quorum = quorum_to_json(asks.quorum(motion))
    except ValueError as error:
        raise NoPolicy from error
    require(policies.may_sign_motion(chair, motion))
    if Motion.objects.filter(subject=subject, kind=motion.kind, matter=motion.matter, settled_at=None).exists():
        raise AlreadyAsked
    motion.content_digest = motions.content_digest(motion)
    said = motions.statement(motion, meaning=motions.PROPOSES, role=Role.CHAIR, why=motion.reason)
    motion.proposed = sign(person=actor, user=user, statement=said, confirmation=confirmation, at=at)
    motion.save(force_insert=True)
    entries.motion_proposed(motion, at=at)
    return motion


@refusals_entered("reviews:motion:refused", about="motion")
@transaction.atomic
def vote(
    *,
    motion: Motion,
    choice: str,
    rationale: str,
    seen_digest: str,
    actor: Person,
    user: User,
    confirmation: Confirmation,
    at: datetime,
) -> Motion:
    """A reviewer's signed answer. The one that meets the quorum settles the motion, and what was asked takes effect, or does not.

    Raises NotAllowed, MotionChanged, RationaleMissing, and what `people.signing.sign` raises.
    """
    lock_subject(motion.subject)
    motion = Motion.objects.select_for_update(of=("self",)).select_related("subject", "snapshot", "framework_version").get(pk=motion.pk)
    voter, barred = actor_of(actor, at), motions.excluded(motion.subject)
    require(policies.may_vote_on_motion(voter, motion, barred))
    require(policies.may_sign_motion(voter, motion))
    if not rationale.strip():
        raise RationaleMissing
    if seen_digest != motion.content_digest:
        raise MotionChanged
    said = motions.statement(motion, meaning=choice, role=Role.REVIEWER, why=rationale.strip())
    signature = sign(person=actor, user=user, statement=said, confirmation=confirmation, at=at)
    motion.votes.filter(person=actor, replaced_at=None).update(replaced_at=at)
    cast = MotionVote.objects.create(motion=motion, person=actor, choice=choice, rationale=rationale.strip(), signature=signature, at=at)
    # By what those who voted hold still: a role or a competence that ended fills no seat.
    tally = motions.tally_of(motion, motion.votes.all(), barred, counting.seated([motion], at)[motion.pk])
    if tally.is_met:
        motion.settled_at, motion.carried = at, tally.approve.met and TAKES_EFFECT[MotionKind(motion.kind)](motion, at)
        motion.save(update_fields=["settled_at", "carried"])
    entries.motion_voted(cast, at=at)
    if not motion.is_open:
        entries.motion_settled(motion, at=at)
    return motion
