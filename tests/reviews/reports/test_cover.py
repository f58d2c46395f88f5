"""The cover: what was decided in this case, and what stands for the model; what was answered, apart from what the evidence says by now."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from people.queries import actor_of
from reviews.case_page import case_page
from reviews.models import Case, Determination, Question
from reviews.reports.case_file import case_file
from reviews.services.cases import close_case
from tests.conftest import WorldOnce
from tests.reviews.conftest import Board, add_reviewer, make_board

# The world is a long one to build.
pytestmark = pytest.mark.timeout(300)


@dataclass
class Settled:
    board: Board
    elevation: Case


@pytest.fixture(scope="module")
def settled_once(world_once: WorldOnce) -> Iterator[Settled]:
    """Bio-3 is treated as crossed and the safeguards are adequate; the case is closed."""
    with world_once():
        board = make_board()
        mia = add_reviewer(board, "Mia")
        board.safeguard()
        elevation = board.rise()
        board.vote(mia, board.question(threshold="bio-3"), "reject", rationale="On this figure alone: no.")
        board.measure("bio_protocols", right=22)
        board.settle_thresholds()
        board.settle_safeguards()
        close_case(case=elevation, note="Decided.", actor=board.cast.dan, at=board.now())
        yield Settled(board, elevation)


@pytest.fixture
def settled(settled_once: Settled, db: None) -> Settled:
    return deepcopy(settled_once)


def cover(board: Board, case: Case) -> dict[str, Any]:
    case.refresh_from_db()
    return case_file(case, requested_by=board.cast.dan, at=board.now())["verdict"]


def test_the_cover_of_a_re_approval_says_that_the_model_stays_treated_as_crossed(settled: Settled) -> None:
    board = settled.board
    assert cover(board, settled.elevation)["word"] == "Elevation approved"
    again = board.open_case("re_approval")
    for question in Question.objects.filter(case=again, kind="safeguards").order_by("position"):
        board.state(again)
        board.settle(question)
    close_case(case=again, note="Renewed.", actor=board.cast.dan, at=board.now())
    told = cover(board, again)
    assert (told["word"], told["tone"]) == ("Decided: nothing further treated as crossed; what was decided before stands", "warn")
    assert told["stands"] == [f"Bio-3 is treated as crossed, by case {settled.elevation.number}."]
    assert [said.startswith("Are the ASL-3 safeguards on") for said in told["decided"]] == [True, True]


def test_what_makes_a_tier_required_names_each_threshold_once(settled: Settled) -> None:
    told = cover(settled.board, settled.elevation)
    assert [each["because"] for each in told["tiers"]] == ["Bio-3 (by decision and by finding)"] * 2


def test_the_cover_of_a_refused_release_is_no_good_news(settled: Settled) -> None:
    board = settled.board
    case = board.open_case("re_approval", release_to="external")
    board.settle(board.question("release"), "refused")
    case.refresh_from_db()
    told = cover(board, case)
    assert (told["word"], told["tone"]) == ("Decided: release refused", "bad")
    assert told["decided"] == ["May step 1 go to external? No release to external."]


def test_a_decided_question_shows_the_finding_it_answered_apart_from_what_stands_now(settled: Settled) -> None:
    board = settled.board
    pinned = Determination.objects.get(threshold="bio-3")
    board.measure("bio_protocols", right=24)
    told = case_file(settled.elevation, requested_by=board.cast.dan, at=board.now())
    (bio_3,) = (each for each in told["findings"] if each["slug"] == "bio-3")
    assert pinned.assessment is not None
    assert (bio_3["digest"], bio_3["assessment"], bio_3["answered"]) == (pinned.finding_digest, pinned.assessment.assessment_digest, True)
    assert bio_3["now"]["digest"] == board.facts.findings["bio-3"]["finding_digest"] != bio_3["digest"]
    page = case_page(settled.elevation, actor_of(board.cast.hana, board.now()), board.now())
    (part,) = (each for each in page.parts if each.question.threshold == "bio-3")
    assert part.finding is not None and part.finding["finding_digest"] == pinned.finding_digest
    assert part.finding_now is not None


def test_outdated_dissent_looks_outdated_once_the_question_is_decided(settled: Settled) -> None:
    board = settled.board
    told = case_file(settled.elevation, requested_by=board.cast.dan, at=board.now())
    (bio_3,) = (each for each in told["questions"] if each["title"] == "Is Bio-3 crossed?")
    assert bio_3["outcome"]
    assert {vote["person"]: vote["outdated"] for vote in bio_3["votes"]} == {"Mia": True, "Ben": False, "Chloe": False}
    page = case_page(settled.elevation, actor_of(board.cast.hana, board.now()), board.now())
    (part,) = (each for each in page.parts if each.question.threshold == "bio-3")
    (mia,) = (line for line in part.votes if line.outdated)
    assert mia.outdated_at is not None and mia.vote.at < mia.outdated_at < board.moment
