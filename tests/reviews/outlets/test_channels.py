"""Chat and paging services through apprise, against a real server that stands for one."""

import json
import logging
import socket

import pytest

from ledger.refusals import NotAllowed
from reviews.models import Delivery, Outlet
from reviews.models.notice import WorkState
from reviews.notices.channels import chat
from reviews.notices.reaching import AddressNotAllowed, reaching_outside_only
from reviews.services import cases
from reviews.work import wait_after
from tests.processes import Outside
from tests.reviews.conftest import Board
from tests.reviews.outlets.conftest import Keeper

CANARY = "CANARY-TRANSCRIPT"


def channel_address(outside: Outside, path: str = "/room") -> str:
    return outside.address.replace("http://", "json://") + path


def test_a_room_is_told_one_sentence_and_where_to_read_more(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.channel(channel_address(outside), "cases")
    case = board.rise()
    cases.comment(case=case, text=CANARY, hazard=True, actor=board.cast.ben, at=board.now())
    assert keeper.deliver() == 1
    [got] = outside.got
    said = json.loads(got["body"])
    assert (
        said["message"] == f"Case {case.number} was opened: elevation of {case.subject.name}.\nhttp://localhost:8000/cases/{case.number}/"
    )
    assert CANARY not in got["body"]
    assert keeper.deliver() == 0 and len(outside.got) == 1


def test_a_service_that_refuses_only_delays(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.channel(channel_address(outside), "cases")
    board.rise()
    outside.answer("500")
    now = board.now()
    assert keeper.deliver(now) == 0
    assert Delivery.objects.get().last_error == "The service did not take it."
    outside.answer("200")
    assert keeper.deliver(now + wait_after(1)) == 1


def test_a_redirect_is_not_followed_even_where_the_address_asks_for_it(board: Board, keeper: Keeper, outside: Outside) -> None:
    keeper.channel(channel_address(outside, "/first?redirect=yes&verify=no"), "cases")
    board.rise()
    outside.answer(f"302 {outside.address}/second")
    assert keeper.deliver() == 0
    assert [got["path"].partition("?")[0] for got in outside.got] == ["/first"]


def test_the_address_is_not_logged_shown_or_stored(
    board: Board, keeper: Keeper, outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    # As the portal's own settings have it: the libraries that would name the address say nothing.
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.CRITICAL, "apprise"), caplog.at_level(logging.CRITICAL, "urllib3"):
        outlet = keeper.channel(channel_address(outside, "/T0KEN"), "cases")
        board.rise()
        outside.answer("500")
        keeper.deliver()
    assert outside.got[0]["path"] == "/T0KEN"
    assert "T0KEN" not in caplog.text
    assert "T0KEN" not in " ".join(str(value) for value in (*Outlet.objects.values()[0].values(), *Delivery.objects.values()[0].values()))
    assert outlet.place == "JSON"


def test_the_settings_silence_the_libraries_that_name_addresses() -> None:
    from asl_portal.logs import logging_settings  # noqa: PLC0415 - one function for one test

    quiet = logging_settings("DEBUG")["loggers"]
    assert (quiet["apprise"]["level"], quiet["urllib3"]["level"]) == ("CRITICAL", "CRITICAL")


@pytest.mark.parametrize("address", ["syslog://", "dbus://", "nonsense", "", "file:///etc/passwd", "windows://"])
def test_what_is_no_service_outside_is_refused(board: Board, keeper: Keeper, address: str) -> None:
    with pytest.raises(AddressNotAllowed):
        keeper.channel(address)


@pytest.mark.parametrize(
    "address", ["json://10.0.0.5/x", "jsons://169.254.169.254/x", "json://127.0.0.1:6379/", "ntfys://192.168.0.9/topic"]
)
def test_a_host_inside_is_refused(board: Board, keeper: Keeper, address: str) -> None:
    with pytest.raises(AddressNotAllowed):
        keeper.channel(address)


def test_a_name_that_points_inside_by_the_time_the_library_asks_it_is_not_reached(
    board: Board, keeper: Keeper, outside: Outside, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    address = (
        channel_address(outside)
        .replace("json:", "jsons:")
        .replace("127.0.0.1", "two-faced.example")
        .replace("localhost", "two-faced.example")
    )
    port, asked, real = int(outside.address.rpartition(":")[2]), [], socket.getaddrinfo

    def resolve(host: str, *more: object, **named: object) -> object:
        """The first time the name is asked it lies outside, then on this machine: what a rebinding name server does."""
        if host != "two-faced.example":
            return real(host, *more, **named)  # type: ignore[arg-type]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14" if len(asked) <= 2 else "127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    settings.OUTLET_NETWORKS = []  # type: ignore[attr-defined]
    keeper.channel(address, "cases")  # asked once as it is set up; once more before it is sent
    board.rise()
    assert keeper.deliver() == 0
    assert len(asked) > 2 and outside.got == []
    assert Delivery.objects.get().last_error == "This host stands on a network inside, which the portal does not send to."


def test_while_nothing_is_sent_every_connection_is_as_free_as_before(outside: Outside, settings: object) -> None:
    settings.OUTLET_NETWORKS = []  # type: ignore[attr-defined]
    host, port = outside.address.removeprefix("http://").split(":")
    with pytest.raises(AddressNotAllowed), reaching_outside_only(), pytest.raises(PermissionError):
        socket.create_connection((host, int(port)))
    socket.create_connection((host, int(port))).close()


def test_a_network_of_ones_own_is_reached_encrypted_only(settings: object) -> None:
    settings.OUTLET_NETWORKS = ["10.0.0.0/8"]  # type: ignore[attr-defined]
    assert chat.name_of("jsons://10.0.0.5/x") == "JSON"
    with pytest.raises(AddressNotAllowed, match="in the clear"):
        chat.name_of("json://10.0.0.5/x")


def test_no_resolver_hears_of_the_key_of_a_fixed_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.notices.channels.chat.judged", lambda *_: pytest.fail("a key was asked for as a host"))
    assert chat.name_of("slack://TokenA1234/TokenB1234/abcdefghijklmnopqrstuvwx/#general") == "Slack"


def test_only_an_administrator_sets_one_up(board: Board, keeper: Keeper, outside: Outside) -> None:
    with pytest.raises(NotAllowed):
        keeper.channel(channel_address(outside), actor=board.cast.dan, user=board.cast.dan.user)


def test_a_channel_whose_seal_no_longer_opens_is_given_up_with_the_reason(
    board: Board, keeper: Keeper, outside: Outside, settings: object
) -> None:
    keeper.channel(channel_address(outside), "cases")
    board.rise()
    settings.SECRET_KEY, old = "another secret of at least thirty-two characters", settings.SECRET_KEY  # type: ignore[attr-defined]
    assert keeper.deliver() == 0
    assert (Delivery.objects.get().state, outside.got) == (WorkState.DEAD, [])
    Delivery.objects.update(state=WorkState.WAITING, last_error="")
    settings.SECRET_KEY_FALLBACKS = [old]  # type: ignore[attr-defined]
    assert keeper.deliver() == 1
