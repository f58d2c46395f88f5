"""What people judged when they let something go stands for as long as they let it go, and not for as long as they meant to."""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal

import pytest

from evaluations.models import Judgement
from evaluations.services.subjects import choose_for_release
from ledger.models import Entry
from people.signing import statement_of
from reviews.models import Determination
from tests.conftest import WorldOnce
from tests.makers import make_snapshot
from tests.reviews.conftest import FRAMEWORK, Board, make_board

# As AI R&D-5 is written under RSP 2.2: falling short of an evaluation suffices, and beyond it the board's judgement.
JUDGED = FRAMEWORK.replace(
    b"rule: {indicator: bio-protocols}\n",
    b"rule: {any_of: [{indicator: bio-protocols}, {judgement: experts, title: what the experts conclude}]}\n",
)


@pytest.fixture(scope="module")
def let_go_once(world_once: WorldOnce) -> Iterator[Board]:
    """The board decided on clean evidence that Bio-3 is not crossed, and its judgement was recorded with it."""
    with world_once():
        board = make_board(source=JUDGED)
        board.clean()
        board.open_case()
        board.settle_thresholds()
        board.work()
        yield board


@pytest.fixture
def board(let_go_once: Board, db: None) -> Board:
    return deepcopy(let_go_once)


def test_a_judgement_given_with_a_clearance_rules_nothing_out_once_that_has_lapsed(board: Board) -> None:
    assert (board.facts.outcomes["bio-3"], board.required()) == ("ruled_out", {"deployment": "asl-2", "security": "asl-2"})
    assert not Entry.objects.filter(kind="evaluations:judgement:ended").exists()
    board.measure("bio_protocols", right=20)
    assert not Determination.objects.filter(threshold="bio-3", ended_at=None).exists()
    assert (board.facts.outcomes["bio-3"], board.required()) == ("cannot_rule_out", {"deployment": "asl-3", "security": "asl-3"})
    assert board.case.kind == "elevation" and Entry.objects.filter(kind="evaluations:judgement:ended").count() == 1


def test_a_judgement_that_another_one_followed_is_over_already(board: Board) -> None:
    board.measure("bio_protocols", right=20)
    board.settle(board.question(threshold="bio-3"), "treated_as_crossed")
    board.work()
    assert board.facts.outcomes["bio-3"] == "cannot_rule_out"
    assert Entry.objects.filter(kind="evaluations:judgement:ended").count() == 1
    assert Judgement.objects.order_by("-seq").values_list("outcome", flat=True).first() == "cannot_rule_out"


def test_a_judgement_given_about_some_weights_clears_no_others_that_are_meant_for_release_later(board: Board) -> None:
    """The second step was measured before anybody meant it for release, so no result is missing; the experts never looked at it."""
    first = board.snapshot
    board.snapshot = make_snapshot(board.cast, board.subject, "step 2", at=board.now(), compute_factor=Decimal(1))
    board.clean()
    assert "bio-3" in board.facts.determinations
    choose_for_release(snapshot=board.snapshot, actor=board.cast.ada, at=board.now())
    board.work()
    assert {"bio-4"} == set(board.facts.determinations) and board.case.kind == "lapse"
    assert ("finding_not_answered", "bio-3") in {(each["code"], each["about"]) for each in board.ask().reasons}
    board.settle(board.question(threshold="bio-3"), "not_crossed")
    board.work()
    assert "bio-3" in board.facts.determinations and board.facts.findings["bio-3"]["required_snapshots"] == sorted(
        str(each.pk) for each in (first, board.snapshot)
    )


def test_who_votes_signs_that_the_answer_is_a_judgement_too(board: Board) -> None:
    board.measure("bio_protocols", right=20)
    asked = board.question(threshold="bio-3")
    told = statement_of(board.vote(board.cast.ben, asked).signature).text
    assert "it answers the judgement “what the experts conclude”, which every later assessment reads" in told
    assert "judgement" not in statement_of(board.vote(board.cast.ben, asked, "abstain").signature).text
