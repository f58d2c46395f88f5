"""The walk by the Tab key itself: it tells of what no key reaches and of what hides that it has the focus, and of nothing else."""

import pytest
from playwright.sync_api import Browser

from tests.keys import missed

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><style>:focus-visible { outline: 2px solid } .bare:focus-visible { outline: none }</style>
<a href="#x">well</a> <label><input type="radio" name="one" checked> a</label> <label><input type="radio" name="one"> b</label>
<details><summary>more</summary><button>out of sight</button></details> <button disabled>off</button> <a>no link</a> <div tabindex="-1">a place</div>"""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("", []),
        ('<button tabindex="-1">by pointer alone</button>', ["not reached: <button tabindex="]),
        ('<span hx-get="/somewhere/">by pointer alone</span>', ["not reached: <span hx-get="]),
        ('<div role="button">by pointer alone</div>', ["not reached: <div role="]),
        ('<button class="bare">without a ring</button>', ["shows no focus: <button class="]),
        ('<dialog open><a href="#y" class="bare">in a dialog</a></dialog>', ["shows no focus: <a href="]),
    ],
    ids=["nothing wrong", "a button", "what htmx sends", "what is only called a button", "a ring taken away", "in a dialog"],
)
def test_what_no_key_reaches_and_what_hides_the_focus_is_told(browser: Browser, wrong: str, told: list[str]) -> None:
    page = browser.new_page()
    page.set_content(PAGE + wrong)
    found = missed(page)
    page.close()
    assert [each[: len(expected)] for each, expected in zip(found, told, strict=True)] == told
