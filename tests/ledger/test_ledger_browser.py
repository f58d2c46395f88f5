"""The ledger's pages in a real browser: in both themes, on a narrow screen, and without scripts."""

import pytest

from ledger import services
from ledger.notary import Notary
from tests.axe import violations
from tests.makers import NOON, client_of, make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ("/ledger/", "/ledger/?kind=people:role:granted", "/ledger/?since=never", "/ledger/3/", "/ledger/verify/")


@pytest.fixture
def signed_in(new_context, tmp_path):
    """Makes contexts in which Ada is signed in."""
    cast = make_people("ada")
    Notary(tmp_path / "key").sign(at=NOON)
    services.record_verification(at=NOON)
    client = client_of(cast.ada)
    cookie = client.cookies["asl_session"].value

    def make(**options):
        context = new_context(**options)
        context.add_cookies([{"name": "asl_session", "value": cookie, "domain": "localhost", "path": "/"}])
        return context

    return make


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_in_both_themes(signed_in, theme):
    page = signed_in(color_scheme=theme).new_page()
    for address in PAGES:
        page.goto(address)
        assert page.locator("h1").count() == 1
        assert violations(page) == [], address


def test_no_page_is_wider_than_a_narrow_screen(signed_in):
    page = signed_in(viewport={"width": 320, "height": 800}).new_page()
    for address in PAGES:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


def test_the_record_is_filtered_read_and_verified_without_scripts(signed_in):
    page = signed_in(java_script_enabled=False).new_page()
    page.goto("/ledger/")
    page.get_by_label("Kind").select_option("people:role:granted")
    page.get_by_role("button", name="Filter").click()
    rows = page.get_by_role("row")
    assert "proposed the role" in rows.nth(1).inner_text()
    rows.nth(1).get_by_role("link").first.click()
    assert "What is sealed" in page.content()
    page.goto("/ledger/verify/")
    page.get_by_role("button", name="Recompute the whole log").click()
    assert f"Root over {services.size()} entries" in page.content()
