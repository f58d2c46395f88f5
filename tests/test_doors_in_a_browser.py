"""Every page behind the table of doors, looked at by axe in both themes and walked by the Tab key: as it opens, as it answers a form that went empty, and with
its sheets open.

Closed by construction: a page that the table lets somebody open is looked at here, or its row stands in ELSEWHERE with the test that does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as portal_settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.test import Client
from django.urls import path, resolve, reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from asl_portal.urls import urlpatterns as portal_addresses
from ledger.refusals import Refusal
from people import passkeys, services
from people.models import Person
from tests.axe import COLOURS, EVERYTHING, violations
from tests.browser import PATIENCE, Watched
from tests.conftest import WorldOnce
from tests.devices import Device
from tests.doors.rows import ANYBODY, PERSONAS, ROLES, ROWS, STRANGER
from tests.doors.world import DOORS, World, address, build_world
from tests.in_process import ORIGIN, answer_in_process
from tests.keys import missed
from tests.makers import PASSWORD, confirmed, give_app

Shown = Callable[[str], Page]

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(300)]

# Who sees most of a page comes first.
VISITORS = ("reviewer", "chair", "administrator", *ROLES, STRANGER, ANYBODY)
# Who has an app already adds none.
WITHOUT_FACTORS = (STRANGER,)
# Pages that nobody can open in this world, or that only lead on, and what looks at them.
ELSEWHERE = {
    "start": "tests/look/test_seeded_pages.py",
    "mfa_authenticate": "test_the_second_step_of_signing_in",
    "reviews:declare": "test_axe_finds_nothing_where_a_quorum_waits_for_the_chair_and_a_refused_file_for_somebody",
    "evaluations:upload-set-aside": "test_axe_finds_nothing_where_a_quorum_waits_for_the_chair_and_a_refused_file_for_somebody",
    "evaluations:upload-raw": "a file",
    "start-sample": "a file",
    "readyz": "no page",
    "reviews:home": "it only leads on",
    "sign_in_link": "it only leads on",
    **dict.fromkeys(
        (
            "provider_callback",
            "provider_signed_out",
            "provider_sign_out",
            "provider_link_confirm",
            "people:provider-link-confirm",
            "people:provider-unlink",
        ),
        "tests/people/test_the_provider_in_the_browser.py",
    ),
}
# A form with nothing in it, sent from a page of the portal.
SEND_EMPTY = """where => {
  const form = Object.assign(document.createElement("form"), {method: "post", action: where});
  form.append(Object.assign(document.createElement("input"), {type: "hidden", name: "csrfmiddlewaretoken", value: "any"}));
  document.body.append(form);
  form.submit();
}"""
ERROR_PAGES = sorted(page.name for page in (portal_settings.BASE_DIR / "templates").glob("[45]*.html"))


def who(name: str, method: str, answer: int) -> str:
    """The first visitor whom the table gives this answer; empty where it is nobody."""
    return next(
        (
            visitor
            for visitor in (WITHOUT_FACTORS if name == "people:app-add" else VISITORS)
            if ROWS[name].answer(method, visitor, is_api=False) == answer
        ),
        "",
    )


def doors_of(method: str, answer: int) -> list[str]:
    return sorted(name for name, row in ROWS.items() if method in row.methods and not DOORS[name].is_api and who(name, method, answer))


@pytest.fixture(scope="module")
def world(browser: Browser, world_once: WorldOnce) -> Iterator[World]:
    """The doors' world, in which everybody with a role has an authenticator app and a passkey, so that every confirmation asks for all it can ask for."""
    with world_once():
        built = build_world(portal_settings.BLOB_DIR)
        for name in PERSONAS.values():
            give_factors(getattr(built.cast, name))
        yield built


def give_factors(person: Person) -> None:
    now = timezone.now() + timedelta(minutes=1)
    if not Authenticator.objects.filter(user=person.user).exists():
        give_app(person, at=now)
    later = now + timedelta(minutes=1)
    options, state = passkeys.begin_making(person.user)
    answer = Device(portal_settings.PUBLIC_URL).make(options)
    services.add_passkey(user=person.user, name="Phone", answer=answer, state=state, confirmation=confirmed(person, later), at=later)


@pytest.fixture
def shown(world: World, settings: Any, browser: Browser) -> Iterator[Shown]:
    """Makes the page of a visitor. A script error or a broken policy on it fails the test."""
    settings.BLOB_DIR = world.blobs
    watched, contexts = Watched(), []

    def make(visitor: str) -> Page:
        client = visiting(visitor, world)
        context = browser.new_context(base_url=ORIGIN, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        context.on("page", watched.watch)
        answer_in_process(context, client)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert not watched.problems, "\n".join(watched.problems)


def look(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.evaluate("scrollTo(0, 0)")  # what stays in sight while one scrolls covers other things at each place
    assert page.locator("h1").count() == 1
    assert violations(page, EVERYTHING) == [], page.url
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOURS) == [], f"{page.url}, dark"
    page.emulate_media(color_scheme="light")
    assert missed(page) == [], page.url


@pytest.mark.parametrize("name", doors_of("GET", 200))
def test_axe_finds_nothing_on_the_page_nor_in_its_sheets(name: str, world: World, shown: Shown) -> None:
    where, visitor = address(DOORS[name], world), who(name, "GET", 200)
    if not is_page(where, visitor, world):
        return  # a table, a file or a drawing: taken away, or shown by others
    page = shown(visitor)
    page.goto(where)
    look(page)
    for target in sheets_of(page):
        page.locator(f'[hx-target="#sheet"][hx-get="{target}"]').first.click()
        page.locator("dialog#sheet[open] form").wait_for()
        look(page)
        page.keyboard.press("Escape")
        page.locator("dialog#sheet[open]").wait_for(state="detached")


@pytest.mark.parametrize("name", doors_of("POST", 422))
def test_axe_finds_nothing_on_what_a_form_that_went_empty_answers(name: str, world: World, shown: Shown) -> None:
    visitor = who(name, "POST", 422)
    page = shown(visitor)
    page.goto("/people/me/" if visitor != ANYBODY else "/accounts/login/")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.evaluate(SEND_EMPTY, address(DOORS[name], world))
    assert answered.value.status == 422
    page.wait_for_url(f"**{address(DOORS[name], world)}")
    look(page)


def test_the_sheets_that_sign_are_among_what_is_opened(world: World, shown: Shown) -> None:
    """So that the walk does not come to find none. Each asks for the code, and offers the passkey."""
    case = address(DOORS["reviews:case-detail"], world)
    safeguard = reverse("reviews:safeguard-detail", args=[world.things["unsigned"].pk])
    for where, kind in ((case, "reviews:vote"), (safeguard, "reviews:safeguard-sign")):
        page = shown("reviewer")
        page.goto(where)
        [target] = [target for target in sheets_of(page) if resolve(target).view_name == kind]
        page.goto(target)
        assert page.locator("main [name=code]").count() == page.locator("main [data-passkey-ask]").count() == 1


def test_axe_finds_nothing_where_a_quorum_waits_for_the_chair_and_a_refused_file_for_somebody(world: World, shown: Shown) -> None:
    """What the table's own world refuses, for it is not the moment yet."""
    board, question = world.things["board"], world.things["question"]
    board.moment = timezone.now() + timedelta(minutes=5)
    for person in (board.cast.ben, board.cast.chloe):
        board.vote(person, question, confirmation=confirmed(person, board.moment + timedelta(minutes=1)))
    page = shown("chair")
    answer = page.goto(reverse("reviews:declare", args=[world.things["case"].number, question.pk]))
    assert answer is not None and answer.status == 200
    look(page)

    refused = board.send(b"no evaluation at all")
    board.work()
    page = shown("reviewer")
    answer = page.goto(reverse("evaluations:upload-set-aside", args=[refused.pk]))
    assert answer is not None and answer.status == 200
    look(page)


@pytest.mark.parametrize(("keys", "dialog"), [("Control+k", "palette"), ("?", "shortcuts")])
def test_axe_finds_nothing_in_the_dialogs_that_keys_open(keys: str, dialog: str, world: World, shown: Shown) -> None:
    page = shown("reviewer")
    page.goto("/inbox/")
    page.keyboard.press(keys)
    page.locator(f"dialog#{dialog}[open]").wait_for()
    look(page)


def test_the_second_step_of_signing_in(world: World, shown: Shown) -> None:
    page = shown(ANYBODY)
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(world.cast.ben.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your second factor").wait_for()
    look(page)


@login_not_required
def refuse(request: HttpRequest, page: str) -> HttpResponse:
    """The page alone: a true 500 would rightly fail a test that watches its answers."""
    if page in {"400.html", "500.html", "503.html"}:  # drawn without anything that is known of the request
        return HttpResponse(loader.get_template(page).render())
    return render(request, page, {"refusal": Refusal("What was asked cannot be done.", what_to_do="Ask again later.")})


urlpatterns = [path("refused/<str:page>/", refuse), *portal_addresses]


@pytest.mark.urls("tests.test_doors_in_a_browser")
@pytest.mark.parametrize("error", ERROR_PAGES)
@pytest.mark.parametrize("visitor", ["reviewer", ANYBODY])
def test_axe_finds_nothing_on_the_pages_that_refuse(error: str, visitor: str, world: World, shown: Shown) -> None:
    page = shown(visitor)
    page.goto(f"/refused/{error}/")
    look(page)


def test_there_is_a_page_for_each_kind_of_no() -> None:
    assert {page[:3] for page in ERROR_PAGES} >= {"400", "403", "404", "409", "422", "429", "500", "503"}


def test_no_page_of_the_table_is_left_unseen() -> None:
    with_pages = {name for name, row in ROWS.items() if "GET" in row.methods and not DOORS[name].is_api}
    assert with_pages - set(doors_of("GET", 200)) - set(doors_of("GET", 422)) == set(ELSEWHERE)


def visiting(visitor: str, world: World) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies["asl_link"] = world.things["secret"]  # what following a link left for the page behind it
    if visitor in world.sessions:
        client.cookies["asl_session"] = world.sessions[visitor]
    return client


def is_page(where: str, visitor: str, world: World) -> bool:
    answer: Any = visiting(visitor, world).get(where)
    assert answer.status_code == 200
    if answer.streaming:
        answer.getvalue()  # read to its end, so that the file behind it is closed
    return str(answer["Content-Type"]).startswith("text/html")


def sheets_of(page: Page) -> list[str]:
    """The first sheet of each kind that the page opens."""
    found: dict[str, str] = {}
    for link in page.locator('[hx-target="#sheet"][hx-get]').all():
        target = link.get_attribute("hx-get") or ""
        found.setdefault(resolve(target.split("?")[0]).view_name, target)
    return list(found.values())
