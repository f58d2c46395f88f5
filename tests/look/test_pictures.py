"""The main pages look as they did when somebody last looked at them: each is compared with a stored picture, and what differs is shown."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright

from asl_portal.demo.cast import PARTS
from evaluations.models import Run, Upload
from people.models import User
from tests.look.comparing import compare
from tests.look.conftest import NewPage
from tests.look.seeded import NOW, signed_in
from tests.look.shelf import RENEW, Shelf
from tests.makers import give_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
SHELF = Shelf(HERE / "pictures", HERE / "differences")


@dataclass(frozen=True)
class View:
    width: int
    theme: str


VIEWS = {"light": View(1280, "light"), "dark": View(1280, "dark"), "phone": View(360, "light")}


@dataclass(frozen=True)
class Main:
    """A main page: who looks at it, its address, and how much of it is kept, wide and on a phone (not at all where there is no number)."""

    name: str
    persona: str
    address: str
    wide: int
    phone: int = 0


PAGES = (
    Main("sign-in", "", "/accounts/login/", 420),
    Main("inbox", "chloe", "/inbox/", 1400, 2200),
    Main("portfolio", "chloe", "/portfolio/", 680, 960),
    Main("subject", "chloe", "/subjects/heron-3/", 1700, 2400),
    Main("case", "chloe", "/cases/3/", 1700, 3000),
    Main("gate", "chloe", "/gate/?subject=heron-3&scope=external", 1260, 2250),
    Main("framework", "chloe", "/frameworks/anthropic-rsp/2.2/", 1500),
    Main("new-upload", "ada", "/uploads/new/", 1020),
    Main("receipt", "ada", "/uploads/{upload}/", 1300),
    Main("run", "ada", "/runs/{run}/", 1250),
    Main("ledger", "hana", "/ledger/", 1100),
)


@dataclass(frozen=True)
class Picture:
    page: Main
    view: str

    @property
    def name(self) -> str:
        return f"{self.page.name}-{self.view}"

    @property
    def height(self) -> int:
        return self.page.phone if self.view == "phone" else self.page.wide


PICTURES = [Picture(page, view) for page in PAGES for view in VIEWS if view != "phone" or page.phone]
NAMES = [picture.name for picture in PICTURES]

# What each world makes anew keeps its length and loses what is its own: digests, ids, its folder, and how many entries the ledger has come to.
STEADY = r"""() => {
  const anew = /(?<![\w.])[0-9a-f]{8}(?:[0-9a-f]{8,56}|(?:-[0-9a-f]{1,12}){0,4})(?![0-9a-z])/g;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const named = text.data.replace(anew, (id) => id.replace(/[0-9a-f]/g, "0")).replace(/ASL_DATA_DIR=\S+/g, "ASL_DATA_DIR=data");
    const steady = named.replace(/(Ledger:|ledger size) [\d,]+/, "$1 000");
    if (steady !== text.data) text.data = steady;
  }
  return document.fonts.ready.then(() => null);
}"""

# One page is drawn alike on every machine: no hints and no coloured edges for its letters, no graphics card, one set of colours …
FLAGS = ("--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb", "--disable-gpu")
# … and no font, language or time zone of the machine.
SURROUNDINGS = {"FONTCONFIG_FILE": str(HERE / "fonts.conf"), "LANGUAGE": "en", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
# Another way to the same page: edges of letters and shapes come out otherwise.
ANOTHER_HAND = (
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-gpu-rasterization",
    "--ignore-gpu-blocklist",
    "--enable-unsafe-swiftshader",
)

Opened = Callable[..., Page]


def _launch(playwright: Playwright, chromium: str, *flags: str) -> Browser:
    given = ["--no-sandbox", "--disable-dev-shm-usage", *flags]
    return playwright.chromium.launch(executable_path=chromium, args=given, env={**os.environ, **SURROUNDINGS})


@pytest.fixture(scope="module")
def browser(_playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """In this module pages are shown by a browser that leans on nothing of the machine."""
    browser = _launch(_playwright, chromium, *FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def addresses(seeded: Path) -> dict[str, str]:
    """The address of every main page. Everybody who looks has come in before the first picture is taken, so that it shows the same whichever is first."""
    for persona in sorted({page.persona for page in PAGES} - {""}):
        signed_in(persona)
    # Without a second factor a reviewer is shown the way to one, not what they may do.
    give_app(User.objects.get(email=PARTS["chloe"].email).person, at=NOW)
    upload = Upload.objects.filter(subject__slug="heron-3").order_by("received_seq").last()
    run = Run.objects.get(upload=upload)
    return {page.name: page.address.format(upload=run.upload_id, run=run.pk) for page in PAGES}


@pytest.fixture
def opened(shown: NewPage, addresses: dict[str, str]) -> Opened:
    """Opens a page as its picture shows it, and takes out of it what no two worlds have alike."""

    def open_it(picture: Picture, **more: Browser) -> Page:
        view, persona = VIEWS[picture.view], picture.page.persona
        page = shown(
            signed_in(persona) if persona else Client(),
            viewport={"width": view.width, "height": picture.height},
            color_scheme=view.theme,
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="UTC",
            **more,
        )
        page.goto(addresses[picture.page.name])
        page.evaluate(STEADY)
        return page

    return open_it


def taken(page: Page) -> Image.Image:
    with Image.open(BytesIO(page.screenshot(animations="disabled"))) as picture:
        return picture.convert("RGB")


@pytest.fixture
def renewing(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--renew-pictures"))


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_main_page_looks_as_it_did(picture: Picture, opened: Opened, renewing: bool) -> None:
    now = taken(opened(picture))
    if renewing:
        SHELF.renew(picture.name, now)
    complaint = SHELF.complaint(picture.name, now)
    assert not complaint, complaint


def test_every_stored_picture_is_of_a_main_page(renewing: bool) -> None:
    strays = SHELF.strays([picture.name for picture in PICTURES])
    if renewing:
        for path in strays:
            path.unlink()
    else:
        assert not strays, f"No page belongs to {', '.join(path.name for path in strays)}: take it away, or run {RENEW}"


def test_the_stored_pictures_stay_small() -> None:
    assert sum(path.stat().st_size for path in SHELF.stored.iterdir()) < 3_000_000


# What must not happen to a page unseen, done by script to the first thing that fits.
CHANGES = {
    "a shut gate says open": ("main .state.tone-danger .word", "e => { e.textContent = 'Open' }"),
    "a state takes the calm colour": ("main .state.tone-caution", "e => { e.classList.replace('tone-caution', 'tone-calm') }"),
    "a state loses its mark": ("main .state.tone-caution .mark", "e => { e.style.visibility = 'hidden' }"),
    "a digit": ("main td.number", "e => { e.textContent = '10/19' }"),
    "a button moves by four pixels": ("main .filters .button", "e => { e.style.translate = '4px' }"),
    "a provisional tier loses its dashes": ("main .tier.provisional", "e => { e.style.borderStyle = 'solid' }"),
}


def test_no_change_of_a_page_goes_unseen(opened: Opened) -> None:
    page = opened(Picture(next(page for page in PAGES if page.name == "portfolio"), "light"))
    before = taken(page)
    for what, (where, change) in CHANGES.items():
        page.reload()
        page.evaluate(STEADY)
        assert compare(before, taken(page)) is None, f"before {what}"
        element = page.locator(where).first
        box = element.bounding_box()
        element.evaluate(change)
        found = compare(before, taken(page))
        assert found and box and found.share < 0.01, what
        left, top, right, low = found.boxes[0]
        assert box["x"] - 16 <= left and right <= box["x"] + box["width"] + 16, what
        assert box["y"] - 16 <= top and low <= box["y"] + box["height"] + 16, what


def test_edges_drawn_by_another_hand_are_no_difference(opened: Opened, _playwright: Playwright, chromium: str) -> None:
    picture = Picture(next(page for page in PAGES if page.name == "subject"), "light")
    now = taken(opened(picture))
    other = _launch(_playwright, chromium, *FLAGS[:-1], *ANOTHER_HAND)
    try:
        drawn = taken(opened(picture, by=other))
        assert drawn.tobytes() != now.tobytes() and compare(now, drawn) is None
    finally:
        other.close()


def test_no_main_page_takes_a_letter_from_a_font_of_the_machine(opened: Opened) -> None:
    borrowed = {page.name: found for page in PAGES if (found := _borrowed(opened(Picture(page, "light"))))}
    assert not borrowed


def _borrowed(page: Page) -> list[str]:
    """The fonts this page was drawn with that the portal does not serve. Asked is one element of each kind, and each that holds a letter beyond ASCII."""
    asked = page.context.new_cdp_session(page)
    asked.send("DOM.enable")
    asked.send("CSS.enable")
    fonts: set[str] = set()
    kinds: set[tuple[str, ...]] = set()
    waiting = [asked.send("DOM.getDocument", {"depth": -1, "pierce": True})["root"]]
    while waiting:
        node = waiting.pop()
        children = node.get("children", [])
        waiting += [*children, *node.get("shadowRoots", [])]
        kind = (node["nodeName"], *node.get("attributes", [])[:2])
        if kind in kinds and all(child["nodeValue"].isascii() for child in children):
            continue
        kinds.add(kind)
        drawn = asked.send("CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})["fonts"]
        fonts |= {f"{font['familyName']} in {node['nodeName'].lower()}" for font in drawn if not font["isCustomFont"]}
    return sorted(fonts)
