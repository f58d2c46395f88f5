"""The report tells what a sceptic asks: what the bounds are, where the numbers came from, what is held against them, and what the chair wrote."""

import io
import re
from typing import Any

import pytest
from pypdf import PdfReader

from evaluations.models import Upload
from reviews.reports.case_file import case_file
from reviews.reports.render import case_file_pdf
from tests.evaluations.logs import log
from tests.reviews.conftest import Board
from tests.reviews.reports.conftest import Decided

UNDECIDED = "bio-4"


@pytest.fixture
def file(decided: Decided) -> dict[str, Any]:
    return case_file(decided.case, requested_by=decided.board.cast.dan, at=decided.board.now())


def text_of(file: dict[str, Any], board: Board) -> str:
    pages = PdfReader(io.BytesIO(case_file_pdf(file, at=board.moment))).pages
    return re.sub(r"[\s\u200b]+", "", "".join(page.extract_text() for page in pages))


def squeezed(words: str) -> str:
    return re.sub(r"\s+", "", words)


def finding(file: dict[str, Any], slug: str = "bio-3") -> dict[str, Any]:
    return next(each for each in file["findings"] if each["slug"] == slug)


def test_every_chart_says_the_level_and_method_of_its_bounds(file: dict[str, Any], decided: Decided) -> None:
    chart = finding(file)["charts"][0]
    assert chart["level"] == "one-sided 95 %" and chart["note"].startswith("Bounds: one-sided 95 %, rounded outwards.")
    assert chart["rows"][0]["method"] == "Clopper–Pearson, 20 of 40"
    text = text_of(file, decided.board)
    for words in ("Bounds: one-sided 95 %, rounded outwards.", "one-sided 95 % bounds (Clopper–Pearson)", chart["rows"][0]["bounds"]):
        assert squeezed(words) in text


def test_twelve_digits_stand_in_the_file_and_four_on_the_page(file: dict[str, Any]) -> None:
    chart = finding(file)["charts"][0]
    low, high = chart["rows"][0]["bounds"].split(" to ")
    whole_low, whole_high = chart["whole"][0]["bounds"].split(" to ")
    assert max(len(low), len(high)) <= len("0.1234") < min(len(whole_low), len(whole_high))
    assert float(low) <= float(whole_low) and float(high) >= float(whole_high)


def test_the_files_behind_the_numbers_are_named_with_their_digests(file: dict[str, Any], decided: Decided) -> None:
    sent = {(upload.filename, f"sha256:{upload.blob_id}") for upload in Upload.objects.all()}
    assert sent and {(each["name"], each["digest"]) for each in file["files"]} == sent
    text = text_of(file, decided.board)
    assert all(squeezed(name) in text and digest in text for name, digest in sent)


def test_the_chairs_note_is_printed(file: dict[str, Any], decided: Decided) -> None:
    decided_question = next(each for each in file["questions"] if each["outcome"])
    assert decided_question["note"] == "So the board decided."
    assert squeezed("The chair’s note: So the board decided.") in text_of(file, decided.board)


def test_an_earlier_result_has_a_line_and_what_is_held_against_it_is_said(decided: Decided) -> None:
    board = decided.board
    before = finding(case_file(decided.case, requested_by=board.cast.dan, at=board.now()), UNDECIDED)["charts"][0]["rows"]
    # Nobody countersigns this one.
    board.send(log("exploits", right=3, n=40, run="later"))
    board.work()
    file = case_file(decided.case, requested_by=board.cast.dan, at=board.now())
    rows = finding(file, UNDECIDED)["charts"][0]["rows"]
    assert (len(before), len(rows)) == (1, 2)
    assert {"another result", "earlier result"} & {row["finding"] for row in rows[1:]}
    assert all(row["bounds"] and row["n"] == "40" and row["method"] for row in rows)
    held = "Exploits: Nobody but the uploader has confirmed that this measured the snapshot"
    assert any(reason.startswith(held) for reason in finding(file, UNDECIDED)["reasons"])
    assert squeezed(held) in text_of(file, board)


def test_a_decided_finding_is_drawn_as_it_was_answered_and_the_later_finding_is_named(decided: Decided) -> None:
    board = decided.board
    before = finding(case_file(decided.case, requested_by=board.cast.dan, at=board.now()))
    board.send(log("bio_protocols", right=39, n=40, run="later"))
    board.work()
    after = finding(case_file(decided.case, requested_by=board.cast.dan, at=board.now()))
    assert (after["digest"], after["charts"]) == (before["digest"], before["charts"])
    assert before["now"] is None and after["now"]["digest"] != before["digest"]
