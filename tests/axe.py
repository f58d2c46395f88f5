"""What axe finds on a page. A page is looked at when it is whole: half a stylesheet makes links too small and colours too pale."""

from pathlib import Path

from playwright.sync_api import Page

EVERYTHING = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
# What another theme or another width can change; the rest of a page is the same.
COLOURS = "{runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}}"
SIZES = "{runOnly: {type: 'rule', values: ['target-size', 'scrollable-region-focusable']}}"

_AXE = (Path(__file__).resolve().parent / "vendor" / "axe.min.js").read_text()
_NAMED = "violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html).join(' ')}`)"


def violations(page: Page, rules: str = EVERYTHING) -> list[str]:
    """Each rule that is broken, with the first places where it is.

    After a click the page that is looked at may still be the one that was left: expect something of the new one first.
    """
    wait_until_whole(page)
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_AXE)
    found: list[str] = page.evaluate(f"axe.run(document, {rules}).then(r => r.{_NAMED})")
    return found


def wait_until_whole(page: Page) -> None:
    """Until the page in the window has its stylesheets, pictures and fonts."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => null)")
