"""A model that another one covers, or that derives from one, goes out on no more than is known of that other one by now."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal

import pytest

from evaluations.models import Snapshot, Subject, Upload
from evaluations.services import readings
from reviews.facts import collect_one
from reviews.models import Determination
from reviews.services import cases
from reviews.services.decisions import CoverNotFit, GateWouldDeny, propose
from tests.conftest import WorldOnce
from tests.evaluations.logs import log
from tests.makers import deliver_all, make_snapshot, make_subject
from tests.reviews.conftest import Board, make_board
from tests.reviews.test_refused_evidence import set_aside


@dataclass
class Covered:
    """Egret may go out; Bio-3 of it is covered by Heron, from which it derives."""

    board: Board
    heron: Subject
    weights: Snapshot

    def send(self) -> Upload:
        """A damning result of Heron, received and not read."""
        return self.board.send(log("bio_protocols", right=38, run="damning"), subject=self.heron, snapshot=self.weights)


@pytest.fixture(scope="module")
def covered_once(world_once: WorldOnce) -> Iterator[Covered]:
    with world_once():
        board = make_board()
        heron, weights = board.subject, board.snapshot
        board.clean()
        board.open_case()
        board.settle_thresholds()
        board.subject = make_subject(board.cast, "egret", at=board.now(), parent=heron, derivation="fine-tune")
        board.snapshot = make_snapshot(board.cast, board.subject, at=board.now(), is_release_candidate=True)
        board.work()
        board.measure("exploits")
        board.safeguard()
        board.open_case()
        question = board.question(threshold="bio-3")
        propose(question=question, verdict="covered_by", covered_by=weights, note="Parity.", actor=board.cast.dan, at=board.now())
        board.settle(question)
        board.settle(board.question(threshold="bio-4"), "not_crossed")
        board.work()
        board.settle_safeguards()
        board.release()
        board.work()
        yield Covered(board, heron, weights)


@pytest.fixture
def covered(covered_once: Covered, db: None) -> Covered:
    return deepcopy(covered_once)


def test_what_waits_to_be_read_of_a_covering_model_shuts_the_gate_of_the_covered_one(covered: Covered) -> None:
    assert covered.board.ask().allowed
    covered.send()
    assert covered.board.ask().codes == ["assessment_outdated"]


def test_what_waits_to_be_assessed_of_it_does_too(covered: Covered) -> None:
    upload = covered.send()
    readings.parse(upload_id=upload.pk, at=covered.board.now())
    deliver_all(covered.board.now())
    assert covered.board.ask().codes == ["assessment_outdated"]


def test_a_damning_log_of_it_broken_by_one_byte_shuts_the_covered_ones_gate_until_somebody_answers_for_it(covered: Covered) -> None:
    board = covered.board
    damning = log("bio_protocols", right=38, run="damning")
    upload = board.send(bytes([damning[0] ^ 1]) + damning[1:], subject=covered.heron, snapshot=covered.weights)
    board.work()
    found = board.ask()
    assert found.codes == ["evidence_refused_beneath"] and found.reasons[0]["who"] == ["reviewer", "chair"]
    past = collect_one(board.subject, board.version, board.now(), back=True)
    assert (past.refused_uploads, past.refused_beneath) == (0, 1)
    upload.refresh_from_db()
    set_aside(board, upload, board.cast.ben)
    board.work()
    assert board.ask().allowed


def test_weights_the_covering_models_decision_does_not_speak_for_cover_nothing(covered: Covered) -> None:
    """Heron goes on training. Its decision answers results of the first step; the second was never measured, and bounds nothing."""
    board = covered.board
    never = make_snapshot(board.cast, covered.heron, "step 2", at=board.now(), names=("demo/heron-2b",), compute_factor=Decimal(1))
    board.work()
    board.open_case("precaution", thresholds=["bio-3"])
    told = {"question": board.question(threshold="bio-3"), "verdict": "covered_by", "note": "Parity.", "actor": board.cast.dan}
    with pytest.raises(CoverNotFit):
        propose(**told, covered_by=never, at=board.now())
    assert propose(**told, covered_by=covered.weights, at=board.now())


def test_a_coverage_of_some_weights_lets_out_no_others_of_the_same_model(covered: Covered) -> None:
    """Egret goes on training. Bio-3 of the second step was never measured, and what the board covered were the weights of the first."""
    board = covered.board
    board.snapshot = make_snapshot(
        board.cast, board.subject, "step 2", at=board.now(), compute_factor=Decimal(1), is_release_candidate=True
    )
    board.work()
    board.measure("exploits")
    board.settle(board.question(threshold="bio-4"), "not_crossed")
    board.work()
    board.settle_safeguards()
    assert ("finding_not_answered", "bio-3") in {(each["code"], each["about"]) for each in board.ask().reasons}
    with pytest.raises(GateWouldDeny):
        board.release()
    assert board.question(threshold="bio-3").proposal == "treated_as_crossed"


def test_what_waits_two_models_up_shuts_the_gate_too(covered: Covered) -> None:
    """Wren derives from Egret, which Heron covers: a damning file of Heron, unread, refused or unheard of, is a rise of Wren's that nobody has seen."""
    board = covered.board
    wren = make_subject(board.cast, "wren", at=board.now(), parent=board.subject, derivation="fine-tune")
    board.work()
    before = collect_one(wren, board.version, board.now())
    assert before.leans_on == {board.subject.pk, covered.heron.pk} and not before.due
    damning = log("bio_protocols", right=38, run="damning")
    board.send(bytes([damning[0] ^ 1]) + damning[1:], subject=covered.heron, snapshot=covered.weights)
    assert collect_one(wren, board.version, board.now()).due
    assert collect_one(wren, board.version, board.now(), back=True).due
    board.work()
    after = collect_one(wren, board.version, board.now())
    assert (after.due, after.refused_beneath) == (False, 1)


@pytest.mark.past_the_verbs
def test_a_coverage_lets_nothing_out_while_the_covering_models_own_decision_is_gone_and_nobody_has_followed_it(covered: Covered) -> None:
    at = covered.board.now()
    Determination.objects.filter(subject=covered.heron, threshold="bio-3", ended_at=None).update(ended_at=at, ended_why="finding_worsened")
    assert covered.board.ask().codes == ["assessment_outdated"]


def test_two_models_do_not_cover_each_other(covered: Covered) -> None:
    """Egret answers Bio-4 by its own evidence, and leans on Heron for Bio-3: what Heron is treated as would rest on itself."""
    board = covered.board
    egret, board.subject = board.snapshot, covered.heron
    cases.withdraw_case(case=board.case, note="Another question comes first.", actor=board.cast.dan, at=board.now())
    board.open_case("precaution", thresholds=["bio-4"])
    with pytest.raises(CoverNotFit):
        propose(
            question=board.question(threshold="bio-4"),
            verdict="covered_by",
            covered_by=egret,
            note="Parity.",
            actor=board.cast.dan,
            at=board.now(),
        )
