"""A new assessment that disagrees with a strict determination reopens the question, visibly; the decision goes on counting all the while."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.urls import reverse

from evaluations.models import Measurement
from ledger.models import Entry
from reviews.case_json import status_json
from reviews.models import Case, Determination, Notice, Question
from reviews.notices.hear import hear
from reviews.rules import contradicts, hardens
from reviews.services.cases import close_case
from reviews.status import subject_status
from tests.conftest import WorldOnce
from tests.makers import client_of
from tests.reviews.conftest import FRAMEWORK, Board, make_board
from tests.reviews.test_determinations import supersede

# Bio-3's indicator rules in from 0.8.
WITH_RULE_IN = FRAMEWORK.replace(
    b"    rule_out: {at: 0.5, rules_out: below, inclusive: false}\n",
    b"    rule_out: {at: 0.5, rules_out: below, inclusive: false}\n    rule_in: {at: 0.8, rules_in: above, inclusive: false}\n",
    1,
).replace(b"rule: {indicator: bio-protocols}", b"rule: {band: bio-protocols}")
# The world is a long one to build.
pytestmark = pytest.mark.timeout(300)
ASL_3 = {"deployment": "asl-3", "security": "asl-3"}
SAID, TAKEN_BACK = "reviews:determination:contradicted", "reviews:determination:sustained"


@pytest.fixture(scope="module")
def treated_once(world_once: WorldOnce) -> Iterator[Board]:
    """Bio-3 could not be ruled out, and is treated as crossed; the case is closed."""
    with world_once():
        board = make_board(source=WITH_RULE_IN)
        board.safeguard()
        board.rise()
        board.settle_thresholds()
        board.settle_safeguards()
        close_case(case=board.case, note="Decided.", actor=board.cast.dan, at=board.now())
        yield board


@pytest.fixture
def board(treated_once: Board, db: None) -> Board:
    return deepcopy(treated_once)


def correct(board: Board, right: int) -> None:
    """A better run takes the place of the one that could not rule out."""
    wrong = Measurement.objects.get(run__task="bio_protocols", metric="accuracy")
    board.measure("bio_protocols", right=right)
    supersede(board, wrong, Measurement.objects.filter(run__task="bio_protocols", metric="accuracy").exclude(pk=wrong.pk).get())


def told(person) -> int:
    return Notice.objects.filter(person=person, kind="evidence_disagrees", channel="inbox").count()


def bio_3(board: Board) -> dict:
    said = status_json(subject_status(board.subject, board.version, board.now()))
    return next(each for each in said["thresholds"] if each["threshold"] == "bio-3")


def test_evidence_that_rules_out_what_is_treated_as_crossed_is_said_once_and_lowers_nothing(board: Board) -> None:
    assert bio_3(board)["determination"]["contradicted"] is False
    correct(board, right=2)
    assert bio_3(board)["outcome"] == "ruled_out" and bio_3(board)["determination"]["contradicted"] is True
    assert board.required() == ASL_3, "the ratchet"
    assert not Case.objects.filter(state="open").exists(), "a lowering case is opened by people"
    for person, times in ((board.cast.dan, 1), (board.cast.ben, 1), (board.cast.chloe, 1), (board.cast.ada, 0)):
        assert told(person) == times
    board.measure("bio_protocols", right=1)
    board.measure("exploits", right=1)
    hear(Entry.objects.prefetch_related("fields").get(kind=SAID))
    assert (Entry.objects.filter(kind=SAID).count(), told(board.cast.dan)) == (1, 1)
    board.open_case("lowering", thresholds=["bio-3"])
    assert board.required() == ASL_3


def test_evidence_that_turns_back_is_said_too(board: Board) -> None:
    correct(board, right=2)
    board.measure("bio_protocols", right=20)
    assert bio_3(board)["determination"]["contradicted"] is False
    assert Entry.objects.filter(kind=TAKEN_BACK).count() == 1
    assert Determination.objects.get(threshold="bio-3", ended_at=None).contradicted_for == ""


def test_what_was_decided_against_the_evidence_is_not_contradicted_by_it(treated_once: Board, db: None) -> None:
    """Bio-4 was ruled out, and is treated as crossed by a precaution: the evidence says nothing new."""
    board = deepcopy(treated_once)
    board.open_case("precaution", thresholds=["bio-4"])
    board.settle(board.question(threshold="bio-4"))
    board.measure("exploits", right=1)
    assert Determination.objects.get(threshold="bio-4", ended_at=None).verdict == "treated_as_crossed"
    assert not Entry.objects.filter(kind=SAID).exists()


def test_the_pages_say_so_and_lead_to_the_act(board: Board) -> None:
    correct(board, right=2)
    client = client_of(board.cast.ben)
    page = client.get(reverse("reviews:subject-detail", args=["heron"])).text
    assert "The evidence now says otherwise." in page and "?kind=lowering&amp;threshold=bio-3" in page
    assert "The evidence now says otherwise" in client.get(reverse("reviews:case-list")).text
    opening = client.get(reverse("reviews:case-open", args=["heron"]) + "?kind=lowering&threshold=bio-3")
    assert opening.context["form"]["thresholds"].value() == ["bio-3"]


def test_when_a_finding_disagrees_is_a_table() -> None:
    assert hardens("treated_as_crossed", answered="cannot_rule_out", outcome="ruled_in")
    for verdict, answered, outcome in (
        ("crossed", "cannot_rule_out", "ruled_in"),
        ("treated_as_crossed", "ruled_in", "ruled_in"),
        ("treated_as_crossed", "cannot_rule_out", "cannot_rule_out"),
        ("not_crossed", "ruled_out", "ruled_in"),
    ):
        assert not hardens(verdict, answered=answered, outcome=outcome)
    assert contradicts("crossed", answered="ruled_in", outcome="ruled_out", lacking=())
    assert not contradicts("crossed", answered="ruled_in", outcome="ruled_out", lacking=("Protocols",))
    assert not contradicts("not_crossed", answered="ruled_in", outcome="ruled_out", lacking=())


def test_what_is_ruled_in_after_a_precaution_is_asked_again_and_counts_meanwhile(board: Board) -> None:
    board.measure("bio_protocols", right=40)
    assert bio_3(board)["outcome"] == "ruled_in"
    case, question = board.case, board.question(threshold="bio-3")
    assert (case.kind, question.proposal) == ("elevation", "crossed") and "ruled in by now" in case.reason
    assert board.required() == ASL_3
    assert bio_3(board)["determination"]["verdict"] == "treated_as_crossed", "it counts until another decision takes its place"
    board.measure("exploits", right=1)
    question.refresh_from_db()
    assert question.proposal == "crossed", "an unrelated result does not turn the proposal back"
    assert board.settle(question).verdict == "crossed"
    board.work()
    assert Determination.objects.filter(threshold="bio-3", ended_at=None).count() == 1 and board.required() == ASL_3
    board.measure("bio_protocols", right=39)
    assert not Question.objects.filter(case=board.case, threshold="bio-3", state="open").exists(), "it is not asked a third time"
