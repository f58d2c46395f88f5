"""What is installed is what was locked: each package at one version, by the digests of its files, from wherever the site's own index is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt")
LOCKED = re.compile(r"([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==(\S+)(?: ; [^#@]+?)?((?: --hash=sha256:[0-9a-f]{64})+)")


def locked(name: str) -> list[str]:
    """The lines of a lock, each with what it continues on."""
    text = (ROOT / name).read_text().replace(" \\\n   ", "")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_has_one_version_and_digests_and_no_address(lock: str) -> None:
    lines = locked(lock)
    assert len(lines) > 50
    assert [line[:80] for line in lines if not LOCKED.fullmatch(line)] == []
    assert not re.search(r"https?:|git\+|file:|--index|--find-links|--trusted", (ROOT / lock).read_text())


@pytest.mark.parametrize(
    "line",
    [
        "django",
        "django>=5.2 --hash=sha256:" + "0" * 64,
        "django==5.2.19",
        "django==5.2.19 --hash=md5:" + "0" * 32,
        "django @ https://elsewhere.example/django.whl --hash=sha256:" + "0" * 64,
        "--index-url https://elsewhere.example",
    ],
)
def test_a_line_without_one_of_them_is_none(line: str) -> None:
    assert LOCKED.fullmatch("django==5.2.19 ; python_version < '4' --hash=sha256:" + "0" * 64)
    assert not LOCKED.fullmatch(line)


@pytest.mark.parametrize(("source", "lock"), [("requirements.in", LOCKS[0]), ("requirements-dev.in", LOCKS[1])])
def test_every_package_that_is_asked_for_is_locked_at_a_version_that_was_asked_for_and_says_what_it_is_for(source: str, lock: str) -> None:
    found = {match[1]: match[2] for line in locked(lock) if (match := LOCKED.fullmatch(line))}
    for line in (ROOT / source).read_text().splitlines():
        asked = re.match(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?(?:==(\S+))?", line)
        if line.startswith(("#", "-r")) or not asked:
            continue
        name, version = re.sub(r"[._-]+", "-", asked[1]).lower(), asked[2]
        assert name in found and version in (None, found[name]), line


def test_what_runs_is_locked_alike_for_tests() -> None:
    runs, tests = (set(locked(lock)) for lock in LOCKS)
    assert runs <= tests
