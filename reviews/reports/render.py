"""A case file as a PDF: the same values in, the same bytes out."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.late import Late

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


def case_file_pdf(case_file: Mapping[str, object], *, at: dt.datetime) -> bytes:
    """Give the report as PDF/A-3a and PDF/UA-1: tagged, bookmarked, with real text.

    Data reaches the typesetter as JSON text only, so what people wrote stays text. `at` is the date the file states.
    """
    try:
        pdf = typst.compile(
            str(TEMPLATE),
            root=str(HERE),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(case_file, ensure_ascii=False, sort_keys=True)},
            pdf_standards=["a-3a", "ua-1"],
            timestamp=at.replace(microsecond=0),  # the typesetter takes whole seconds only
        )
    except typst.TypstError as error:
        raise ReportNotRendered(error.diagnostic) from error
    if not isinstance(pdf, bytes):
        raise ReportNotRendered("The typesetter gave no single document.")
    return pdf
