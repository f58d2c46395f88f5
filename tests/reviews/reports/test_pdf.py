"""The report as a PDF: reproducible, tagged, bookmarked, numbered, and made of text that stays text."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from ledger.verify_export import Report
from reviews.reports.case_file import case_file
from reviews.reports.render import MARKED, case_file_pdf
from tests.reviews.reports.conftest import DISSENT, HAZARD, HOSTILE, Decided


@pytest.fixture
def file(decided: Decided) -> dict[str, Any]:
    return case_file(decided.case, requested_by=decided.board.cast.dan, at=decided.board.now())


@pytest.fixture
def pdf(file: dict[str, Any], decided: Decided) -> bytes:
    return case_file_pdf(file, at=decided.board.moment)


def text_of(pdf: bytes) -> str:
    """All text with the line breaks of the page taken out."""
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def squeezed(words: str) -> str:
    return re.sub(r"\s+", "", words)


def test_the_same_file_is_the_same_bytes_twice(file: dict[str, Any], pdf: bytes, decided: Decided) -> None:
    assert case_file_pdf(file, at=decided.board.moment) == pdf


def test_it_is_tagged_says_its_language_and_title_and_claims_the_standards_it_meets(pdf: bytes, file: dict[str, Any]) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        root = document.Root
        assert bool(root.MarkInfo.Marked) and "/StructTreeRoot" in root
        assert str(root.Lang).startswith("en")
        with document.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"], metadata["pdfuaid:part"]) == ("3", "A", "1")
            assert metadata["dc:title"] == file["title"]


def test_it_has_a_bookmark_for_each_part_and_each_question(pdf: bytes, file: dict[str, Any]) -> None:
    titles = [re.sub(r"^[\d. ]+", "", entry.title) for entry in _flat(PdfReader(io.BytesIO(pdf)).outline)]
    for part in ("Verdict", "Requirements", "Evidence", "Safeguards", "Decisions and votes", "The record beneath"):
        assert part in titles
    assert {question["title"] for question in file["questions"]} <= set(titles)


def _flat(outline: list[Any]) -> Iterator[Any]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _flat(entry)
        else:
            yield entry


def test_it_is_set_in_the_fonts_it_brings(pdf: bytes) -> None:
    """A family by a name no file has is set in another one, and nobody is told."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    fonts = {str(font.get_object()["/BaseFont"]) for page in pages for font in page["/Resources"]["/Font"].values()}
    assert {font.partition("+")[2].partition("-")[0] for font in fonts} >= {"Inter", "JetBrainsMonoNL"}


def test_every_page_is_numbered_out_of_all(pdf: bytes) -> None:
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in " ".join(page.extract_text().split())


def test_its_text_is_real_and_holds_decision_dissent_digests_and_root(pdf: bytes, file: dict[str, Any]) -> None:
    text = text_of(pdf)
    for words in ("treat as crossed, require ASL-3 on deployment and security", DISSENT, "Declared by Dan", file["ledger"]["root"]):
        assert squeezed(words) in text
    assert squeezed(file["assessment"]["digest"]) in text
    assert squeezed(HAZARD) not in text


def test_digests_are_whole_and_stand_on_one_line_as_they_are_copied_and_searched_for(pdf: bytes, file: dict[str, Any]) -> None:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    digests = set(re.findall(r"sha256:[0-9a-f]{64}", json.dumps({name: part for name, part in file.items() if name != "case"})))
    assert len(digests) > 20
    assert not [digest for digest in digests if digest not in text]
    assert "\u200b" not in text and not re.search(r"sha256:[0-9a-f]*…", text)
    assert all(each["name"] in text for each in file["files"])


def test_words_that_try_to_be_code_are_printed_as_they_were_written(pdf: bytes) -> None:
    text = text_of(pdf)
    assert squeezed(HOSTILE) in text
    assert "root:x:0" not in text


UNSHOWN = {
    "emoji": "Looks fine \U0001f600",
    "Chinese": "\u4f60\u597d",
    "Hangul": "\ud55c",
    "private use": "\ue000",
    "no character": "\ufffe",
    "an accent from another font": "\u00e9 1\ufe0f\u20e3",
    "a script whose lines break the typesetter": " ".join(map(chr, range(0x800, 0x840))),
}


@pytest.mark.parametrize("words", UNSHOWN.values(), ids=UNSHOWN.keys())
def test_a_sign_no_font_has_is_printed_as_its_number_and_costs_no_report(file: dict[str, Any], decided: Decided, words: str) -> None:
    text = text_of(case_file_pdf(_commented(file, words), at=decided.board.moment))
    assert f"[U+{ord(words[-1]):04X}]" in text and "[U+00E9]" not in text
    assert squeezed(MARKED) in text and squeezed(DISSENT) in text


@pytest.mark.parametrize(
    "words", ["Chlo\u00e9 \u2265 \u2192 \u03a9 \u0416", "\u05e9\u05dc\u05d5\u05dd", "\u0639\u0631\u0628\u064a"], ids=ascii
)
def test_what_the_fonts_have_is_printed_as_it_was_written(file: dict[str, Any], decided: Decided, words: str) -> None:
    text = text_of(case_file_pdf(_commented(file, words), at=decided.board.moment))
    assert "[U+" not in text and squeezed(MARKED) not in text


def _commented(file: dict[str, Any], words: str) -> dict[str, Any]:
    return {**file, "comments": [{**file["comments"][0], "text": words}]}


def test_every_chart_has_words_for_those_who_do_not_see_it(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        figures = [str(each.Alt) for each in document.objects if _is_figure(each)]
    assert figures and all("interval" in alt for alt in figures)


def _is_figure(thing: Any) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and thing.get("/S") == pikepdf.Name.Figure and "/Alt" in thing


def test_it_names_log_size_and_root_in_the_open_and_says_how_it_is_verified(pdf: bytes, file: dict[str, Any]) -> None:
    sealed = file["ledger"]
    told = Report("case.pdf", pdf).told
    assert (told["log_id"], told["size"], told["root"]) == (sealed["log_id"], sealed["size"], sealed["root"])
    assert squeezed("python3 verify_export.py EXPORT.zip --report THIS_FILE.pdf --key VERIFIER_KEY") in text_of(pdf)


def test_scopes_that_are_shut_for_the_same_reasons_stand_together_and_each_is_named(pdf: bytes, file: dict[str, Any]) -> None:
    text = text_of(pdf)
    reasons = {tuple(row["reasons"]) for row in file["verdict"]["gate"]}
    assert len(reasons) < len(file["verdict"]["gate"])
    assert all(squeezed(row["scope"]) in text for row in file["verdict"]["gate"])
    for row in file["verdict"]["gate"]:
        assert all(text.count(squeezed(reason)) <= len(reasons) for reason in row["reasons"])
