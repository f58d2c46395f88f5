"""What the documents say exists, exists; what exists to be set, the documents say."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

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
