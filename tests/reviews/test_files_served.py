"""Files that somebody brought leave as a download of one type, with nothing that a browser would run or show inside the portal, whatever they are called."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.makers import give_clearance
from tests.reviews.conftest import WITH_PAPER, Board, make_board

PAGE = b"<script>alert(1)</script>"


def paper(board: Board) -> str:
    return reverse("reviews:paper-file", args=[board.supply(content=PAGE, filename="report.html").pk])


def evidence(board: Board) -> str:
    found = board.attach(board.build("asl-2-security-1"), PAGE, filename="report.html")
    return reverse("reviews:evidence-file", args=[found.implementation_id, found.pk])


def upload(board: Board) -> str:
    give_clearance(board.cast, board.cast.hana, at=board.now())
    return reverse("evaluations:upload-raw", args=[board.send(PAGE).pk])


@pytest.mark.django_db
@pytest.mark.parametrize("brought", [paper, evidence, upload])
def test_a_file_leaves_as_a_download_that_no_browser_runs(brought: Callable[[Board], str]) -> None:
    board = make_board(source=WITH_PAPER)
    address, client = brought(board), Client()
    client.force_login(board.cast.hana.user)
    answer = client.get(address)
    assert answer.status_code == 200 and PAGE in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    headers = answer.headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Frame-Options"] == "DENY" and headers["Cross-Origin-Resource-Policy"] == "same-origin"
