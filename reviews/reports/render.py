"""A case file as a PDF: the same values in, the same bytes out."""

import datetime as dt
import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.late import Late
from reviews.reports.signs import signs_of

if TYPE_CHECKING:
    import typst
else:
    typst = Late("typst")

HERE = Path(__file__).parent
TEMPLATE = HERE / "case_file.typ"
FONTS = HERE / "fonts"


class ReportNotRendered(Exception):
    """The typesetter refused the document. `hint` is its own words, for the operator's log."""

    def __init__(self, hint: str) -> None:
        self.hint = hint
        super().__init__("The report could not be typeset.")


MARKED = "Signs that the letters of this report lack are written as their number, such as [U+1F600]; the JSON report has them as they were typed."


def case_file_pdf(case_file: Mapping[str, Any], *, at: dt.datetime) -> bytes:
    """Give the report as PDF/A-3a and PDF/UA-1: tagged, bookmarked, with real text. Raises ReportNotRendered.

    Data reaches the typesetter as JSON text only, so what people wrote stays text. `at` is the date the file states. Where it refuses a sign, signs
    outside the first font are written as their number: what somebody typed never costs the report.
    """
    data = _json(case_file)
    try:
        return _typeset(data, at)
    except ReportNotRendered:
        marks = {ord(sign): f"[U+{ord(sign):04X}]" for sign in set(data) if not (sign.isascii() or ord(sign) in _shown())}
        if not marks:
            raise
        return _typeset(_json({**case_file, "notes": [*case_file["notes"], MARKED]}).translate(marks), at)


@cache
def _shown() -> frozenset[int]:
    """What all faces of the first font have; private use the archive form forbids. One font, for a sign and its accent in two are in none."""
    faces = [signs_of(face) for face in sorted(FONTS.glob("Inter-*.ttf"))]
    return frozenset(sign for sign in frozenset.intersection(*faces) if unicodedata.category(chr(sign)) != "Co")


def _json(case_file: Mapping[str, Any]) -> str:
    return json.dumps(case_file, ensure_ascii=False, sort_keys=True)


def _typeset(data: str, at: dt.datetime) -> bytes:
    try:
        pdf = typst.compile(
            str(TEMPLATE),
            root=str(HERE),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            pdf_standards=["a-3a", "ua-1"],
            timestamp=at.replace(microsecond=0),  # the typesetter takes whole seconds only
        )
    except typst.TypstError as error:
        raise ReportNotRendered(error.diagnostic) from error
    except BaseException as error:
        # Some lines in scripts no font has break the typesetter, and what it then raises is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise ReportNotRendered(str(error)) from error
    if not isinstance(pdf, bytes):
        raise ReportNotRendered("The typesetter gave no single document.")
    return pdf
