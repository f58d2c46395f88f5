"""Asking a server outside for something, within bounds: how long it may take and how much it may say. Redirects are not followed."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from urllib.parse import urlsplit

EACH_STEP_SECONDS = 5
ALTOGETHER_SECONDS = 10
MOST_BYTES = 256 * 1024


class NotAnswered(Exception):
    """Nothing came back that is worth reading. The words are ours: what a server says may repeat what was sent to it."""


def ask(method: str, address: str, *, body: str = "", headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """The status and the text of an answer. Raises NotAnswered."""
    parts = urlsplit(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts.scheme, str(parts.hostname), parts.port)
    try:
        connection.connect()
        with cut_off(connection.sock, ALTOGETHER_SECONDS):
            connection.request(method, path, body.encode() or None, dict(headers or {}))
            with connection.getresponse() as answer:
                status, said = answer.status, answer.read(MOST_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise NotAnswered(type(error).__name__) from error
    finally:
        connection.close()
    if len(said) > MOST_BYTES:
        raise NotAnswered("too long an answer")
    return status, said


@contextmanager
def cut_off(sock: socket.socket, after_seconds: float) -> Iterator[None]:
    """Ends what is said through it after that long: a server that answers a byte at a time would otherwise hold its asker for hours."""
    deadline = threading.Timer(after_seconds, _cut, [sock])
    deadline.start()
    try:
        yield
    finally:
        deadline.cancel()


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(host, port, timeout=EACH_STEP_SECONDS, context=ssl.create_default_context())
    return HTTPConnection(host, port, timeout=EACH_STEP_SECONDS)


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
