"""What the board's pages ask of the database: a number of statements that stands here, and that does not grow with what there is to show."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evaluations.models import Subject
from people.models import Person
from reviews.models import Notice
from reviews.services import cases
from tests.makers import client_of, make_snapshot, make_subject
from tests.reviews.conftest import Board

# Read anew, as after any write. While nothing is written it is 6, 6 and 7: tests/reviews/test_gate_memory.py.
# The inbox counts the notices of all its pages, and asks for corrections that wait for a second signature; and once for late results that wait for votes.
# It asks once for runs that were told in two ways, which nobody but who sent neither can settle.
# Each asks once what the people who vote hold still.
CASE, PORTFOLIO, SUBJECT, INBOX = 31, 29, 36, 36
# Looking back reads what was kept of rows that have moved since.
PORTFOLIO_THEN = 33


@pytest.fixture
def cost(board: Board) -> Callable[[str], int]:
    """How many statements a page takes when Ben opens it; once unseen, so that nothing is counted that only a first visit asks."""
    client = client_of(board.cast.ben)

    def ask(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(address)
        assert answer.status_code == 200
        return len(asked)

    return ask


def say(board: Board, person: Person, text: str) -> None:
    cases.comment(case=board.case, text=text, hazard=False, actor=person, at=board.now())


def add_model(board: Board, slug: str) -> Subject:
    """Another model with confirmed weights and a result of its own that opens a case."""
    subject = make_subject(board.cast, slug, at=board.now())
    snapshot = make_snapshot(board.cast, subject, at=board.now(), names=(f"demo/{slug}",))
    board.measure("bio_protocols", right=20, subject=subject, snapshot=snapshot)
    return subject


def test_a_case_costs_the_same_with_twice_the_votes_revisions_comments_and_signatures(board: Board, cost: Callable[[str], int]) -> None:
    case = board.rise()
    address = reverse("reviews:case-detail", args=[case.number])
    board.vote(board.cast.ben, board.question(threshold="bio-3"))
    board.sign_off(board.cast.chloe, board.build("asl-3-security-1"))
    say(board, board.cast.ben, "One.")
    assert cost(address) == CASE
    board.measure("bio_protocols", right=22)
    for threshold in ("bio-3", "bio-4"):
        for person in (board.cast.ben, board.cast.chloe):
            board.vote(person, board.question(threshold=threshold))
    for slug in ("asl-3-security-2", "asl-2-security-1"):
        board.sign_off(board.cast.chloe, board.build(slug))
    for text in ("Two.", "Three.", "Four."):
        say(board, board.cast.chloe, text)
    assert case.revisions.count() > 1
    assert cost(address) == CASE


def test_the_portfolio_costs_the_same_with_twice_the_models(board: Board, cost: Callable[[str], int]) -> None:
    board.rise()
    add_model(board, "ibis")
    assert cost(reverse("reviews:portfolio")) == PORTFOLIO
    for slug in ("kestrel", "lark"):
        add_model(board, slug)
    assert cost(reverse("reviews:portfolio")) == PORTFOLIO


def test_the_portfolio_as_of_a_day_costs_the_same_with_twice_the_models(board: Board, cost: Callable[[str], int]) -> None:
    board.rise()
    add_model(board, "ibis")
    address = f"{reverse('reviews:portfolio')}?as_of={board.moment.date().isoformat()}"
    assert cost(address) == PORTFOLIO_THEN
    for slug in ("kestrel", "lark"):
        add_model(board, slug)
    assert cost(address) == PORTFOLIO_THEN


def test_a_model_costs_the_same_with_twice_the_results_snapshots_and_cases(board: Board, cost: Callable[[str], int]) -> None:
    board.rise()
    address = reverse("reviews:subject-detail", args=[board.subject.slug])
    assert cost(address) == SUBJECT
    make_snapshot(board.cast, board.subject, "step 2", at=board.now())
    for right in (21, 22, 23):
        board.measure("bio_protocols", right=right)
    assert cost(address) == SUBJECT


def test_the_inbox_costs_the_same_with_twice_the_notices_cases_and_signatures_wanted(board: Board, cost: Callable[[str], int]) -> None:
    board.rise()
    board.build("asl-3-deployment-1")
    board.work()
    address, before = reverse("reviews:inbox"), Notice.objects.filter(person=board.cast.ben).count()
    assert cost(address) == INBOX
    add_model(board, "ibis")
    board.build("asl-3-deployment-2")
    board.work()
    assert Notice.objects.filter(person=board.cast.ben).count() > before
    assert cost(address) == INBOX
