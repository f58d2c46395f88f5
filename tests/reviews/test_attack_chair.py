"""What the chair may do without the board's votes ends with the question."""

import pytest
from django.test import Client
from django.urls import reverse

from ledger.refusals import NotNow
from reviews.models import Question
from reviews.services import decisions
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
