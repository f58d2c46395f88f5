"""The portal by keyboard alone: every stop shows where one is, sheets keep and give back the focus, and the short ways lead where they say."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from evaluations.models import Upload
from people.models import Person
from reviews.models import Determination, SafeguardImplementation
from tests.evaluations.logs import log
from tests.keys import HAS_RING
from tests.makers import PASSWORD, client_of
from tests.reviews.conftest import Board, make_board

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def risen(tmp_path: Path, settings: Any) -> Board:
    """A model whose evidence rose, its case, and a safeguard with evidence that waits for a signature."""
    settings.BLOB_DIR = tmp_path
    board = make_board()
    board.rise()
    board.build("asl-3-security-1")
    return board


def at_the_keys(new_context: Any, person: Person) -> Page:
    client = client_of(person)
    context = new_context(reduced_motion="reduce")
    context.add_cookies([{"name": "asl_session", "value": client.cookies["asl_session"].value, "domain": "localhost", "path": "/"}])
    page: Page = context.new_page()
    return page


def tab_to(page: Page, target: Locator) -> None:
    """Presses Tab until the target has the focus; every stop on the way shows that it has it."""
    for _ in range(120):
        page.keyboard.press("Tab")
        assert page.evaluate(f"({HAS_RING})(document.activeElement)"), page.evaluate("document.activeElement.outerHTML")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"The keyboard does not reach {target}.")


def test_a_log_is_uploaded_by_keyboard(new_context: Any, risen: Board, tmp_path: Path) -> None:
    file = tmp_path / "by-keyboard.json"
    file.write_bytes(log("exploits", right=1, run="by-keyboard"))
    page = at_the_keys(new_context, risen.cast.ada)
    # Choosers are caught from here on: told only when one is expected, a busy browser may open its own before it has heard.
    page.on("filechooser", lambda _: None)
    page.goto("/uploads/new/")
    tab_to(page, page.get_by_label("Subject and snapshot"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_label("Result files"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    tab_to(page, page.get_by_role("button", name="Upload files"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=file.name, level=1)).to_be_visible()
    assert Upload.objects.filter(filename=file.name, uploader=risen.cast.ada).exists()


def test_a_log_that_is_dropped_on_the_page_is_listed_and_sent(new_context: Any, risen: Board) -> None:
    page = at_the_keys(new_context, risen.cast.ada)
    page.goto("/uploads/new/")
    page.get_by_label("Subject and snapshot").select_option(index=1)
    content = list(log("exploits", right=1, run="dropped"))
    held = page.evaluate_handle(
        """content => {
          const held = new DataTransfer();
          held.items.add(new File([new Uint8Array(content)], "dropped.json"));
          return held;
        }""",
        content,
    )
    page.dispatch_event("#drop", "dragenter", {"dataTransfer": held})
    expect(page.locator("#drop")).to_have_class("drop over")
    page.dispatch_event("#drop", "drop", {"dataTransfer": held})
    expect(page.get_by_role("list", name="Files to send")).to_contain_text("dropped.json")
    page.get_by_role("button", name="Upload files").click()
    expect(page.get_by_role("heading", name="dropped.json", level=1)).to_be_visible()
    assert Upload.objects.filter(filename="dropped.json").exists()


def test_the_first_stop_leads_past_the_navigation_and_a_word_opens_its_meaning(new_context: Any, risen: Board) -> None:
    page = at_the_keys(new_context, risen.cast.ben)
    page.goto("/safeguards/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Tier", exact=True))
    page.keyboard.press("Enter")
    meaning = page.locator(".meaning:popover-open")
    expect(meaning).to_contain_text("A standard on one axis")
    page.keyboard.press("Escape")
    expect(meaning).to_have_count(0)


def test_the_palette_finds_a_model_from_anywhere_and_goes_there(new_context: Any, risen: Board) -> None:
    page = at_the_keys(new_context, risen.cast.ben)
    page.goto("/ledger/")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Go to")
    expect(palette.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(risen.subject.name)
    found = palette.get_by_role("link", name=risen.subject.name).first
    expect(found).to_be_visible()
    expect(palette.get_by_role("status")).to_contain_text("found.")
    page.keyboard.press("ArrowDown")
    expect(found).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(palette.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=risen.subject.name, level=1)).to_be_visible()


def cast_a_vote(page: Page, board: Board, person: Person) -> None:
    """From the case's page to the signed vote, with the keys alone."""
    question = board.question(threshold="bio-3")
    page.goto(f"/cases/{board.case.number}/")
    tab_to(page, page.locator(f"#q-{question.pk}").get_by_role("link", name="Vote", exact=True))
    page.keyboard.press("Enter")
    sheet = page.locator("dialog#sheet[open]")
    expect(sheet).to_be_visible()
    tab_to(page, sheet.locator("[name=choice]").first)
    page.keyboard.press("Space")
    expect(sheet.locator(".statement:visible")).to_contain_text("Approve elevation")
    tab_to(page, sheet.get_by_label("Rationale"))
    page.keyboard.type(f"{person.name} read the interval.")
    tab_to(page, sheet.get_by_label("Your password"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".votes", has_text=f"{person.name} read the interval.")).to_be_visible()


def test_a_case_is_voted_on_and_declared_by_keyboard(new_context: Any, risen: Board) -> None:
    cast = risen.cast
    question = risen.question(threshold="bio-3")
    for person in (cast.ben, cast.chloe):
        cast_a_vote(at_the_keys(new_context, person), risen, person)
    page = at_the_keys(new_context, cast.dan)
    page.goto(f"/cases/{risen.case.number}/")
    tab_to(page, page.locator(f"#q-{question.pk}").get_by_role("link", name="Declare the outcome"))
    page.keyboard.press("Enter")
    sheet = page.locator("dialog#sheet[open]")
    expect(sheet.get_by_role("heading", name="Recorded with it")).to_be_visible()
    tab_to(page, sheet.get_by_label("Note to the decision"))
    page.keyboard.type("Both read the same interval.")
    tab_to(page, sheet.get_by_label("Your password"))
    page.keyboard.type(PASSWORD)
    tab_to(page, sheet.get_by_role("button", name="Declare:"))
    page.keyboard.press("Enter")
    expect(page.locator(f"#q-{question.pk}")).to_contain_text("Decided: treat as crossed")
    assert Determination.objects.get(question=question).decided_by == cast.dan


def test_a_safeguard_is_signed_off_by_keyboard(new_context: Any, risen: Board) -> None:
    built = SafeguardImplementation.objects.get(safeguard="asl-3-security-1")
    page = at_the_keys(new_context, risen.cast.chloe)
    page.goto(f"/safeguards/{built.pk}/")
    tab_to(page, page.get_by_role("link", name="Sign off this safeguard"))
    page.keyboard.press("Enter")
    sheet = page.locator("dialog#sheet[open]")
    expect(sheet).to_be_visible()
    tab_to(page, sheet.locator("[name=meaning]").first)
    page.keyboard.press("ArrowDown")
    expect(sheet.locator(".statement:visible")).to_contain_text("I verified the implementation myself")
    tab_to(page, sheet.get_by_label("Rationale"))
    page.keyboard.type("Looked at the racks.")
    tab_to(page, sheet.get_by_label("Your password"))
    page.keyboard.type(PASSWORD)
    tab_to(page, sheet.get_by_role("button", name="Sign off"))
    page.keyboard.press("Enter")
    expect(page.locator(".votes", has_text="Looked at the racks.")).to_be_visible()
    assert built.signoffs.get().meaning == "verified-implementation"
