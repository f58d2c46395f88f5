"""Commands work where they are pasted, naming the data folder where it is not the usual one; and the one for pictures keeps away from real records."""

from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from asl_portal import way_in
from tests.makers import client_of, make_log, make_people


def test_a_command_names_the_data_folder_where_it_is_not_the_usual_one(settings: Any) -> None:
    settings.DATA_DIR = settings.BASE_DIR / "data"
    assert way_in.manage() == "./portal manage"
    settings.DATA_DIR = Path("/srv/asl data")
    assert way_in.manage() == "ASL_DATA_DIR='/srv/asl data' ./portal manage"


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["demo", "production"])
def test_a_link_that_was_used_names_the_command_for_another_in_a_demonstration_and_no_folder_elsewhere(mode: str) -> None:
    make_log(mode)
    page = Client().get(reverse("sign_in_link", args=["used"]))
    assert page.status_code == 404
    shown = ("sign_in_link EMAIL" in page.text, str(portal_settings.DATA_DIR) in page.text, "another of them confirms it" in page.text)
    assert shown == ((True, True, False) if mode == "demo" else (False, False, True))


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["demo", "production"])
def test_the_ledgers_pages_write_their_command_so_that_it_works_where_it_is_pasted(mode: str) -> None:
    cast = make_people("hana", mode=mode)
    page = client_of(cast.hana).get(reverse("ledger:verify")).text
    assert f"{way_in.manage() if mode == 'demo' else '<code>./portal manage'} verify_ledger --record" in unescape(page)


@pytest.mark.django_db
def test_no_picture_is_taken_of_a_production_log(tmp_path: Path) -> None:
    make_log("production")
    with pytest.raises(CommandError, match="of a demonstration only"):
        call_command("make_screenshots", into=tmp_path / "images")
    assert not (tmp_path / "images").exists()
