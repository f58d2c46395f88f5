"""What people do on the pages, step by step, in the words the pages use. A step ends when the page says that it is done."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Locator, Page, expect

from asl_portal.demo.estate import STACK_DIGEST
from people.factors import PERIOD_SECONDS, code_at, step_at
from tests.processes import eventually

PASSWORD = "a long and quiet river"
# The authenticator app of whoever sits at a page: its secret, and the half-minute whose code was spent last.
_apps: WeakKeyDictionary[Page, dict[str, Any]] = WeakKeyDictionary()


def choose_password(page: Page, link: str) -> None:
    """Opens a one-time link and chooses a password; that signs in."""
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password, again").fill(PASSWORD)
    page.get_by_role("button", name="Set password and sign in").click()
    expect(page.get_by_text("Your password is set and you are signed in.")).to_be_visible()


def add_app(page: Page) -> None:
    """Adds an authenticator app, as the page after the first password offers."""
    page.goto("/people/me/factors/")
    page.get_by_role("link", name="Add an authenticator app").click()
    _apps[page] = {"secret": page.locator("#totp-secret").inner_text().replace(" ", ""), "spent": 0}
    page.get_by_label("Code the app shows now").fill(_next_code(page))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Add authenticator app").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()


def sign_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label(re.compile("^E-?mail")).fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    if page in _apps:
        page.get_by_label("Code").fill(_next_code(page))
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Waiting on me", level=1)).to_be_visible()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()


def upload(page: Page, log: Path, *, about: str) -> None:
    """Sends one file and waits for its receipt."""
    page.goto("/uploads/new/")
    page.get_by_label("Subject and snapshot").select_option(label=about)
    page.get_by_label("Result files").set_input_files(log)
    page.get_by_role("button", name="Upload files").click()
    expect(page.get_by_role("heading", name=log.name, level=1)).to_be_visible()


def attach_evidence(page: Page, safeguard: str, file: Path, *, note: str) -> None:
    open_safeguard(page, safeguard)
    page.get_by_text("Attach evidence", exact=True).click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("What it shows").fill(note)
    page.get_by_role("button", name="Attach file").click()
    expect(page.get_by_text(f"{file.name} is attached.")).to_be_visible()


def open_safeguard(page: Page, safeguard: str) -> None:
    """From the list, by the row that holds the safeguard's slug."""
    page.goto("/safeguards/")
    page.get_by_role("row").filter(has=page.get_by_text(safeguard, exact=True)).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What it must do")).to_be_visible()


def sign_off(page: Page, safeguard: str, *, rationale: str) -> None:
    """Signs with the password in the sheet; the page then shows the signature."""
    open_safeguard(page, safeguard)
    page.get_by_role("link", name="Sign off this safeguard").click()
    sheet = _sheet(page)
    sheet.get_by_role("radio").first.check()
    _sign(page, sheet, rationale)
    expect(page.get_by_text(" is signed off until ")).to_be_visible()


def state_applicability(page: Page, case: str, *, rationale: str) -> None:
    page.goto(case)
    page.get_by_role("link", name="State which sign-offs apply").click()
    for scope in page.get_by_role("group", name="Scopes").get_by_role("checkbox").all():
        scope.check()
    page.get_by_label("Digest of the serving stack").fill(STACK_DIGEST)
    page.get_by_label("Why these sign-offs cover this model").fill(rationale)
    _confirm(page, page)
    page.get_by_role("button", name=re.compile("^Sign statement")).click()
    expect(page.get_by_text("The applicability statement is signed")).to_be_visible()


def comment(page: Page, case: str, text: str, *, hazard: bool = False) -> None:
    page.goto(case)
    page.get_by_label("Comment").fill(text)
    page.get_by_label("Holds hazardous detail").set_checked(hazard)
    page.get_by_role("button", name="Add comment").click()
    expect(page.get_by_role("main").get_by_text(text)).to_be_visible()


def open_questions(page: Page, case: str) -> list[str]:
    """The questions of a case that are not decided yet, as they are worded, in their order."""
    page.goto(case)
    sections = page.locator("section.question").filter(has_not=page.get_by_text(re.compile("^Decided: ")))
    return [heading.strip() for heading in sections.locator("h2").all_inner_texts()]


def vote(page: Page, case: str, question: str, *, choice: str = "Approve", rationale: str) -> None:
    _question(page, case, question).get_by_role("link", name=re.compile("^Vote")).click()
    sheet = _sheet(page)
    sheet.get_by_role("radio", name=re.compile(f"^{choice}")).check()
    _sign(page, sheet, rationale)
    expect(page.get_by_text("Your vote is in the record")).to_be_visible()


def declare(page: Page, case: str, question: str, *, note: str) -> str:
    """The chair declares what the votes carry; answers the words of the button."""
    _question(page, case, question).get_by_role("link", name="Declare the outcome").click()
    sheet = _sheet(page)
    words = sheet.locator("form").get_by_role("button").inner_text()
    _sign(page, sheet, note)
    expect(page.get_by_text(f"Declared: {words.removeprefix('Declare: ')}.", exact=True)).to_be_visible()
    return words


def ask_release(page: Page, case: str, *, scope: str) -> None:
    page.goto(case)
    page.get_by_role("link", name="Ask for a release").first.click()
    page.get_by_label("Scope").select_option(scope)
    page.get_by_role("button", name="Ask the board").click()
    expect(page.get_by_text("The release is put to the vote.")).to_be_visible()


def ask_gate(page: Page, artefact: str, scope: str) -> Locator:
    """Asks the gate on its page; answers the region that holds the verdict and its reasons."""
    page.goto("/gate/")
    page.get_by_label("Artefact digest").fill(artefact)
    page.get_by_label("Scope").select_option(scope)
    page.get_by_role("button", name="Ask the gate").click()
    expect(page.get_by_text(re.compile(r"^(Allow|Deny)[.,]"))).to_be_visible()
    return page.get_by_role("main")


def make_report(page: Page, case: str, folder: Path) -> Path:
    """Asks for the PDF, waits for the worker to make it, takes it away."""
    page.goto(case)
    page.get_by_role("link", name="Report", exact=True).click()
    page.get_by_role("button", name="Make PDF report").click()
    made = page.get_by_role("link", name=re.compile(r"\.pdf$"))
    expect(made).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        made.click()
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target


def _question(page: Page, case: str, question: str) -> Locator:
    page.goto(case)
    return page.locator("section.question").filter(has=page.get_by_role("heading", name=question, exact=True))


def _sheet(page: Page) -> Locator:
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_label("Your password")).to_be_visible()
    return sheet


def _sign(page: Page, sheet: Locator, rationale: str) -> None:
    """Fills in why, confirms who signs, and presses the button that names the effect."""
    sheet.get_by_role("textbox").first.fill(rationale)
    _confirm(page, sheet)
    sheet.locator("form").get_by_role("button").click()


def _confirm(page: Page, place: Page | Locator) -> None:
    place.get_by_label("Your password").fill(PASSWORD)
    if page in _apps:
        place.get_by_label("Code from your authenticator app").fill(_next_code(page))


def _next_code(page: Page) -> str:
    """The next code that was not spent yet; a code counts once, so a hurried person waits for the clock."""
    app = _apps[page]
    app["spent"] = step = max(app["spent"] + 1, step_at(datetime.now(UTC)))
    eventually(lambda: step_at(datetime.now(UTC)) + 1 >= step, seconds=60)
    return code_at(app["secret"], datetime.fromtimestamp(step * PERIOD_SECONDS, UTC))
