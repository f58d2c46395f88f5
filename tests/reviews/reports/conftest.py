"""A decided case with everything a report must tell: dissent, a hazardous comment, and words that try to be code."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import pytest

from people.models import Person
from reviews.models import Case, Question
from reviews.services import cases
from tests.conftest import WorldOnce
from tests.reviews.conftest import Board, add_reviewer, make_board

DISSENT = "The trial behind this number was too small to say so."
HAZARD = "Step four of the protocol goes like this."
HOSTILE = '#read("/etc/passwd") *bold* _under_ $x^2$ `raw` @ref <label> // gone? [link] \\ ' + "w" * 180


@dataclass
class Decided:
    board: Board
    case: Case
    question: Question
    mira: Person


@pytest.fixture(scope="module")
def _decided_once(world_once: WorldOnce) -> Iterator[Decided]:
    with world_once():
        board = make_board()
        mira = add_reviewer(board, "Mira")
        case = board.rise()
        question = board.question(threshold="bio-3")
        for text, hazard in ((HAZARD, True), (HOSTILE, False)):
            cases.comment(case=case, text=text, hazard=hazard, actor=board.cast.ben, at=board.now())
        board.vote(board.cast.ben, question)
        board.vote(board.cast.chloe, question, rationale=HOSTILE)
        board.vote(mira, question, "reject", rationale=DISSENT)
        board.decide(question)
        board.work()
        question.refresh_from_db()
        yield Decided(board, case, question, mira)


@pytest.fixture
def decided(_decided_once: Decided, db: None) -> Decided:
    return deepcopy(_decided_once)
