"""A client of the gate in a process of its own; it knows nothing of Django, so that it starts at once and costs little."""

import http.client
import time
from typing import Any


def ask(connection: http.client.HTTPConnection, token: str, address: str) -> tuple[int, bytes]:
    connection.request("GET", address, headers={"Authorization": f"Bearer {token}", "Host": "localhost"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def keep_asking(port: int, token: str, address: str, seconds: float, told: Any) -> None:
    """Asks over one connection for so long, and tells how many answers a second came; a wrong one is told as none."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    ask(connection, token, address)
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        status, _ = ask(connection, token, address)
        if status != 200:
            told.put(0.0)
            return
        count += 1
    told.put(count / (time.perf_counter() - begun))
