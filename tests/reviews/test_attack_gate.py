"""What an insider would try between two steps of the workers, and with coverage for other weights: the gate stays shut."""

from datetime import timedelta
from typing import Any

import pytest

from evaluations.services import assessments, readings
from ledger.canonical import canonical, parse
from ledger.models import Cursor
from ledger.refusals import NotAllowed
from ledger.services import head, size
from people.models import RoleGrant
from people.words import Role
from reviews.gate import answer_at, authorise_at
from reviews.gate_rules import answer
from reviews.models import SignOff
from reviews.services.signoffs import revoke_signoff
from tests.evaluations.logs import log
from tests.makers import deliver_all, make_snapshot
from tests.reviews.conftest import Board
from tests.reviews.test_attack_seats import end
from tests.reviews.test_gate_rules import DOCUMENT, codes, digest_of, settled


def test_a_result_that_was_read_shuts_the_gate_before_anyone_has_heard_of_it(open_board: Board) -> None:
    upload = open_board.send(log("bio_protocols", right=20, run="fresh"))
    readings.parse(upload_id=upload.pk, at=open_board.now())
    assert "assessment_outdated" in open_board.ask().codes


def test_a_finding_that_rose_shuts_the_gate_while_the_board_has_not_followed_it(open_board: Board) -> None:
    """The consumer that ends determinations may lag, or be stuck on something else: what it has not heard of lets nothing out."""
    upload = open_board.send(log("bio_protocols", right=20, run="fresh"))
    readings.parse(upload_id=upload.pk, at=open_board.now())
    deliver_all(open_board.now())
    for due in assessments.due(at=open_board.now()):
        assert assessments.work(due_id=due, at=open_board.now()) is not None
    assert "assessment_outdated" in open_board.ask().codes


def test_a_consumer_that_starts_over_shuts_the_gate_until_it_has_caught_up(open_board: Board) -> None:
    assert open_board.ask().allowed
    Cursor.objects.filter(consumer="reviews.cases").update(position=0)
    assert "assessment_outdated" in open_board.ask().codes
    open_board.work()
    assert open_board.ask().allowed


def test_a_decision_answers_the_finding_it_was_taken_on_even_where_a_consumer_was_made_to_skip_the_rise(open_board: Board) -> None:
    """Somebody with the application's database role moves the cursor past the rise, so that nothing ever follows it."""
    upload = open_board.send(log("bio_protocols", right=20, run="fresh"))
    readings.parse(upload_id=upload.pk, at=open_board.now())
    deliver_all(open_board.now())
    for due in assessments.due(at=open_board.now()):
        assessments.work(due_id=due, at=open_board.now())
    Cursor.objects.update(position=size())
    assert open_board.ask().codes == ["finding_moved"]


def test_a_machine_whose_clock_is_behind_lets_nothing_out_that_another_one_has_stopped(open_board: Board) -> None:
    """A sign-off is revoked here; there it is half a minute earlier, and the ledger takes entries of up to a minute ago."""
    board = open_board
    at, weights = board.now(), board.snapshot.weights_digest
    assert answer_at(scope="external", artefact=weights, at=at).allowed
    revoke_signoff(signoff=SignOff.objects.all()[0], reason="It is got round.", actor=board.cast.ben, at=at + timedelta(seconds=30))
    board.moment = at + timedelta(seconds=31)
    deliver_all(board.moment)
    assert not answer_at(scope="external", artefact=weights, at=at + timedelta(seconds=1)).allowed
    made = authorise_at(artefact=weights, scope="external", actor=board.cast.dan, at=at + timedelta(seconds=2))
    assert not made.allowed and made.at == head().recorded_at


def test_a_machine_whose_clock_is_behind_authorises_nothing_for_who_lost_their_role_by_the_record(open_board: Board) -> None:
    board, at = open_board, open_board.now()
    told = {"artefact": board.snapshot.weights_digest, "scope": "external", "actor": board.cast.dan}
    assert authorise_at(at=at, **told).allowed
    end(board, RoleGrant.objects.get(person=board.cast.dan, role=Role.CHAIR))
    with pytest.raises(NotAllowed):
        authorise_at(at=at, **told)


@pytest.mark.parametrize(("kept", "denied"), [("sha256:g", False), ("", True), ("sha256:h", True)])
def test_a_decision_kept_for_a_later_finding_answers_that_one_too(kept: str, denied: bool) -> None:
    inputs = settled()
    inputs["findings"]["bio-3"]["digest"] = "sha256:g"
    inputs["determinations"]["bio-3"]["kept_for"] = kept
    assert codes(inputs) == (["finding_moved"] if denied else [])


@pytest.mark.parametrize(("named", "denied"), [("w", False), ("other", True), (None, True)])
def test_a_coverage_speaks_for_the_weights_it_named_and_no_others(named: Any, denied: bool) -> None:
    inputs = settled()
    for finding in inputs["findings"].values():
        finding["snapshots"] = []
    for determination in inputs["determinations"].values():
        determination |= {"verdict": "covered_by", "covers": {}, "covered": named}
    inputs["release"]["status_digest"] = digest_of(inputs)
    assert ("artefact_not_assessed" in codes(inputs)) is denied


def test_a_coverage_of_one_threshold_says_nothing_of_another() -> None:
    inputs = settled()
    inputs["findings"]["bio-3"]["snapshots"] = []
    inputs["determinations"]["bio-3"] |= {"verdict": "covered_by", "covers": {}, "covered": "w"}
    inputs["release"]["status_digest"] = digest_of(inputs)
    assert codes(inputs) == []
    inputs["findings"]["bio-4"]["snapshots"] = []
    denied: Any = parse(answer(DOCUMENT.canonical, canonical(inputs)))
    assert [(reason["code"], reason["about"]) for reason in denied["reasons"]] == [("artefact_not_assessed", "bio-4")]


def test_a_snapshot_registered_after_the_release_is_not_let_out_with_it(open_board: Board) -> None:
    other = make_snapshot(open_board.cast, open_board.subject, "step 2", at=open_board.now(), compute_factor="1")
    open_board.work()
    assert not open_board.ask(artefact=other.weights_digest).allowed
