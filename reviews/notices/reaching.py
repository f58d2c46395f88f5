"""Reaching an address outside without being led inside: every name is resolved here, judged, and connected to as judged.

A name may resolve to something else a moment later, so the connection goes to the very address that was looked at; a library that resolves names itself
is held to the same where it connects. Private, link-local and loopback networks are refused unless `ASL_OUTLET_NETWORKS` names them. Plain http is for
loopback only. Redirects are not followed.
"""

import socket
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from ledger.refusals import NotValid
from people.outgoing import cut_off, is_loopback

EACH_STEP_SECONDS = 5
ALTOGETHER_SECONDS = 10
_NAT64 = ip_network("64:ff9b::/96")


class AddressNotAllowed(NotValid):
    code = "address_not_allowed"
    sentence = "The portal does not send to this address."
    what_to_do = "Use an https address in public; ASL_OUTLET_NETWORKS names networks of your own that may be reached."


class NotReached(Exception):
    """Nothing took the message. The words are ours: what a server says may repeat what was sent to it."""

    def __init__(self, why: str, status: int | None = None) -> None:
        self.why, self.status = why, status
        super().__init__(why)


def checked(address: str) -> SplitResult:
    """The parts of an address the portal may send to; nothing is connected to. Raises AddressNotAllowed."""
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise AddressNotAllowed("This is not an address.") from error
    if parts.scheme not in {"https", "http"} or not host or parts.username or parts.password or parts.fragment or port == 0:
        raise AddressNotAllowed("An address is https://host/path, without a name or password in it.")
    if any(character <= " " or character == "\x7f" for character in address):
        raise AddressNotAllowed("This is not an address.")
    if parts.scheme == "http" and not is_loopback(host):
        raise AddressNotAllowed("Plain http can be read and changed on the way; it is taken for loopback only.")
    return parts


def judged(host: str, port: int) -> str:
    """The address to connect to. Raises AddressNotAllowed where any address of this name is inside, NotReached where it has none."""
    try:
        found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise NotReached("The name of the host is not known.") from error
    if not all(may_reach(str(address)) for address in found):
        raise AddressNotAllowed("This host stands on a network inside, which the portal does not send to.")
    return str(found[0])


def may_reach(address: str) -> bool:
    """Whether an IP address lies outside, or on a network the settings name."""
    real = _embedded(ip_address(address.partition("%")[0]))
    if any(real in ip_network(network) for network in settings.OUTLET_NETWORKS):
        return True
    # Python calls some of what is reserved for other ends global: IPv4 in old disguises, addresses of one site.
    return real.is_global and not (real.is_multicast or real.is_reserved or (isinstance(real, IPv6Address) and real.is_site_local))


def post(address: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send `body` and give the status of the answer, whose text is not read. Raises AddressNotAllowed, NotReached."""
    parts = checked(address)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    connection = _Judged(host, port, judged(host, port), secure=parts.scheme == "https")
    try:
        connection.connect()
        with cut_off(connection.sock, ALTOGETHER_SECONDS):
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers))
            return connection.getresponse().status
    except (OSError, HTTPException, ssl.SSLError, ValueError) as error:
        raise NotReached(f"The receiver did not take it ({type(error).__name__}).") from error
    finally:
        connection.close()


@contextmanager
def reaching_outside_only() -> Iterator[None]:
    """For a library that makes its own connections: each is judged by the address it really goes to. Raises AddressNotAllowed at the end where one was refused."""
    _watch_connections()
    refused: list[str] = []
    token = _refused.set(refused)
    try:
        yield
    finally:
        _refused.reset(token)
    if refused:
        raise AddressNotAllowed("This host stands on a network inside, which the portal does not send to.")


# The addresses refused so far, while a library is being watched; None at all other times.
_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)


@cache
def _watch_connections() -> None:
    """Python tells its audit hooks of a connection before it is made. A hook stays for good, so it is set only where it is first needed."""
    sys.addaudithook(_judge_connection)


def _judge_connection(event: str, told: tuple[object, ...]) -> None:
    if event not in {"socket.connect", "socket.sendto"}:
        return
    refused = _refused.get()
    if refused is None:
        return
    if not _lies_outside(told[1]):
        refused.append(event)
        raise PermissionError("The portal does not send to this address.")


def _lies_outside(address: object) -> bool:
    try:
        return isinstance(address, tuple) and may_reach(str(address[0]))
    except ValueError:  # a name that nobody has resolved
        return False


class _Judged(HTTPConnection):
    """A connection to an address that was judged, under the name it was asked for."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=EACH_STEP_SECONDS)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), EACH_STEP_SECONDS)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, where it stands for one: it is what would be reached."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
