"""The first two people of a portal that holds nobody yet."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from ledger.models import Entry
from people.models import User
from people.queries import roles_of
from people.words import Role
from tests.makers import PASSWORD, make_log

pytestmark = pytest.mark.django_db

IVO, JUN = "Ivo Novak <ivo@lab.example>", "Jun Park <jun@lab.example>"


def test_two_people_are_appointed_once_and_each_comes_in_by_a_link_of_their_own(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    make_log("production")
    call_command("appoint_administrators", IVO, JUN, affiliation="The lab")
    ivo, jun = User.objects.order_by("email")
    assert {ivo.person.name, jun.person.name} == {"Ivo Novak", "Jun Park"}
    assert roles_of(ivo.person, Entry.objects.latest("seq").recorded_at) == {Role.ADMINISTRATOR}
    link = re.findall(r"^Ivo Novak: http://localhost:\d+(\S+)$", capsys.readouterr().out, re.MULTILINE)[0]
    page = client.get(link, follow=True).request["PATH_INFO"]
    client.post(page, {"password": PASSWORD, "again": PASSWORD})
    ivo.refresh_from_db()
    assert ivo.check_password(PASSWORD)
    with pytest.raises(CommandError, match="has administrators already"):
        call_command("appoint_administrators", "Kim <kim@lab.example>", "Lou <lou@lab.example>")
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    ("second", "said"),
    [("Jun Park <jun>", "not an e-mail address"), ("<jun@lab.example>", "needs a name"), (IVO, "already signs in with this address")],
)
def test_a_half_beginning_leaves_nobody_behind(second: str, said: str) -> None:
    make_log("production")
    with pytest.raises(CommandError, match=said):
        call_command("appoint_administrators", IVO, second)
    assert not User.objects.exists()


def test_nobody_is_appointed_before_the_log_is_open() -> None:
    with pytest.raises(CommandError):
        call_command("appoint_administrators", IVO, JUN)
    assert not User.objects.exists()
