"""The history of a model says of each flip what it was read under: the evidence may have moved, or the rules, or the engine."""

import pytest

from evaluations.models import Assessment
from reviews import history_page
from reviews.history_page import history
from tests.makers import adopt_framework, client_of, make_subject
from tests.reviews.conftest import FRAMEWORK, Board

# The same framework with a line at 0.02, which two of forty do not stay below.
STRICTER = FRAMEWORK.replace(b"revision: 1", b"revision: 2").replace(b"at: 0.5", b"at: 0.02", 1)


def test_a_flip_by_a_new_version_names_it_and_the_one_before(board: Board) -> None:
    board.measure("bio_protocols")
    board.version = adopt_framework(board.cast, STRICTER, at=board.now())
    board.work()
    latest, *earlier = history(board.subject, board.version, board.now()).moved
    assert latest.moves == [("Bio-3", "ruled_out", "cannot_rule_out")]
    assert (latest.under, latest.version_before) == ("board 1 (revision 2)", "board 1 (revision 1)")
    assert [(each.under, each.version_before, each.engine_before) for each in earlier] == [("board 1 (revision 1)", "", "")]
    pages = client_of(board.cast.dan)
    assert "before: board 1 (revision 1)" in pages.get("/subjects/heron/").content.decode()


def test_a_flip_by_new_evidence_names_the_version_alone_and_one_by_another_engine_both_engines(board: Board) -> None:
    def made(engine: str, outcome: str) -> Assessment:
        return Assessment(framework_version=board.version, engine_version=engine, summary={"bio-3": outcome}, made_at=board.now())

    several = [made("1", "not_assessed"), made("1", "ruled_out"), made("2", "cannot_rule_out")]
    by_evidence, by_engine = history_page._moves(several, board.version.document)
    assert (by_evidence.engine_before, by_evidence.version_before) == ("", "")
    assert (by_engine.engine_before, by_engine.assessment.engine_version) == ("1", "2")


def test_of_a_long_history_the_latest_is_shown(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_page, "SHOWN", 2)
    for right in (2, 30, 2, 30):
        board.measure("bio_protocols", right=right)
    board.measure("exploits")
    moved = history(board.subject, board.version, board.now()).moved
    assert moved[0].moves == [("Bio-4", "not_assessed", "ruled_out")] and moved[0].at == Assessment.objects.latest("seq").made_at


def test_a_model_nobody_assessed_yet_has_no_history(board: Board) -> None:
    assert history(make_subject(board.cast, "ibis", at=board.now()), board.version, board.now()).moved == []
