"""The seeded world, built once for each module that looks at it, and pages of a browser that show it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from asl_portal.demo import world
from tests.browser import PATIENCE, Watched
from tests.conftest import WorldOnce
from tests.in_process import ORIGIN, answer_in_process
from tests.look.seeded import NOW

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def seeded(browser: Browser, world_once: WorldOnce) -> Iterator[Path]:
    """The folder its files lie in. The portal's clock stands at NOW while this module's tests run. The browser is started first: with it an event loop
    runs in this thread, and Django keeps its connections by that."""
    patch = pytest.MonkeyPatch()
    patch.setattr("django.utils.timezone.now", lambda: NOW)
    with world_once():
        world.build_world(NOW)
        yield portal_settings.BLOB_DIR
    patch.undo()


@pytest.fixture
def shown(seeded: Path, db: None, settings: Any, browser: Browser) -> Iterator[NewPage]:
    """Makes pages: `shown(client)` or `shown(client, color_scheme="dark")`, `by` another browser where one is named. A script error or a broken policy on any of them fails the test."""
    settings.BLOB_DIR = seeded
    watched, contexts = Watched(), []

    def make(client: Client, *, by: Browser = browser, **options: Any) -> Page:
        context: BrowserContext = by.new_context(base_url=ORIGIN, **options)
        context.set_default_timeout(PATIENCE)
        context.on("page", watched.watch)
        answer_in_process(context, client)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert not watched.problems, "\n".join(watched.problems)
