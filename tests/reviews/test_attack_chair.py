"""What the chair may do without the board's votes ends with the question."""

import pytest
from django.test import Client
from django.urls import reverse

from ledger.refusals import NotAllowed, NotNow
from reviews.models import Question
from reviews.services import cases, decisions, votes
from tests.reviews.conftest import Board


@pytest.fixture
def question(board: Board) -> Question:
    board.clean()
    board.open_case()
    return board.question("threshold", threshold="bio-3")


def propose(board: Board, question: Question) -> Question:
    return decisions.propose(question=question, verdict="treated_as_crossed", note="Caution.", actor=board.cast.dan, at=board.now())


def dans(board: Board) -> Client:
    client = Client()
    client.force_login(board.cast.dan.user)
    return client


def test_what_was_decided_is_not_put_to_the_vote_in_other_words(board: Board, question: Question) -> None:
    page = reverse("reviews:case-detail", args=[question.case.number])
    sheet = reverse("reviews:propose", args=[question.case.number, question.pk])
    assert sheet in dans(board).get(page).content.decode()
    board.settle(propose(board, question))
    question.refresh_from_db()
    before = (question.state, question.proposal, question.outcome, question.content_digest)
    with pytest.raises(NotNow):
        decisions.propose(question=question, verdict="not_crossed", note="", actor=board.cast.dan, at=board.now())
    question.refresh_from_db()
    assert (question.state, question.proposal, question.outcome, question.content_digest) == before
    assert sheet not in dans(board).get(page).content.decode()
    assert dans(board).post(sheet, {"verdict": "not_crossed", "note": ""}).status_code == 409


def test_who_stood_aside_from_a_case_chairs_it_no_more(board: Board, question: Question) -> None:
    """No proposal, which would outdate the votes; no release asked, nothing closed or withdrawn."""
    dan, case = board.cast.dan, question.case
    page = reverse("reviews:case-detail", args=[case.number])
    doors = [reverse(f"reviews:{door}", args=[case.number]) for door in ("ask-release", "withdraw", "close")]
    doors.append(reverse("reviews:propose", args=[case.number, question.pk]))
    assert {dans(board).get(door).status_code for door in doors} == {200} and doors[0] in dans(board).get(page).content.decode()
    board.vote(board.cast.ben, question)
    votes.recuse(case=case, reason="My own model.", actor=dan, at=board.now())
    acts = (
        lambda: propose(board, question),
        lambda: cases.ask_release(case=case, snapshot=board.snapshot, scope="external", actor=dan, at=board.now()),
        lambda: cases.withdraw_case(case=case, note="Away.", actor=dan, at=board.now()),
        lambda: cases.close_case(case=case, note="Away.", actor=dan, at=board.now()),
    )
    for act in acts:
        with pytest.raises(NotAllowed) as refused:
            act()
        assert refused.value.code == "stood_aside"
    assert {dans(board).get(door).status_code for door in doors} == {403}
    assert not any(door in dans(board).get(page).content.decode() for door in doors)
