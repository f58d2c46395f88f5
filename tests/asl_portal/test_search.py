"""The palette and its page: what is found, for whom, and that nothing is found that one may not know of."""

from typing import Any

import pytest

from asl_portal.search import find
from people.models import Person
from people.queries import Actor
from people.words import Role
from reviews.services import cases
from tests.makers import client_of
from tests.reviews.conftest import Board, make_board

pytestmark = pytest.mark.django_db
HAZARD = "zeolite"


@pytest.fixture
def board(settings: Any, tmp_path: Any) -> Board:
    """Heron, whose evidence rose: an upload, an open case, and a hazardous comment in it."""
    settings.BLOB_DIR = tmp_path
    board = make_board()
    case = board.rise()
    cases.comment(case=case, text=f"Step three wants {HAZARD}.", hazard=True, actor=board.cast.ben, at=board.now())
    return board


def found(person: Person, words: str, **headers: str) -> str:
    client = client_of(person)
    answer = client.get("/search/", {"q": words}, headers=headers)
    assert answer.status_code == 200
    return answer.text


def test_a_model_a_case_an_upload_a_framework_and_a_page_are_found_by_name(board: Board) -> None:
    upload = board.subject.uploads.first()
    assert upload is not None
    ben = board.cast.ben
    assert f'href="/subjects/{board.subject.slug}/"' in found(ben, board.subject.name[:3].lower())
    assert f'href="/cases/{board.case.number}/"' in found(ben, board.subject.name)
    assert f'href="/cases/{board.case.number}/"' in found(ben, f"case {board.case.number}")
    assert f'href="/uploads/{upload.pk}/"' in found(ben, f"sha256:{upload.blob_id[:16]}")
    assert f'href="/frameworks/{board.version.name}/{board.version.version}/' in found(ben, board.version.document.title[:6])
    assert 'href="/portfolio/"' in found(ben, "portf")


def test_what_a_framework_defines_weights_people_and_words_are_found_too(board: Board) -> None:
    ben, place = board.cast.ben, f"/frameworks/{board.version.name}/{board.version.version}/"
    assert f'href="{place}#bio-3"' in found(ben, "bio-3")
    assert f'href="{place}#indicator-exploits"' in found(ben, "exploits")
    assert f'href="{place}#safeguard-asl-3-security-1"' in found(ben, "asl-3-security-1")
    anchors = client_of(ben).get(place).text
    assert all(f'id="{anchor}"' in anchors for anchor in ("bio-3", "indicator-exploits", "safeguard-asl-3-security-1"))
    assert board.snapshot.label in found(ben, board.snapshot.weights_digest[:20])
    assert f'href="/people/{board.cast.chloe.pk}/"' in found(ben, "chlo")
    assert 'href="/glossary/#quorum"' in found(ben, "quorum")
    assert f'href="/cases/{board.case.number}/"' in found(ben, "heron case")
    assert f'href="/cases/{board.case.number}/"' not in found(ben, "heron lowering")


def test_what_nothing_is_called_is_said_to_be_nowhere(board: Board) -> None:
    assert "Nothing found" in found(board.cast.ben, "no such name")


def test_an_outside_evaluator_finds_no_model_case_or_upload_of_others(board: Board) -> None:
    upload = board.subject.uploads.first()
    assert upload is not None
    inside, outside = (Actor(board.cast.ben, frozenset({role})) for role in (Role.REVIEWER, Role.OUTSIDE_EVALUATOR))
    for words in (
        board.subject.name,
        f"case {board.case.number}",
        upload.blob_id[:16],
        board.snapshot.weights_digest,
        board.cast.chloe.name,
    ):
        assert find(inside, words, at=board.now(), pages=())
        assert find(outside, words, at=board.now(), pages=()) == []
    assert find(outside, board.version.document.title, at=board.now(), pages=())


def test_what_people_wrote_is_never_searched(board: Board) -> None:
    assert "Nothing found" in found(board.cast.ben, HAZARD)


def test_the_palette_gets_the_results_alone_and_their_count_for_its_live_region(board: Board) -> None:
    part = found(board.cast.ben, board.subject.name, **{"HX-Request": "true"})
    assert "<html" not in part and 'id="palette-said"' in part and 'hx-swap-oob="true"' in part and "found." in part
    assert "<html" in found(board.cast.ben, board.subject.name)
