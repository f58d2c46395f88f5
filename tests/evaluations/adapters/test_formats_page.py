"""docs/formats.md names every code the readers answer with, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "formats.md").read_text()
SOURCE = "\n".join(path.read_text() for path in sorted((ROOT / "evaluations" / "adapters").glob("*.py")))
FAMILIES = {
    "status-{status}": {"status-error", "status-cancelled", "status-unfinished", "status-unknown"},
    "value-{trouble}": {"value-absent", "value-wrong-type", "value-not-a-number", "value-out-of-range"},
}


def _raised(name: str) -> set[str]:
    found = set(re.findall(name + r'\(\s*f?"([a-z0-9{}-]+)"', SOURCE))
    return {code for each in found for code in FAMILIES.get(each, {each})}


def _named(heading: str) -> set[str]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", row)}


def test_every_refusal_is_on_the_page() -> None:
    assert _named("Refusals") == _raised("RejectedInput")


def test_every_warning_is_on_the_page() -> None:
    assert _named("Verdicts") == _raised("Warning")


def test_every_reader_on_the_page_is_there() -> None:
    named = set(re.findall(r"`(\w+\.py)`", PAGE))
    assert named == {"inspect_eval.py", "inspect_json.py", "lm_eval.py", "every_eval_ever.py"}
    assert all((ROOT / "evaluations" / "adapters" / name).is_file() for name in named)
