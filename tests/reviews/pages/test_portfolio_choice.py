"""What the portfolio chooses by stored rows is what it would choose by working every model out."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evaluations.models import Subject
from reviews import portfolio_choice
from reviews.portfolio_page import PAGE
from reviews.status import Portfolio, SubjectStatus, portfolio
from tests.makers import make_subject
from tests.reviews.conftest import Board
from tests.reviews.pages.test_statement_counts import add_model

LIVE: dict[str, Callable[[SubjectStatus], bool]] = {
    "": lambda row: True,
    "raised": lambda row: any(axis.required.slug != row.version.document.baseline[axis.slug] for axis in row.axes),
    "incomplete": lambda row: not row.complete,
    "case": lambda row: row.case is not None,
    "open": lambda row: any(scope.state == "open" for scope in row.scopes),
}


@pytest.fixture
def models(open_board: Board) -> Board:
    """One model whose gate is open, one that rose, one that nobody has measured."""
    add_model(open_board, "ibis")
    make_subject(open_board.cast, "lark", at=open_board.now())
    open_board.work()
    return open_board


def live(board: Board) -> Portfolio:
    return portfolio(Subject.objects.order_by("slug"), board.version, board.now())


@pytest.mark.parametrize("show", LIVE)
def test_each_filter_chooses_the_models_that_stand_so(models: Board, show: str) -> None:
    expected = [row.subject.slug for row in live(models).rows if LIVE[show](row)]
    assert [subject.slug for subject in portfolio_choice.choose(Subject.objects.all(), models.version, show=show)] == expected
    assert expected


def test_the_counts_are_those_of_the_models_worked_out_one_by_one(models: Board) -> None:
    whole = live(models)
    shut = sum(all(scope.state != "open" for scope in row.scopes) for row in whole.rows)
    expected = portfolio_choice.Counts(len(whole.rows), whole.open_cases, whole.provisional, whole.incomplete, shut)
    assert portfolio_choice.count(Subject.objects.all(), models.version) == expected
    assert expected.provisional == expected.open_cases == 1 and shut == 2


@pytest.mark.parametrize("sort", ["subject", "required", "assessed"])
def test_an_order_turns_round(models: Board, sort: str) -> None:
    up, down = (
        [subject.slug for subject in portfolio_choice.choose(Subject.objects.all(), models.version, sort=f"{sign}{sort}")]
        for sign in ("", "-")
    )
    assert up != down and sorted(up) == sorted(down)
    assert (up[0], down[0]) == {"subject": ("heron", "lark"), "required": ("heron", "ibis"), "assessed": ("heron", "lark")}[sort]


def test_a_page_shows_fifty_models_at_a_cost_that_a_hundred_do_not_raise(models: Board, client: Client) -> None:
    client.force_login(models.cast.ben.user)
    address = reverse("reviews:portfolio")

    def cost() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    few = cost()
    for number in range(100):
        make_subject(models.cast, f"wren-{number}", at=models.now())
    assert cost() == few
    answer = client.get(address).content.decode()
    assert answer.count('<th scope="row">') == PAGE and "103 models" in answer and "page 1 of 3" in answer
    assert "wren-99" in client.get(address, {"page": 3}).content.decode()
