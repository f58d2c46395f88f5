"""What is watched without a threshold: people judge it by hand, with their quorum and for a time; no gate shuts and no tier moves by it."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta

import pytest
from django.urls import reverse

from evaluations.models import Judgement
from evaluations.services.assessments import mark_what_the_clock_changed
from reviews import signing
from reviews.models import Case, Determination, Question
from reviews.services import following
from reviews.services.cases import NothingToAsk, ThresholdsNotFit, close_case
from reviews.services.decisions import QuorumNotMet, VerdictNotNow, propose
from reviews.status import subject_status
from tests.conftest import WorldOnce
from tests.makers import client_of, make_snapshot, make_subject
from tests.reviews.conftest import FRAMEWORK, Board, make_board

WATCHED = FRAMEWORK.replace(
    b"\nsafeguards:\n",
    b"""
  - slug: cyber-watch
    title: Cyber operations
    domain: cyber
    kind: watch-list
    meaning: Helps attackers.
    requires: {}
    rule: {judgement: cyber-experts, title: what the experts conclude}
    rule_is_operationalised: true
    rule_note: People judge.
    source: Invented for tests
  - slug: exploit-checkpoint
    title: Exploit checkpoint
    domain: cyber
    kind: checkpoint
    meaning: Comes near.
    requires: {}
    rule: {indicator: exploits}
    rule_is_operationalised: true
    rule_note: Measured, not judged.
    source: Invented for tests
safeguards:
""",
    1,
)


@pytest.fixture(scope="module")
def released_once(world_once: WorldOnce) -> Iterator[Board]:
    """A model let out to external use, whose watch-list nobody has judged."""
    with world_once():
        board = make_board(source=WATCHED)
        board.let_out()
        yield board


@pytest.fixture
def board(released_once: Board, db: None) -> Board:
    return deepcopy(released_once)


def watch(board: Board, kind: str = "clearance") -> Question:
    board.open_case(kind, thresholds=["cyber-watch"])
    return board.question(threshold="cyber-watch")


def finding(board: Board) -> str:
    status = subject_status(board.subject, board.version, board.now()).threshold("cyber-watch")
    assert status is not None
    return status.outcome


def test_a_watch_list_is_judged_in_a_case_of_its_own_and_shuts_nothing_while_it_is(board: Board) -> None:
    assert board.ask().allowed and finding(board) == "not_assessed"
    required = board.required()
    question = watch(board)
    board.work()
    assert (question.proposal, question.raised, question.content["requires"]) == ("not_crossed", {}, {})
    assert board.ask().allowed, "a case that asks about nothing but what is watched shuts no gate"
    board.vote(board.cast.ben, question)
    with pytest.raises(QuorumNotMet):
        board.decide(question)
    board.vote(board.cast.chloe, question)
    determination = board.decide(question)
    board.work()
    judgement = Judgement.objects.get(slug="cyber-experts")
    assert (judgement.outcome, judgement.expires_at) == ("ruled_out", determination.valid_until)
    assert finding(board) == "ruled_out"
    assert board.ask().allowed and board.required() == required
    close_case(case=board.case, note="Judged.", actor=board.cast.dan, at=board.now())
    board.work()
    assert board.ask().allowed


def test_a_strict_judgement_raises_its_finding_and_still_shuts_no_gate_and_has_an_end(board: Board) -> None:
    required = board.required()
    determination = board.settle(watch(board, "precaution"))
    board.work()
    assert (determination.verdict, determination.requires) == ("treated_as_crossed", {})
    assert determination.valid_until is not None
    assert finding(board) == "cannot_rule_out"
    assert board.ask().allowed and board.required() == required


def test_a_judgement_runs_out_and_opens_no_case_by_itself(board: Board) -> None:
    determination = board.settle(watch(board))
    close_case(case=board.case, note="Judged.", actor=board.cast.dan, at=board.now())
    board.work()
    assert determination.valid_until is not None
    # Beyond the decision on the watch-list and short of nothing else would be another test; here only this one is ended by the clock.
    board.moment = determination.valid_until + timedelta(minutes=1)
    mark_what_the_clock_changed(at=board.now())
    board.work()
    following.expire(at=board.now())
    assert finding(board) == "not_assessed"
    assert not Determination.objects.in_force(board.now()).filter(threshold="cyber-watch").exists()
    assert not Question.objects.filter(case__state="open", threshold="cyber-watch").exists()


def test_a_rise_joins_the_case_and_then_it_shuts(board: Board) -> None:
    watch(board)
    board.measure("bio_protocols", right=20)
    assert "open_case" in board.ask().codes
    asked = set(Question.objects.filter(case=board.case, kind="threshold").values_list("threshold", flat=True))
    assert asked == {"cyber-watch", "bio-3"}


def test_only_what_rests_on_a_judgement_and_only_by_hand_is_asked(board: Board) -> None:
    for kind, named in (
        ("clearance", "exploit-checkpoint"),
        ("clearance", "bio-3"),
        ("precaution", "nothing"),
        ("re_approval", "cyber-watch"),
    ):
        with pytest.raises(ThresholdsNotFit):
            board.open_case(kind, thresholds=[named])
    with pytest.raises(ThresholdsNotFit):  # nothing holds it up
        board.open_case("lowering", thresholds=["cyber-watch"])
    with pytest.raises(NothingToAsk):
        board.open_case("clearance")
    assert not Case.objects.filter(state="open").exists()


def test_no_other_model_speaks_for_what_is_watched(board: Board) -> None:
    other = make_snapshot(board.cast, make_subject(board.cast, "ibis", at=board.now()), at=board.now(), names=("demo/ibis",))
    question = watch(board)
    with pytest.raises(VerdictNotNow):
        propose(question=question, verdict="covered_by", note="", covered_by=other, actor=board.cast.dan, at=board.now())


def test_its_words_promise_no_tier(board: Board) -> None:
    question, document = watch(board), board.version.document
    assert signing.question_title(question, document) == "Is Cyber operations reached (watch-list)?"
    assert signing.effect_of(question, "approve", document) == "Approve judgement: not reached"
    assert signing.effect_of(question, "reject", document) == "Reject judgement: treat as reached; no tier follows from it"


def test_the_declaration_sheet_says_which_judgement_is_recorded_with_it_and_it_is(board: Board) -> None:
    case = board.open_case("precaution", thresholds=["cyber-watch"])
    question = board.question(threshold="cyber-watch")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question, "reject")
    dan = client_of(board.cast.dan)
    page = dan.get(reverse("reviews:declare", args=[case.number, question.pk])).text
    assert "judgement “what the experts conclude” is recorded with it, as ruled out until" in page
    assert 'popovertarget="term-judgement-' in page
    board.decide(question, "not_crossed")
    assert Judgement.objects.get(slug="cyber-experts").outcome == "ruled_out"
