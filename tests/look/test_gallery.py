"""Every component in a real browser: accessible, unbroken at every width, in both themes, without scripts too."""

from pathlib import Path
from typing import Any

import pytest

from tests.axe import violations, wait_until_whole

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = ROOT / "test-results" / "look"

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.look.gallery_urls")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360, 320])
def test_every_component_is_accessible_and_fits_its_page(new_context: Any, theme: str, width: int) -> None:
    page = new_context(color_scheme=theme, viewport={"width": width, "height": 900}).new_page()
    page.goto("/gallery/")
    wait_until_whole(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"gallery-{theme}-{width}.png", full_page=True)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_both_fonts_load_from_the_portal_itself(new_context: Any) -> None:
    page = new_context().new_page()
    page.goto("/gallery/")
    loaded = page.evaluate(
        "document.fonts.ready.then(fonts => [...fonts].filter(f => f.status === 'loaded').map(f => f.family.replaceAll('\"', '')))"
    )
    assert set(loaded) == {"Inter", "JetBrains Mono"}


def test_a_chosen_theme_outlasts_the_page_and_needs_no_script(new_context: Any) -> None:
    page = new_context(java_script_enabled=False, color_scheme="light").new_page()
    page.goto("/gallery/?sort=name")
    page.get_by_label("Theme").click()
    page.get_by_role("button", name="Dark").click()
    assert page.url.endswith("/gallery/?sort=name")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_label("Theme").click()
    page.get_by_role("button", name="As the system").click()
    assert page.locator("html").get_attribute("data-theme") is None


def test_a_whole_digest_can_be_copied_and_says_so(new_context: Any) -> None:
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto("/gallery/")
    page.get_by_role("button", name="Copy sha256").first.click()
    page.locator("#status", has_text="Digest copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("sha256:1f9a02c4")


def test_the_arrow_keys_go_from_row_to_row(new_context: Any) -> None:
    page = new_context().new_page()
    page.goto("/gallery/")
    page.get_by_role("link", name="aurora-4", exact=True).last.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "aurora-4-mini"
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == "aurora-4"


def test_a_chart_says_its_words_to_the_keyboard(new_context: Any) -> None:
    page = new_context().new_page()
    page.goto("/gallery/")
    # Drawn once for a wide page and once for a phone; the wide one shows here.
    mark = page.locator(".row.out .now").first
    assert mark.get_attribute("aria-label") == (
        "Protocol troubleshooting: Ruled out, 0.22, interval 0.17 to 0.31 (one-sided 95 %), n 40, step 9000, 22 May 2026"
    )
    assert mark.is_visible() and not page.locator(".row.out .now").last.is_visible()
    mark.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.wait_for_function("getComputedStyle(document.querySelector('.row.out .now .tip')).opacity === '1'")
