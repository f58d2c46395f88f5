"""The shelf of stored pictures: what it refuses, what it shows then, and that it changes only when it is told to."""

from pathlib import Path

import pytest
from PIL import Image

from tests.look.shelf import RENEW, Shelf
from tests.look.test_comparing import noisy, page


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "pictures", tmp_path / "differences")
    shelf.renew("gate", page())
    return shelf


def test_a_page_that_looks_as_stored_gives_no_complaint(shelf: Shelf) -> None:
    assert shelf.complaint("gate", page()) == "" == shelf.complaint("gate", noisy(page()))
    assert not shelf.differences.exists()


def test_a_page_that_looks_otherwise_is_refused_with_share_place_picture_and_the_mend(shelf: Shelf) -> None:
    told = shelf.complaint("gate", page(word="Open"))
    picture = shelf.differences / "gate.png"
    assert "gate looks otherwise than stored: " in told and "% of its pixels (" in told and "from the left and" in told
    assert str(picture) in told and RENEW in told
    with Image.open(picture) as shown:
        assert shown.width > 3 * page().width


def test_the_picture_of_a_difference_goes_with_the_difference(shelf: Shelf) -> None:
    assert shelf.complaint("gate", page(digit="3"))
    assert shelf.complaint("gate", page()) == ""
    assert list(shelf.differences.iterdir()) == []


def test_a_page_without_a_stored_picture_is_refused(shelf: Shelf) -> None:
    told = shelf.complaint("ledger", page())
    assert "No picture of ledger is stored" in told and RENEW in told
    assert (shelf.differences / "ledger.png").exists()


def test_a_stored_picture_without_a_page_is_found(shelf: Shelf) -> None:
    assert shelf.strays(["gate", "ledger"]) == []
    assert shelf.strays(["ledger"]) == [shelf.stored / "gate.png"]


def test_renewing_stores_what_changed_and_leaves_the_file_of_what_did_not(shelf: Shelf) -> None:
    file = shelf.stored / "gate.png"
    before = file.read_bytes()
    shelf.renew("gate", noisy(page()))
    assert file.read_bytes() == before
    shelf.renew("gate", page(word="Open"))
    assert file.read_bytes() != before and shelf.complaint("gate", page(word="Open")) == ""
