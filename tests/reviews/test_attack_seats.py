"""A vote fills a seat by what its owner holds when the outcome is declared, and not by what the roster pinned."""

import pytest

from people.models import Competence, Grant, RoleGrant
from people.queries import actor_of
from people.services import confirm_end, propose_end
from people.words import Role
from reviews.case_json import case_json
from reviews.case_page import case_page
from reviews.models import Question
from reviews.services.decisions import QuorumNotMet
from reviews.status import subject_status
from reviews.waiting import waiting_on
from tests.makers import give_role
from tests.reviews.conftest import Board


def end(board: Board, grant: Grant) -> None:
    propose_end(grant=grant, actor=board.cast.ivo, at=board.now())
    confirm_end(grant=grant, actor=board.cast.jun, at=board.now())


def test_a_competence_that_ended_fills_no_seat(board: Board) -> None:
    board.clean()
    board.safeguard()
    board.state(board.open_case())
    question = board.question("safeguards", axis="security")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    for competence in Competence.objects.filter(area="security"):
        end(board, competence)
    with pytest.raises(QuorumNotMet) as refused:
        board.decide(question)
    assert "competence security (0 of 1)" in refused.value.sentence


@pytest.fixture
def voted(board: Board) -> Question:
    """Ben and Chloé voted for what is proposed."""
    board.clean()
    board.open_case()
    question = board.question("threshold", threshold="bio-3")
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question)
    return question


def test_who_is_a_reviewer_no_more_counts_for_nothing(board: Board, voted: Question) -> None:
    end(board, RoleGrant.objects.get(person=board.cast.ben, role=Role.REVIEWER))
    with pytest.raises(QuorumNotMet):
        board.decide(voted)


def test_pages_programs_and_turns_count_nobody_who_is_a_reviewer_no_more(board: Board, voted: Question) -> None:
    def told() -> tuple[str | None, list[str], int]:
        case = case_json(board.case, board.now())["questions"]
        page = next(
            part for part in case_page(board.case, actor_of(board.cast.dan, board.now()), board.now()).parts if part.question == voted
        )
        turns = [turn.kind for turn in subject_status(board.subject, board.version, board.now()).turns if turn.question == voted]
        waits = [each.kind for each in waiting_on(board.cast.dan, board.now()) if each.question == voted]
        asked = next(each for each in case if each["id"] == str(voted.pk))["requirements"]["not_crossed"]
        return page.tally.state, [*turns, *waits], asked[0]["have"]

    assert told() == ("approvable", ["declare", "declare"], 2)
    end(board, RoleGrant.objects.get(person=board.cast.ben, role=Role.REVIEWER))
    assert told() == ("open", [], 1)


def test_who_audits_by_now_counts_for_nothing(board: Board, voted: Question) -> None:
    give_role(board.cast, board.cast.ben, Role.AUDITOR, at=board.now())
    with pytest.raises(QuorumNotMet):
        board.decide(voted)


def test_what_somebody_objected_to_while_they_were_a_reviewer_stays_objected_to(board: Board, voted: Question) -> None:
    board.vote(board.cast.ben, voted, "reject")
    end(board, RoleGrant.objects.get(person=board.cast.ben, role=Role.REVIEWER))
    with pytest.raises(QuorumNotMet) as refused:
        board.decide(voted)
    assert "No objection stands" in refused.value.sentence
