"""What changes by itself on a page is said aloud: in a polite live region, once it has changed; and an upload shows how far it is until its receipt."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from evaluations.models import Upload
from tests.evaluations.logs import log
from tests.makers import work_off
from tests.reviews.conftest import Board, make_board
from tests.reviews.test_board_in_a_browser import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def empty(tmp_path: Path, settings: Any) -> Board:
    settings.BLOB_DIR = tmp_path
    return make_board()


def test_a_receipt_that_changed_is_announced_politely_and_not_before(new_context: Any, empty: Board) -> None:
    upload = empty.send(log("bio_protocols", right=20, run="one"))
    page = signed_in(new_context, empty.cast.ada)
    page.goto(f"/uploads/{upload.pk}/")
    status = page.locator("#status")
    assert (status.get_attribute("role"), status.get_attribute("aria-live")) == ("status", "polite")
    with page.expect_response(lambda answer: f"/uploads/{upload.pk}/" in answer.url):
        pass  # it has asked once more by itself, and nothing had changed
    expect(status).to_be_empty()
    empty.work()
    expect(status).to_have_text(re.compile(r": read; \d findings? moved\.$"))
    expect(page.locator("#receipt")).not_to_have_attribute("hx-get", re.compile("."))


def test_an_upload_shows_how_far_it_is_and_ends_in_its_receipt(new_context: Any, empty: Board) -> None:
    page = signed_in(new_context, empty.cast.ada)
    files = [
        {"name": f"{task}.eval", "mimeType": "application/octet-stream", "buffer": log(task, right=2, run=task)}
        for task in ("bio_protocols", "exploits")
    ]
    page.goto(f"/uploads/new/?about={empty.snapshot.pk}")
    page.get_by_label("Result files").set_input_files(files)
    page.get_by_role("button", name="Upload files").click()
    lines = page.locator(".queue > li")
    expect(lines).to_have_count(2)
    for line in lines.all():
        bar = line.locator("progress")
        expect(bar).to_have_attribute("aria-label", re.compile(r"\.eval (sent|read)$"))
        expect(line.get_by_role("link", name=re.compile("open the receipt"))).to_be_visible()
    work_off(timezone.now())  # the page received them by the clock
    for line in lines.all():
        expect(line.get_by_role("link", name=re.compile("^Read.*open the receipt", re.IGNORECASE))).to_be_visible()
        expect(line.locator("progress")).to_have_js_property("value", 100)
    expect(page.locator("#status")).to_have_text("2 of 2 files are kept.")
    lines.first.get_by_role("link").click()
    upload = Upload.objects.get(filename="bio_protocols.eval")
    expect(page).to_have_url(re.compile(f"/uploads/{upload.pk}/$"))
    expect(page.get_by_role("heading", name="bio_protocols.eval", level=1)).to_be_visible()


def test_the_summary_of_several_files_says_which_shut_the_gate(new_context: Any, empty: Board) -> None:
    page = signed_in(new_context, empty.cast.ada)
    page.goto(f"/uploads/new/?about={empty.snapshot.pk}")
    expect(page.get_by_text("A file that cannot be read is kept, too, and shuts the gate")).to_be_visible()
    sent = {"run.eval": log("bio_protocols", right=2, run="one"), "notes.txt": b"hello there\n", "none.eval": b""}
    page.get_by_label("Result files").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in sent.items()]
    )
    page.get_by_role("button", name="Upload files").click()
    status = page.locator("#status")
    expect(status).to_have_text("3 of 3 files are kept.")
    work_off(timezone.now())
    expect(status).to_have_text(
        "3 of 3 files are kept; 2 of them were refused, and the gate of the model stays shut until a reviewer answers for each."
    )
    expect(page.locator(".queue > li").nth(1)).to_contain_text("Refused open the receipt")
    page.get_by_role("button", name="Upload files").scroll_into_view_if_needed()
    page.mouse.wheel(0, 4000)
    expect(status).to_be_in_viewport()
