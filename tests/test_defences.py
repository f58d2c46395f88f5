"""The table of defences names lines that stand in the code and tests that exist; what is measured with it is measured on this code."""

import re
from pathlib import Path

import pytest

from tests.defences import DEFENCES, PAGE, ROOT, Defence


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda each: each.name)
def test_what_would_be_taken_out_stands_there_once_and_its_test_exists(defence: Defence) -> None:
    assert (ROOT / defence.path).read_text().count(defence.before) == 1
    assert defence.before != defence.after
    path, _, name = defence.test.partition("::")
    where = ROOT / path
    files = [where] if where.is_file() else sorted(where.glob("test_*.py"))
    assert files and (not name or any(re.search(rf"^def {name}\(", each.read_text(), re.MULTILINE) for each in files))


def test_the_page_tells_of_every_defence_and_that_its_test_failed() -> None:
    rows = [line.split(" | ") for line in Path(PAGE).read_text().splitlines() if line.startswith("| ") and "| `" in line]
    assert [(row[0].removeprefix("| "), row[3]) for row in rows] == [(each.name, "yes |") for each in DEFENCES]
