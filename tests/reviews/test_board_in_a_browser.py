"""The board's pages in a real browser: accessible in both themes, whole on a narrow screen, signed in a sheet, and without scripts."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from people.models import Person
from reviews.models import SafeguardImplementation, Vote
from tests.axe import violations
from tests.makers import PASSWORD, client_of
from tests.reviews.conftest import Board, make_board

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def risen(tmp_path: Path, settings: Any) -> Board:
    """A model whose evidence no longer rules out one threshold; a case is open, one safeguard is built and signed off."""
    settings.BLOB_DIR = tmp_path
    board = make_board()
    board.rise()
    board.sign_off(board.cast.chloe, board.build(board.version.document.safeguards[0].slug))
    return board


def signed_in(new_context: Any, person: Person, **options: Any) -> Any:
    client = client_of(person)
    context = new_context(**options)
    context.add_cookies([{"name": "asl_session", "value": client.cookies["asl_session"].value, "domain": "localhost", "path": "/"}])
    return context.new_page()


def pages(board: Board) -> list[str]:
    question = board.question(threshold="bio-3")
    case = f"/cases/{board.case.number}/"
    subject = f"/subjects/{board.subject.slug}/"
    return [
        "/inbox/",
        "/portfolio/?sort=-required",
        subject,
        f"{subject}?as_of=2026-05-23",
        f"{subject}cases/open/",
        "/cases/",
        case,
        f"{case}questions/{question.pk}/vote/",
        f"{case}report/",
        "/safeguards/",
        f"/safeguards/{SafeguardImplementation.objects.get().pk}/sign/",
        f"/gate/?subject={board.subject.slug}&scope=external",
        "/uploads/",
        "/uploads/new/",
        "/bindings/",
        f"{subject}snapshots/",
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_of_the_board_is_accessible(new_context: Any, risen: Board, theme: str) -> None:
    page = signed_in(new_context, risen.cast.ben, color_scheme=theme)
    for address in pages(risen):
        answer = page.goto(address)
        if answer.status == 403:  # what Ben may not do is refused in words
            continue
        assert answer.status == 200, address
        assert page.locator("h1").count() == 1, address
        assert violations(page) == [], address


def test_no_page_of_the_board_is_wider_than_a_narrow_screen(new_context: Any, risen: Board) -> None:
    page = signed_in(new_context, risen.cast.ben, viewport={"width": 320, "height": 700})
    for address in pages(risen):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, address


def test_a_vote_is_signed_in_the_sheet_and_a_wrong_password_keeps_it_open(new_context: Any, risen: Board) -> None:
    question = risen.question(threshold="bio-3")
    page = signed_in(new_context, risen.cast.ben)
    page.goto(f"/cases/{risen.case.number}/")
    page.locator(f"#q-{question.pk}").get_by_role("link", name="Vote").click()
    sheet = page.locator("dialog#sheet[open]")
    sheet.get_by_label("Approve").check()
    sheet.get_by_label("Rationale").fill("The upper bound is above the line.")
    sheet.get_by_label("Your password").fill("not the password")
    sheet.get_by_role("button", name="Sign and cast vote").click()
    sheet.locator(".error-summary").wait_for()
    assert not Vote.objects.exists()
    sheet.get_by_label("Approve").check()
    sheet.get_by_label("Your password").fill(PASSWORD)
    sheet.get_by_role("button", name="Sign and cast vote").click()
    page.locator(".votes", has_text="The upper bound is above the line.").wait_for()
    assert Vote.objects.get().person == risen.cast.ben


def test_escape_closes_the_sheet_and_nothing_is_signed(new_context: Any, risen: Board) -> None:
    question = risen.question(threshold="bio-3")
    page = signed_in(new_context, risen.cast.ben)
    page.goto(f"/cases/{risen.case.number}/")
    page.locator(f"#q-{question.pk}").get_by_role("link", name="Vote").click()
    page.locator("dialog#sheet[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog#sheet[open]").wait_for(state="detached")
    assert not Vote.objects.exists()


def test_a_vote_is_signed_without_any_script(new_context: Any, risen: Board) -> None:
    question = risen.question(threshold="bio-3")
    page = signed_in(new_context, risen.cast.ben, java_script_enabled=False)
    page.goto(f"/cases/{risen.case.number}/")
    page.locator(f"#q-{question.pk}").get_by_role("link", name="Vote").click()
    page.get_by_label("Approve").check()
    page.get_by_label("Rationale").fill("The upper bound is above the line.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign and cast vote").click()
    assert page.locator(".votes", has_text="The upper bound is above the line.").count() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_the_words_to_be_signed_follow_the_choice_with_scripts_and_without(new_context: Any, risen: Board, scripts: bool) -> None:
    question = risen.question(threshold="bio-3")
    page = signed_in(new_context, risen.cast.ben, java_script_enabled=scripts)
    page.goto(f"/cases/{risen.case.number}/")
    page.locator(f"#q-{question.pk}").get_by_role("link", name="Vote").click()
    words = page.locator(".signing .statement:visible")
    expect(words).to_have_text("Choose below. The words you sign then stand here.")
    for label, said in (("Approve", "treat as crossed, require"), ("Reject", "not crossed."), ("Abstain", "Abstain.")):
        page.get_by_label(label).check()
        expect(words).to_have_count(1)
        expect(words).to_contain_text(said)
    page.get_by_label("Reject").check()
    page.get_by_label("Rationale").fill("The interval is wide.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign and cast vote").click()
    page.locator(".votes", has_text="The interval is wide.").wait_for()
    assert json.loads(bytes(Vote.objects.get().signature.statement))["text"].endswith(
        "not crossed. I have no conflict of interest in this question."
    )
