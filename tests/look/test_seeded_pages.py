"""Every page of the seeded world in a real browser: axe finds nothing in either theme, the Tab key reaches whatever can be acted on and shows where it is,
and no page is wider than its window, from 320 px to 4k, or than its paper."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page
from pypdf import PdfReader

from tests.axe import COLOURS, EVERYTHING, SIZES, violations
from tests.keys import missed
from tests.look.conftest import NewPage
from tests.look.seeded import Place, places, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

WALKERS = ("ben", "dan", "ada", "farid", "ivo")
# A screen of 4k, a usual one, a phone, and the narrowest; and the most that a line of the page takes of any of them.
WIDTHS = (3840, 1280, 360, 320)
WIDEST_PAGE = 1440

# Papers a regulator files, and the widths of A4 between its margins, in CSS pixels.
PRINTED = ("/cases/2/", "/subjects/heron-3/", "/gate/?subject=heron-3&scope=external", "/frameworks/anthropic-rsp/2.2/")
PAPER = {False: 673, True: 1001}
OF_A_SCREEN = """[...document.querySelectorAll("nav[aria-label=Main], .button, form, .pager, .filters")].filter((each) => each.checkVisibility())
  .map((each) => each.outerHTML.slice(0, 120))"""


def test_on_every_page_axe_finds_nothing_the_tab_key_misses_nothing_and_windows_and_paper_hold_it(shown: NewPage) -> None:
    walk = [Place("account_login", "/accounts/login/", ""), Place("404", "/nowhere/", "ben"), *places(*WALKERS)]
    assert len(walk) > 60
    pages = {who: shown(signed_in(who) if who else Client(), reduced_motion="reduce") for who in {place.persona for place in walk}}
    wrong = [
        f"{place.name} ({place.path}, as {place.persona}): {found}"
        for place in walk
        for found in _looked_at(pages[place.persona], place.path)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", PRINTED)
@pytest.mark.parametrize("landscape", [False, True], ids=["upright", "landscape"])
def test_a_page_prints_whole_without_what_only_a_screen_needs(shown: NewPage, path: str, landscape: bool) -> None:
    page = shown(signed_in("ben"), viewport={"width": PAPER[landscape], "height": 900})
    page.goto(path)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER[landscape]
    heading = page.locator("h1").inner_text()
    for hidden in (page.get_by_role("navigation", name="Main"), page.locator("main .button"), page.locator("main form")):
        assert not hidden.first.is_visible()
    text = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4", landscape=landscape))).pages)
    squeezed = "".join(text.split())
    assert "".join(heading.split()) in squeezed and "Page1of" in squeezed
    # A printed digest is no use unless it is whole.
    whole = [code.get_attribute("data-whole") or "" for code in page.locator("main .digest.short").all() if code.is_visible()]
    assert all("".join(digest.split()) in squeezed for digest in whole)


def test_safeguards_of_one_kind_stand_by_the_model_they_protect(seeded: Path, db: None) -> None:
    rows = signed_in("ben").get("/safeguards/").context["rows"]
    models: dict[str, list[str]] = {}
    for row in rows:
        if row.implementation is not None and row.implementation.subject is not None:
            models.setdefault(row.safeguard.slug, []).append(row.implementation.subject.name)
    assert any(len(several) > 2 for several in models.values())
    assert all(several == sorted(several) for several in models.values())


def _looked_at(page: Page, path: str) -> Iterator[str]:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.goto(path)
    if page.locator("h1").count() != 1:
        yield "not exactly one h1"
    yield from (f"axe: {each}" for each in violations(page, EVERYTHING))
    page.emulate_media(color_scheme="dark")
    yield from (f"axe, dark: {each}" for each in violations(page, COLOURS))
    page.emulate_media(color_scheme="light")
    yield from (f"by keyboard, {each}" for each in missed(page))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if (needed := page.evaluate("document.documentElement.scrollWidth")) != width:
            yield f"{needed} px wide in a window of {width}"
        if page.evaluate("document.querySelector('main').getBoundingClientRect().width") > WIDEST_PAGE:
            yield f"its lines grow with a window of {width}"
    yield from (f"axe, narrow: {each}" for each in violations(page, SIZES))
    page.emulate_media(media="print")
    for paper in PAPER.values():
        page.set_viewport_size({"width": paper, "height": 900})
        if (needed := page.evaluate("document.documentElement.scrollWidth")) != paper:
            yield f"{needed} px wide on paper of {paper}"
    yield from (f"printed though it is of no use on paper: {each}" for each in page.evaluate(OF_A_SCREEN))
    page.emulate_media(media="screen")
