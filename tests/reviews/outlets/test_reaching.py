"""Which addresses the portal sends to: public ones, as they were looked at, and those of its own that the settings name."""

import socket
from typing import Any

import pytest

from reviews.notices import reaching
from reviews.notices.reaching import AddressNotAllowed, NotReached, judged, may_reach, post
from tests.processes import Outside

INSIDE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
    "::127.0.0.1", "::a9fe:a9fe", "64:ff9b:1::7f00:1", "fec0::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_reached(address: str) -> None:
    assert not may_reach(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14"])
def test_an_address_outside_is(address: str) -> None:
    assert may_reach(address)


def test_a_network_the_settings_name_is_reached_and_its_neighbour_is_not(settings: Any) -> None:
    settings.OUTLET_NETWORKS = ["10.1.0.0/16", "fd00::/8"]
    assert may_reach("10.1.2.3") and may_reach("fd00::1") and may_reach("::ffff:10.1.2.3")
    assert not may_reach("10.2.0.1")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]"])
def test_no_spelling_of_loopback_gets_round_it(host: str) -> None:
    with pytest.raises((AddressNotAllowed, NotReached)):
        judged(host.strip("[]"), 443)


def test_a_name_with_one_address_inside_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(AddressNotAllowed):
        judged("two-faced.example", 443)


def test_the_connection_goes_to_the_address_that_was_judged_whatever_the_name_says_later(
    outside: Outside, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *more: Any, **named: Any) -> Any:
        asked.append(host)
        # The second time the name is asked it points elsewhere: what a rebinding name server does.
        return real("127.0.0.1" if asked.count("localhost") == 1 else host if host != "localhost" else "10.255.255.1", port, *more, **named)

    monkeypatch.setattr(reaching.socket, "getaddrinfo", resolve)
    port = outside.address.rpartition(":")[2]
    assert post(f"http://localhost:{port}/", b"{}", {}) == 204
    assert asked.count("localhost") == 1


def test_a_name_nobody_knows_only_delays() -> None:
    with pytest.raises(NotReached):
        judged("no-such-host.invalid", 443)


def test_a_certificate_that_does_not_hold_is_not_sent_to(outside: Outside) -> None:
    with pytest.raises(NotReached):
        post(outside.address.replace("http:", "https:"), b"{}", {})
    assert outside.got == []
