"""A tier that is named and not defined never looks met, whatever of the tiers below it is signed."""

from collections.abc import Iterator

import pytest
from django.urls import reverse

from reviews.case_json import status_json
from reviews.reports.case_file import case_file
from reviews.status import subject_status
from tests.conftest import WorldOnce
from tests.makers import client_of
from tests.reviews.conftest import FRAMEWORK, Board, make_board

WORDS = "ASL-4 is not defined: no list of safeguards can meet it; 3 of 3 of the tiers below are signed"


@pytest.fixture(scope="module")
def built(world_once: WorldOnce) -> Iterator[Board]:
    """Bio-4 asks for an ASL-3 that is defined on deployment and for an ASL-4 that nobody has defined on security; everything is signed."""
    with world_once():
        board = make_board(source=FRAMEWORK.replace(b"{deployment: asl-4, security: asl-4}", b"{deployment: asl-3, security: asl-4}"))
        board.safeguard()
        yield board


def shown(board: Board, name: str, **where: str) -> str:
    client = client_of(board.cast.ben)
    return client.get(reverse(f"reviews:{name}", kwargs=where)).content.decode()


def need_asl_4(board: Board) -> None:
    board.measure("bio_protocols")
    board.measure("exploits", right=20)


def test_an_undefined_tier_is_not_met_though_all_below_it_is_signed(board: Board) -> None:
    need_asl_4(board)
    status = subject_status(board.subject, board.version, board.now())
    assert [(axis.safeguards_state, axis.undefined_words) for axis in status.axes] == [("met", ""), ("undefined", WORDS)]
    assert not status.safeguards_defined and not any(axis.met for axis in status.axes)
    assert status_json(status)["safeguards"] == {"signed": 6, "required": 6, "defined": False}
    page = shown(board, "subject-detail", slug=board.subject.slug)
    assert f"Security: {WORDS}." in page and "ASL-4 security and baseline" not in page
    assert "ASL-3 deployment and baseline" in page
    portfolio = shown(board, "portfolio")
    assert "6/6" in portfolio and "tier not defined" in portfolio and f"Security: {WORDS}." in portfolio


def test_the_requirement_panel_of_a_case_ticks_the_defined_axis_only(board: Board) -> None:
    need_asl_4(board)
    panel = shown(board, "case-detail", number=str(board.case.number))
    assert f"Security: {WORDS}" in panel and "ASL-4 security and baseline: each safeguard" not in panel
    assert "ASL-3 deployment and baseline: each safeguard has a sign-off in force" in panel


def test_a_defined_tier_whose_safeguards_are_all_signed_is_met(board: Board) -> None:
    board.clean()
    status = subject_status(board.subject, board.version, board.now())
    assert [(axis.safeguards_state, axis.undefined_words) for axis in status.axes] == [("met", "")] * 2
    page = shown(board, "subject-detail", slug=board.subject.slug)
    assert "ASL-2 security and baseline" in page and "not defined:" not in page
    assert "tier not defined" not in shown(board, "portfolio")


def test_the_report_says_so_too(board: Board) -> None:
    need_asl_4(board)
    file = case_file(board.case, requested_by=board.cast.dan, at=board.now())
    assert [group["undefined"] for group in file["safeguards"]] == ["", WORDS]
