"""The board is asked outside a case: late results brought in, weights that ran before the portal, and the verbs of a motion."""

from datetime import timedelta
from typing import Any

from evaluations.models import Deployment, Measurement
from evaluations.services import uploads
from people.models import Person
from reviews.models import Motion
from reviews.services import deployments
from reviews.services.late_results import LateResults
from reviews.services.motions import propose, vote
from reviews.services.observing import ObservedScope
from tests.evaluations.logs import log
from tests.makers import NOON, confirmed, make_binding
from tests.reviews.conftest import Board


def bring_late(board: Board, right: int = 2) -> Measurement:
    """A result that is read and countersigned, and whose binding is confirmed only then."""
    upload = board.send(log("bio_extra", right=right, n=40, run=f"late-{right}"))
    uploads.countersign(upload=upload, actor=board.cast.ben, at=board.now())
    board.work()
    make_binding(board.cast, "bio-protocols", "bio_extra", at=board.now())
    board.work()
    return Measurement.objects.get(run__upload=upload, metric="accuracy")


def runs_since_before(board: Board, scope: str = "external") -> Deployment:
    """Farid reports that the weights have been in service since a month before the log was opened."""
    return deployments.report(snapshot=board.snapshot, scope=scope, since=NOON - timedelta(days=30), actor=board.cast.farid, at=board.now())


def late_results(board: Board) -> LateResults:
    return LateResults("bio-protocols", [bring_late(board)])


def observed_scope(board: Board) -> ObservedScope:
    runs_since_before(board)
    return ObservedScope(board.snapshot, "external", board.now() + timedelta(days=60))


def put(board: Board, asks: LateResults | ObservedScope, actor: Person | None = None, **more: Any) -> Motion:
    person, at = actor or board.cast.dan, board.now()
    told = {"subject": board.subject, "framework_version": board.version, "reason": "It is known well."} | more
    return propose(asks=asks, actor=person, user=person.user, confirmation=confirmed(person, at), at=at, **told)


def answer(board: Board, motion: Motion, person: Person, choice: str = "approve", **more: Any) -> Motion:
    at = board.now()
    told = {"rationale": "I read the log.", "seen_digest": motion.content_digest} | more
    return vote(motion=motion, choice=choice, actor=person, user=person.user, confirmation=confirmed(person, at), at=at, **told)


def carry(board: Board, asks: LateResults | ObservedScope) -> Motion:
    motion = put(board, asks)
    answer(board, motion, board.cast.ben)
    return answer(board, motion, board.cast.chloe)
