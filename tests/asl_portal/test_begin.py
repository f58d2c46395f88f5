"""The first start: which log is opened, and who gets a link."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from asl_portal.management.commands.begin import APPOINT
from ledger.services import current_log
from tests.makers import give_password, make_log, make_people

pytestmark = pytest.mark.django_db


def _begin(tmp_path: Path, **options: bool) -> dict[str, object]:
    call_command("begin", report=tmp_path / "begin.json", **options)
    report: dict[str, object] = json.loads((tmp_path / "begin.json").read_text())
    return report


def test_an_empty_start_opens_a_production_log_and_a_second_one_finds_it(tmp_path: Path) -> None:
    assert _begin(tmp_path, empty=True) == {"done": f"production log opened; {APPOINT}", "links": []}
    assert _begin(tmp_path, empty=True) == {"done": f"production log found; {APPOINT}", "links": []}
    call_command("appoint_administrators", "Ivo <ivo@lab.example>", "Jun <jun@lab.example>")
    assert _begin(tmp_path, empty=True)["done"] == "production log found"
    log = current_log()
    assert log is not None and log.mode == "production"


def test_a_demo_log_is_never_begun_again_as_production(tmp_path: Path) -> None:
    make_log("demo")
    with pytest.raises(CommandError, match="never both"):
        _begin(tmp_path, empty=True)


def test_the_report_with_its_links_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    _begin(tmp_path, empty=True)
    assert (tmp_path / "begin.json").stat().st_mode & 0o077 == 0


def test_whoever_has_no_password_gets_a_link_that_opens_and_whoever_has_one_gets_none(tmp_path: Path, client: Client) -> None:
    cast = make_people("ada", "ben")
    give_password(cast.ben)
    links = _links(tmp_path)
    assert [who for who, _ in links] == ["Ada, Researcher", "Ivo, Administrator", "Jun, Administrator"]
    assert client.get(urlsplit(links[0][1]).path, follow=True).status_code == 200


def test_a_production_log_gives_links_to_first_administrators_and_nobody_else(tmp_path: Path) -> None:
    make_people("ada", mode="production")
    assert [who for who, _ in _links(tmp_path)] == ["Ivo, Administrator", "Jun, Administrator"]


def _links(tmp_path: Path) -> list[tuple[str, str]]:
    call_command("begin", report=tmp_path / "begin.json")
    return [(link["who"], link["url"]) for link in json.loads((tmp_path / "begin.json").read_text())["links"]]
