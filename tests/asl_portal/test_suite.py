"""What `./portal test` runs beside the tests: linters that are there, look at something, and find what is wrong with it."""

import subprocess
from pathlib import Path

import pytest

from asl_portal.embedded import suite

# A small tree in which nothing is wrong, and for each linter the file that it complains of.
CLEAN = {
    "pyproject.toml": '[tool.mypy]\nfiles = ["some.py"]\n',
    "some.py": "one: int = 1\n",
    "templates/some.html": "<p>One.</p>\n",
    "portal": "#!/bin/sh\necho one\n",
    "deploy/make-roles.sh": "#!/bin/sh\necho one\n",
    "deploy/make-secrets.sh": "#!/bin/sh\necho one\n",
    "static/js/some.js": "export const one = 1;\n",
}
WRONG = {
    "ruff check": ("some.py", "import os\n"),
    "ruff format": ("some.py", "one: int=1\n"),
    "djlint": ("templates/some.html", "<p><img src='one.png'></p>\n"),
    "mypy": ("some.py", 'one: int = "one"\n'),
    "shellcheck": ("deploy/make-secrets.sh", "#!/bin/sh\nrm -rf $1/*\n"),
    "oxlint": ("static/js/some.js", "debugger;\n"),
}


def complains(name: str, tree: Path) -> bool:
    return subprocess.run(suite.LINTERS[name], cwd=tree, capture_output=True, check=False).returncode != 0


def test_every_linter_is_held_by_what_it_finds() -> None:
    assert suite.LINTERS.keys() == WRONG.keys()


@pytest.mark.parametrize("name", WRONG)
def test_a_linter_takes_what_is_clean_and_finds_what_is_wrong(name: str, tmp_path: Path) -> None:
    for path, text in CLEAN.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert not complains(name, tmp_path)
    path, text = WRONG[name]
    (tmp_path / path).write_text(text)
    assert complains(name, tmp_path)


def test_every_shell_script_is_looked_at() -> None:
    listed = subprocess.run(["git", "grep", "-lE", "^#!.*sh$"], cwd=suite.ROOT, capture_output=True, text=True, check=True).stdout.split()
    scripts = [path for path in listed if not path.startswith(".") and (suite.ROOT / path).read_text().startswith("#!")]
    assert sorted(scripts) == sorted(suite.LINTERS["shellcheck"][1:])


def test_without_a_linter_nothing_passes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(suite, "LINTERS", {})
    assert suite.run(["--without-browser"]) == 1
    assert "that is no clean run" in capsys.readouterr().err
