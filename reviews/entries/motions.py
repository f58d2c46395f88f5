"""Motions: put to the board, voted on, settled, and over."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from reviews.entries.writing import append_by, append_signed
from reviews.models import Motion, MotionVote


def motion_proposed(motion: Motion, *, at: datetime) -> Entry:
    return append_signed("reviews:motion:proposed", f"motion:{motion.pk}", motion.proposed, at, motion_fields(motion))


def motion_voted(vote: MotionVote, *, at: datetime) -> Entry:
    return append_signed("reviews:motion:voted", f"motion:{vote.motion_id}", vote.signature, at, motion_vote_fields(vote))


def motion_settled(motion: Motion, *, at: datetime) -> Entry:
    fields = motion_fields(motion) | {"carried": motion.carried}
    return append_by("reviews:motion:settled", f"motion:{motion.pk}", None, at, fields)


def motion_ended(motion: Motion, *, at: datetime) -> Entry:
    return append_by("reviews:motion:ended", f"motion:{motion.pk}", None, at, motion_fields(motion))


def motion_fields(motion: Motion) -> dict[str, Any]:
    """What exactly is asked."""
    fields = {
        "motion_kind": motion.kind,
        "subject": motion.subject_id,
        "framework": motion.framework_version_id,
        "about": motion.about,
        "content": motion.content_digest,
        "snapshot": motion.snapshot_id,
        "until": motion.until,
    }
    return fields | motion.asked


def motion_vote_fields(vote: MotionVote) -> dict[str, Any]:
    return motion_fields(vote.motion) | {"vote": vote.pk, "choice": vote.choice}


describe("reviews:motion:proposed", "{actor} put a motion on {subject:subject} to the vote ({motion_kind}: {about}).")
describe("reviews:motion:voted", "{actor} voted {choice} on a motion on {subject:subject} ({motion_kind}: {about}).")
describe("reviews:motion:settled", "The motion on {subject:subject} is settled ({motion_kind}: {about}): carried, {carried}.")
describe("reviews:motion:ended", "What a motion on {subject:subject} let go on is over ({motion_kind}: {about}).")
describe("reviews:motion:refused", "{actor} tried to sign about a motion and was refused: {code}.")
