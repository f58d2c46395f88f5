"""What the documents say exists, exists; what exists to be set, the documents say."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

from asl_portal.management.commands.write_api_reference import reference

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "portal"])
# Read by the tests, not by the portal.
FOR_TESTS = {"ASL_SAMPLES_DIR", "CHROMIUM"}


def _help() -> str:
    return subprocess.run([ROOT / "portal", "help"], capture_output=True, text=True, check=True).stdout


def _settings_read() -> set[str]:
    sources = [ROOT / "asl_portal/settings.py", ROOT / "ledger/management/commands/sign_checkpoints.py"]
    found = {name for path in sources for name in re.findall(r'(?:env\.\w+\(|KEY_FILE = )"([A-Z_]+)"', path.read_text())}
    return {name for name in found if name.startswith("ASL_") or name.endswith("_URL")}


def test_every_setting_is_documented_and_every_documented_setting_is_read() -> None:
    rows = [line for line in (ROOT / "docs/settings.md").read_text().splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
    assert documented == _settings_read()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_management_command_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"\./portal manage ([a-z_]+)", page.read_text()))
    assert named <= set(get_commands()) | {"help"}


def test_every_command_the_help_lists_exists() -> None:
    listed = re.search(r"against the running portal:\n(.*?);", _help(), re.DOTALL)
    assert listed
    assert set(re.findall(r"[a-z_]+", listed.group(1))) <= set(get_commands())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_way_in_that_a_page_names_is_in_the_help(page: Path) -> None:
    named = set(re.findall(r"\./portal ([a-z]+)", page.read_text()))
    assert named <= set(re.findall(r"^\./portal ([a-z]+)", _help(), re.MULTILINE))


@pytest.mark.parametrize("page", [page for page in PAGES if page.suffix == ".md"], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:docs|asl_portal|reviews|evaluations|frameworks|people|ledger|tests)/[\w./-]*\w\.\w+)`", page.read_text())
    assert not [name for name in named if not (ROOT / name).exists()]


ROOMS = ("asl_portal", "reviews", "evaluations", "frameworks", "people", "ledger")
MARKDOWN = [page for page in PAGES if page.suffix == ".md"]


def test_the_operators_page_lists_every_command_of_ours() -> None:
    listed = set(re.findall(r"^\| `([a-z_]+)", (ROOT / "docs/operating.md").read_text(), re.MULTILINE))
    ours = {name for name, app in get_commands().items() if app in ROOMS}
    assert ours <= listed


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_setting_a_page_names_is_one(page: Path) -> None:
    named = set(re.findall(r"\b(ASL_[A-Z_]+[A-Z])\b", page.read_text()))
    assert {name.removesuffix("_FILE") if name not in _settings_read() else name for name in named} <= _settings_read() | FOR_TESTS


def _anchors(page: Path) -> set[str]:
    """The places of a page that a link may lead to, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_link_of_a_page_leads_nowhere(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", page.read_text())
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, place = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (place and place not in _anchors(target)):
            dead.append(link)
    assert not dead


def test_the_reference_of_the_api_is_what_the_api_says_of_itself() -> None:
    assert (ROOT / "docs/api.md").read_text() == reference(), "run ./portal manage write_api_reference"


def test_every_test_the_threat_model_leans_on_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/threat-model.md").read_text()))
    assert len(named) > 80
    trees = (ast.parse(path.read_text()) for path in (ROOT / "tests").rglob("test_*.py"))
    there = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert not named - there


def test_every_threat_has_a_defence_and_a_test() -> None:
    text = (ROOT / "docs/threat-model.md").read_text()
    rows = [
        line.split("|")[1:-1]
        for line in text[text.index("## Threats") : text.index("## What no test holds")].splitlines()
        if line.startswith("| ")
    ]
    threats = [row for row in rows if row[0].strip() != "threat"]
    assert threats and not [row[0] for row in threats if len(row) != 3 or not row[1].strip() or "`test_" not in row[2]]
