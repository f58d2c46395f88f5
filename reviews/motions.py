"""How motions stand: who may answer them, how the votes count, what is signed, and on whom they wait."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from evaluations.models import Measurement, Snapshot, Subject, Upload
from ledger.canonical import digest
from people.signing import Statement
from reviews.conflicts import OWN_EVIDENCE, OWN_SNAPSHOT
from reviews.counting import members, seated
from reviews.late_results import measurements_of
from reviews.models import Motion, MotionVote
from reviews.models.motion import MotionKind
from reviews.models.question import Choice, Verdict
from reviews.tally import Ballot, Member, Tally, quorum_from_json, tally

PROPOSES = "proposes"

# What each vote does, as its button says it.
EFFECTS = {
    MotionKind.LATE_RESULTS: [(Choice.APPROVE, "Count them under this indicator"), (Choice.REJECT, "Do not count them")],
    MotionKind.OBSERVED_SCOPE: [
        (Choice.APPROVE, "Let it go on, observed, until that day"),
        (Choice.REJECT, "Do not let it go on"),
    ],
}


def content_digest(motion: Motion) -> str:
    """What the chair and every voter are bound to."""
    return digest(
        {
            "format": "asl-motion/1",
            "kind": motion.kind,
            "subject": str(motion.subject_id),
            "framework": motion.framework_version.digest,
            "weights": motion.snapshot.weights_digest if motion.snapshot is not None else None,
            "until": motion.until,
            "asked": motion.asked,
        }
    )


def statement(motion: Motion, *, meaning: str, role: str, why: str = "") -> Statement:
    """What is signed, by the chair and by each voter: the content and the reason by their digests. The words are the same whatever the reason."""
    return Statement(
        type="reviews.motion",
        digests={"content": motion.content_digest, "rationale": digest({"rationale": why})},
        meaning=meaning,
        role=role,
        text=(_late_results if motion.kind == MotionKind.LATE_RESULTS else _observed_scope)(motion, meaning),
    )


def _late_results(motion: Motion, meaning: str) -> str:
    said = {PROPOSES: "are put to the board to count", Choice.APPROVE: "count", Choice.REJECT: "do not count"}[meaning]
    count, title = len(motion.asked["measurements"]), title_of(motion)
    return f"{count} result{'s' if count != 1 else ''} of {motion.subject.name} {said} under {title}, though adopted or bound after they arrived."


def _observed_scope(motion: Motion, meaning: str) -> str:
    said = {PROPOSES: "is put to the board to go on", Choice.APPROVE: "may go on", Choice.REJECT: "may not go on"}[meaning]
    assert motion.snapshot is not None and motion.until is not None
    ran = f"{motion.snapshot.label} of {motion.subject.name} ran for {motion.about} before the portal went live"
    return f"{ran} and {said}, observed, until {motion.until:%Y-%m-%d}."


def title_of(motion: Motion) -> str:
    """The indicator by its title, the scope in words."""
    if motion.kind == MotionKind.OBSERVED_SCOPE:
        return motion.about.replace("_", " ")
    return motion.framework_version.document.indicator(motion.about).title


def excluded(subject: Subject) -> dict[str, str]:
    """Who does not vote on motions about this model: whoever brought evidence about it, or registered its weights."""
    registered = Snapshot.objects.filter(subject=subject).order_by().values_list("registered_by_id", flat=True)
    uploaded = Upload.objects.filter(subject=subject).order_by().values_list("uploader_id", flat=True)
    return {str(person): OWN_SNAPSHOT for person in registered} | {str(person): OWN_EVIDENCE for person in uploaded}


def tally_of(motion: Motion, votes: Iterable[MotionVote], barred: Mapping[str, str], still: Sequence[Member]) -> Tally:
    """How a motion stands by its live votes and by what its voters hold `still`, or how it was settled. Each lets something go, as a release does, so
    one objection stands in its way."""
    quorum = quorum_from_json(motion.quorum)
    return tally(
        proposal=Verdict.RELEASE,
        ballots=[Ballot(str(vote.person_id), vote.choice, Verdict.RELEASE) for vote in votes if vote.replaced_at is None],
        roster=members(motion),
        seated=still if motion.is_open else None,
        approve_quorum=quorum,
        reject_quorum=quorum,
        excluded=barred,
    )


@dataclass(frozen=True)
class Shown:
    """One motion with what it is about and how it stands. `results`: those it names, where it names some."""

    motion: Motion
    title: str
    results: Sequence[Measurement]
    tally: Tally


def motions_of(subject: Subject, at: datetime) -> list[Shown]:
    """Every motion on a model, the open ones first. A number of queries that does not grow."""
    motions = list(
        Motion.objects.filter(subject=subject)
        .select_related("framework_version", "snapshot", "proposed_by")
        .prefetch_related("votes__person")
    )
    rows = measurements_of(pk for each in motions for pk in each.asked.get("measurements", ()))
    barred, still = excluded(subject), seated(motions, at)
    return [
        Shown(
            each,
            title_of(each),
            [rows[pk] for pk in each.asked.get("measurements", ()) if pk in rows],
            tally_of(each, each.votes.all(), barred, still[each.pk]),
        )
        for each in motions
    ]


def motions_for(person: UUID, at: datetime) -> list[Motion]:
    """The open motions that wait on this person's vote. Five queries."""
    motions = Motion.objects.filter(settled_at=None).select_related("subject", "framework_version").prefetch_related("votes")
    mine = [each for each in motions.order_by("proposed_at", "id") if str(person) in {member["person"] for member in each.roster}]
    if not mine:
        return []
    own = Q(snapshots__registered_by=person) | Q(uploads__uploader=person)
    barred = set(Subject.objects.filter(own, pk__in=[each.subject_id for each in mine]).values_list("pk", flat=True))
    mine = [each for each in mine if each.subject_id not in barred]
    still = seated(mine, at)
    return [each for each in mine if str(person) in tally_of(each, each.votes.all(), {}, still[each.pk]).yet_to_vote]
