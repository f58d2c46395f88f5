"""How many questions a second two web workers answer at the gate, allowed and denied, over connections that are kept open."""

import http.client
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from django.conf import settings
from django.utils import timezone

from benchmarks.asking import ask, keep_asking
from benchmarks.measuring import Line
from evaluations.models import Snapshot
from people.models import Person
from people.services import create_token
from people.words import Scope

TITLE = "The gate"
BASELINE = "none: an absolute number, on this machine, which the asking programs share with the two workers and the database. `/healthz` is asked the same way."
TRIED = """What an answer is worked out from, and the answer itself, are remembered for as long as PostgreSQL reports the very same snapshot, that is while no transaction
anywhere on the server has written; never past the instant at which an assessment, a decision or a sign-off runs out, and never longer than a second (decision 0005). So an answer
is given again as that of the instant it was worked out at, at most a second ago, and no write can be missed: the next question after it reads everything again. The same holds
for the token behind the question. One statement a question says for both that nothing moved, and that the connection lives. Before any of this an answer took 28 statements;
before the answer itself was kept, it took three, and the pure rules on their canonical documents were half of its time. Tried besides: the API's addresses come before the rooms'
hundred, and the content policy's header is written once. What is left is the frame of a request: server, middleware, the count of calls in the cache, the answer's own
description checked. Not tried: to answer the gate ahead of the middleware, for what guards the other addresses guards this one too. On a server that is written to all the time
every question reads everything."""

CLIENTS = 4


def run(quick: bool) -> list[Line]:
    seconds, rounds = (1.0, 2) if quick else (2.0, 3)
    _, token = create_token(person=Person.objects.get(name="Ada"), scopes=[Scope.GATE_READ], days=1, label="bench", at=timezone.now())
    allowed, denied = (_address(slug) for slug in ("heron-2", "heron-3"))
    with _web() as port:
        _check(port, token, allowed, True)
        _check(port, token, denied, False)
        told: dict[str, list[float]] = {"allowed": [], "denied": [], "healthz": []}
        for _ in range(rounds):
            for name, address in (("allowed", allowed), ("denied", denied), ("healthz", "/healthz")):
                told[name].append(_rate(port, token, address, seconds))
    bare = median(told["healthz"])
    return [
        Line(
            f"{name} answers a second",
            500,
            median(told[name]),
            "a second",
            at_least=True,
            detail=f"{min(told[name]):.0f}–{max(told[name]):.0f} in {rounds} rounds; `/healthz` {bare:.0f} a second",
        )
        for name in ("allowed", "denied")
    ]


def _address(slug: str) -> str:
    snapshot = Snapshot.objects.filter(subject__slug=slug).latest("registered_at")
    return f"/api/v1/gate?artefact={snapshot.weights_digest}&scope=external"


def _check(port: int, token: str, address: str, allowed: bool) -> None:
    status, body = ask(http.client.HTTPConnection("127.0.0.1", port), token, address)
    if status != 200 or (b'"allowed": true' in body) is not allowed:
        raise RuntimeError(f"The gate answered {status}: {body[:300]!r}")


def _rate(port: int, token: str, address: str, seconds: float) -> float:
    """Answers a second, by as many clients at once as there are, each in a process of its own with one connection."""
    told: Any = multiprocessing.get_context("spawn").Queue()
    clients = [
        multiprocessing.get_context("spawn").Process(target=keep_asking, args=(port, token, address, seconds, told)) for _ in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    rates = [told.get(timeout=seconds + 60) for _ in clients]
    for client in clients:
        client.join()
    return sum(rates)


@contextmanager
def _web() -> Iterator[int]:
    """The web server as `./portal up` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "asl_portal.wsgi", "--bind", f"127.0.0.1:{port}", "--no-control-socket", "--worker-class"]
    command += ["gthread", "--workers", "2", "--threads", "8", "--timeout", "60", "--graceful-timeout", "5", "--log-level", "error"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(command, env=dict(os.environ), cwd=settings.BASE_DIR, **quiet)  # type: ignore[call-overload]
    try:
        give_up_at = time.monotonic() + 60
        while not _answers(port):
            if time.monotonic() > give_up_at or child.poll() is not None:
                raise RuntimeError("The web server did not start.")
            time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait(30)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
