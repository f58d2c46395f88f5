"""What the documents say exists, exists; what exists to be set, the documents say."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import CommandError, get_commands, load_command_class
from django.core.management.base import CommandParser

from asl_portal.management.commands.write_api_reference import reference

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "portal"])
MARKDOWN = [page for page in PAGES if page.suffix == ".md"]
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


# What a page has people type: up to what ends it there, a backtick, a bar, a tag, a comment or a column of explanation.
COMMAND_LINE = re.compile(r"(?:\./portal|python) (manage(?:\.py)? [a-z_]+|up|down|test|bench)\b((?: (?:'[^'\n]*'|[^\s`|<#()]+))*)")
SAYS_COMMANDS = [*PAGES, *sorted((ROOT / "templates").rglob("*.html")), ROOT / "asl_portal/first_steps.py"]
# Left to pytest.
PASSED_ON = {"--renew-pictures"}


def _command_lines(page: Path) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = COMMAND_LINE.findall(page.read_text())
    return [(command.replace(".py", ""), told) for command, told in found if command != "manage help"]


def _parser(name: str) -> CommandParser:
    command = load_command_class(get_commands()[name], name)
    return command.create_parser("manage.py", name)


@cache
def _options(command: str) -> frozenset[str]:
    """What the command itself says that it takes."""
    words = command.split()
    if words[0] == "manage":
        told = _parser(words[1]).format_help()
    else:
        told = subprocess.run([ROOT / "portal", *words, "--help"], capture_output=True, text=True, check=True).stdout
    return frozenset(re.findall(r"--[a-z][a-z-]*", told))


@pytest.mark.parametrize("page", SAYS_COMMANDS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_option_a_page_gives_a_command_is_one_of_its_own(page: Path) -> None:
    wrong = [
        f"./portal {command} {option}"
        for command, told in _command_lines(page)
        for option in re.findall(r"--[a-z][a-z-]*", told)
        if option not in _options(command) | PASSED_ON
    ]
    assert not wrong


def test_the_help_names_every_option_of_the_ways_in() -> None:
    for command in ("up", "down", "test", "bench"):
        told = re.search(rf"^\./portal {command} (.*)$", _help(), re.MULTILINE)
        assert told and set(re.findall(r"--[a-z-]+", told.group(1))) == _options(command) - {"--help"}, command


TYPED = [
    (page, command, told) for page in MARKDOWN for command, told in _command_lines(page) if command.startswith("manage ") and told.strip()
]


def test_there_are_command_lines_to_hold() -> None:
    assert len(TYPED) > 8


@pytest.mark.parametrize(("page", "command", "told"), TYPED, ids=[f"{page.name}: {command}{told}" for page, command, told in TYPED])
def test_a_command_line_a_page_has_people_type_is_understood(page: Path, command: str, told: str) -> None:
    try:
        _parser(command.split()[1]).parse_args(shlex.split(told))
    except CommandError as error:
        pytest.fail(f"{page.name}: ./portal {command}{told}: {error}")


def _defaults() -> Iterator[tuple[str, object]]:
    """Each setting that stands in one row of its own and has a plain value where nothing is set."""
    for node in ast.walk(ast.parse((ROOT / "asl_portal/settings.py").read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"env.number", "env.flag", "env.text"} and len(node.args) == 2:
            name, default = node.args
            value = eval(compile(ast.Expression(default), "settings.py", "eval"), {"__builtins__": {}})
            if value != "":
                yield ast.literal_eval(name), value


# `./portal up` finds a free port, and tells.
SET_OTHERWISE = {"ASL_PUBLIC_URL"}


def test_a_setting_that_is_not_set_has_the_value_its_row_says() -> None:
    lines = [line.split("|") for line in (ROOT / "docs/settings.md").read_text().splitlines() if line.startswith("| `")]
    said = {line[1].strip(" `●"): line[3].replace("`", "").split() for line in lines}
    held = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in _defaults() if name not in SET_OTHERWISE}
    wrong = {name: (said[name], value) for name, value in held.items() if name in said and value not in said[name]}
    assert not wrong and len(held.keys() & said.keys()) > 8


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:docs|asl_portal|reviews|evaluations|frameworks|people|ledger|tests)/[\w./-]*\w\.\w+)`", page.read_text())
    assert not [name for name in named if not (ROOT / name).exists()]


ROOMS = ("asl_portal", "reviews", "evaluations", "frameworks", "people", "ledger")


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


@cache
def _tests_there() -> set[str]:
    trees = (ast.parse(path.read_text()) for path in (ROOT / "tests").rglob("test_*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_test_a_page_leans_on_exists(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", page.read_text()))
    assert page.name != "threat-model.md" or len(named) > 80
    assert not named - _tests_there()


def test_every_threat_has_a_defence_and_a_test() -> None:
    text = (ROOT / "docs/threat-model.md").read_text()
    rows = [
        line.split("|")[1:-1]
        for line in text[text.index("## Threats") : text.index("## What no test holds")].splitlines()
        if line.startswith("| ")
    ]
    threats = [row for row in rows if row[0].strip() != "threat"]
    assert threats and not [row[0] for row in threats if len(row) != 3 or not row[1].strip() or "`test_" not in row[2]]
