"""A real Chromium against the live server. A page that breaks its content policy, throws, or gets a 5xx answer fails its test."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Response, expect, sync_playwright

from asl_portal.embedded.browser import NoBrowser, find_browser

# A busy machine is slow, not wrong: how long a page may take before that is a failure.
PATIENCE = 30_000
# A refused form (422) or a closed door (403, 404, 409) is an answer the page handles; the browser reports it as a failed load.
_EXPECTED = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program. Missing is a failure: a suite that silently skips its browser tests proves nothing."""
    try:
        return find_browser()
    except NoBrowser as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(_playwright: Playwright, chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    browser = _playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
    yield browser
    browser.close()


class Watched:
    """What went wrong in the pages of one context."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("console", self._console)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED):
            self.problems.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} from {response.url}")


@pytest.fixture
def new_context(browser: Browser, live_server: Any, settings: Any) -> Iterator[Any]:
    """Makes browser contexts, one for each person of a story: `new_context()` or `new_context(color_scheme="dark")`."""
    settings.PUBLIC_URL = live_server.url
    watched, contexts = Watched(), []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE)
        context.on("page", watched.watch)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not watched.problems, "\n".join(watched.problems)


@pytest.fixture
def page(new_context: Any) -> Page:
    """One page of one person."""
    page: Page = new_context().new_page()
    return page
