"""The sign-in provider from an invitation to a signature's second factor, and from linking to signing out, in a real browser: its policy, its redirects,
its tabs. Every page on the way is looked at by axe, in both themes and on a phone."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from people import services
from people.factors import code_at, has_second_factor
from people.models import Identity, User
from tests.axe import violations
from tests.makers import PASSWORD, client_of, give_password, make_people
from tests.people.provider_steps import give_identity, leave_the_provider_alone
from tests.people.test_passkeys_in_the_browser import with_device
from tests.processes import SignInProvider

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def browsing(new_context: Any, person: Any = None) -> BrowserContext:
    """A browser of this person, signed in if there is one. The provider's page wants a stylesheet from elsewhere; it gets none."""
    context: BrowserContext = new_context(reduced_motion="reduce")
    context.route("https://cdn.jsdelivr.net/**", lambda route: route.fulfill(body="", content_type="text/css"))
    if person:
        client = client_of(person)
        context.add_cookies([{"name": "asl_session", "value": client.cookies["asl_session"].value, "domain": "localhost", "path": "/"}])
    return context


def say_yes(page: Page, subject: str) -> None:
    """What somebody does on the provider's own page."""
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize").first.click()


def look(page: Page, heading: str) -> None:
    """Axe finds nothing on the page of this heading, in either theme, and nothing is wider than a phone."""
    expect(page.get_by_role("heading", name=heading, exact=True, level=1)).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert not (found := violations(page)), (page.url, scheme, found)
    page.emulate_media(color_scheme="light")
    whole = page.viewport_size
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width, (page.url, width)
    page.set_viewport_size(whole or {"width": 1280, "height": 720})


def test_somebody_links_their_account_signs_in_by_it_and_signs_out_of_both(
    new_context: Any, settings: Any, sign_in_provider: SignInProvider
) -> None:
    ben = make_people("ben").ben
    give_password(ben, at=timezone.now())
    sign_in_provider.know_the_portal(settings)
    sign_in_provider.knows("ben-at-id", name="Ben of Northbridge")
    page = browsing(new_context, ben).new_page()

    page.goto("/people/me/")
    page.get_by_role("button", name="Link Northbridge ID").click()
    say_yes(page, "ben-at-id")
    expect(page.get_by_text("Ben of Northbridge")).to_be_visible()
    look(page, "Link your account to Northbridge ID")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Link account").click()
    expect(page.get_by_text("Your account is linked.")).to_be_visible()
    look(page, ben.name)
    assert Identity.objects.get().user == ben.user

    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    page.goto("/accounts/login/?next=/people/me/sessions/")
    look(page, "Sign in")
    page.get_by_role("button", name="Sign in with Northbridge ID").click()
    say_yes(page, "ben-at-id")
    expect(page.get_by_role("heading", name="Sessions", level=1)).to_be_visible()

    page.goto("/people/me/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    look(page, "You are signed out of the portal")
    page.get_by_role("link", name="Sign out at Northbridge ID").click()
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    page.goto("/people/me/")
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()


def test_an_invited_person_comes_in_by_the_provider_and_adds_the_factor_they_sign_with(
    new_context: Any, settings: Any, sign_in_provider: SignInProvider
) -> None:
    ben = make_people("ben").ben
    _, secret = services.persona_link(user=ben.user, at=timezone.now())
    sign_in_provider.know_the_portal(settings)
    sign_in_provider.knows("ben-at-id", name="Ben of Northbridge")
    context = browsing(new_context)
    page = context.new_page()

    page.goto(f"/accounts/link/{secret}/")
    look(page, "Choose a password")
    page.get_by_role("button", name="Use Northbridge ID instead").click()
    say_yes(page, "ben-at-id")
    look(page, "Sign in at Northbridge ID from now on?")
    page.get_by_role("button", name="Sign in at Northbridge ID from now on").click()
    expect(page.get_by_role("heading", name="Second factors")).to_be_visible()
    assert not User.objects.get(pk=ben.user.pk).has_usable_password()

    page.get_by_role("link", name="Add an authenticator app").click()
    look(page, "Add an authenticator app")
    with context.expect_page() as opened:
        page.get_by_role("button", name="Confirm at Northbridge ID").click()
    say_yes(opened.value, "ben-at-id")
    look(opened.value, "Confirmed at Northbridge ID")
    opened.value.close()
    shown = page.locator("#totp-secret").inner_text().replace(" ", "")
    page.get_by_label("Code the app shows now").fill(code_at(shown, timezone.now()))
    page.get_by_label("Code the app shows now").press("Enter")  # sends the form, not the tab
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert len(context.pages) == 1


def test_somebody_with_only_the_provider_adds_a_passkey_by_its_word(
    new_context: Any, settings: Any, sign_in_provider: SignInProvider
) -> None:
    ben = make_people("ben").ben
    give_password(ben, at=timezone.now())
    sign_in_provider.know_the_portal(settings)
    give_identity(ben, sign_in_provider, at=timezone.now())
    leave_the_provider_alone(ben)
    context = browsing(new_context, ben)
    page = context.new_page()
    with_device(page)
    page.goto("/people/me/factors/passkey/")
    look(page, "Add a passkey")
    page.get_by_label("Name").fill("This laptop")
    with context.expect_page() as opened:
        page.get_by_role("button", name="Confirm at Northbridge ID").click()
    say_yes(opened.value, "ben-at-id")
    expect(opened.value.get_by_role("heading", name="Confirmed at Northbridge ID")).to_be_visible()
    opened.value.close()
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert has_second_factor(ben.user)


def test_what_goes_wrong_there_is_said_on_a_page_that_leads_on(new_context: Any, settings: Any, sign_in_provider: SignInProvider) -> None:
    make_people("ben")
    sign_in_provider.know_the_portal(settings)
    page = browsing(new_context).new_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with Northbridge ID").click()
    say_yes(page, "mallory")
    expect(page.get_by_text("identity_not_linked")).to_be_visible()
    look(page, "You are not signed in")
    page.get_by_role("link", name="To the sign-in page").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()


def test_a_page_that_leads_there_leads_there_without_moving_by_itself(
    new_context: Any, settings: Any, sign_in_provider: SignInProvider
) -> None:
    """For a browser that does not follow a page's own wish to move on."""
    make_people("ben")
    sign_in_provider.know_the_portal(settings)
    page = browsing(new_context).new_page()
    page.route(f"{sign_in_provider.issuer}/**", lambda route: route.fulfill(status=204))
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with Northbridge ID").click()
    link = page.get_by_role("link", name="Go on to Northbridge ID")
    expect(link).to_be_visible()
    assert (link.get_attribute("href") or "").startswith(f"{sign_in_provider.issuer}/oauth2/authorize?")
    look(page, "On to Northbridge ID")
