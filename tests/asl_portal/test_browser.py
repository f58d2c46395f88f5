"""The browser the tests drive, and that it tells on a page that breaks its policy."""

import stat
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from asl_portal.embedded.browser import NoBrowser, find_browser
from tests.browser import Watched


def _program(path: Path) -> Path:
    path.touch()
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with nothing on it; its path is one empty folder."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("asl_portal.embedded.browser.ON_A_MAC", ())
    return tmp_path


def test_a_machine_without_a_browser_is_told_what_to_do(bare: Path) -> None:
    with pytest.raises(NoBrowser, match="--without-browser"):
        find_browser()


def test_the_named_browser_comes_before_the_path_and_the_path_before_playwrights(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = bare / "playwright/chromium_headless_shell-1200/chrome-linux"
    kept.mkdir(parents=True)
    for better in (kept / "headless_shell", bare / "chromium", bare / "chromium-headless-shell"):
        _program(better)
        assert find_browser() == str(better)
    monkeypatch.setenv("CHROMIUM", str(_program(bare / "mine")))
    assert find_browser() == str(bare / "mine")


def test_a_named_browser_that_is_not_there_is_not_silently_replaced(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(bare / "chromium")
    monkeypatch.setenv("CHROMIUM", str(bare / "mine"))
    with pytest.raises(NoBrowser):
        find_browser()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_sign_in_page_works_under_its_content_policy(page: Page) -> None:
    answer = page.goto("/accounts/login/")
    assert answer is not None and "script-src 'self'" in answer.headers["content-security-policy"]
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_page_that_breaks_its_content_policy_is_told_on(browser: Browser, live_server: Any) -> None:
    watched, page = Watched(), browser.new_page()
    watched.watch(page)
    page.goto(f"{live_server.url}/accounts/login/")
    assert watched.problems == []
    page.evaluate("document.head.appendChild(document.createElement('style')).textContent = 'body { color: red }'")
    page.evaluate("setTimeout(() => { throw new Error('broken') })")
    page.wait_for_timeout(100)
    page.close()
    assert any("Content Security Policy" in problem for problem in watched.problems)
    assert any("broken" in problem for problem in watched.problems)
