"""Real processes for tests: a Celery worker on the test's own database, a mail server that keeps what it gets, services outside, a sign-in provider."""

import asyncio
import email
import email.policy
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings
from django.db import connection

from asl_portal.celery import app
from asl_portal.embedded.valkey import free_port
from people import oidc

ROOT = Path(__file__).resolve().parent.parent


class Worker:
    """A worker in a process group of its own, as in production."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self.log = process, log

    def stop(self) -> None:
        """Politely, as a restart does: it finishes what it has begun."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=20)
        self.kill()

    def kill(self) -> None:
        """kill -9 of the worker and its whole pool."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts real workers: `worker()` works only on what is sent, `worker(beat=True)` sweeps as well. They stop before the test's data goes."""
    started: list[Worker] = []
    app.control.purge()

    def start(*, beat: bool = False) -> Worker:
        log = tmp_path / f"worker-{len(started)}.log"
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "asl_portal",
            "worker",
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
        ]
        command += ["--loglevel", "INFO", "--hostname", f"test-{len(started)}-{os.getpid()}@%h"]
        command += ["--beat", "--schedule", str(tmp_path / "beat")] if beat else []
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=own_environment(), stdout=output, stderr=output, start_new_session=True)
        started.append(Worker(process, log))
        _wait_for_answer(started[-1], f"test-{len(started) - 1}-{os.getpid()}@")
        return started[-1]

    yield start
    for running in started:
        running.stop()
    app.control.purge()


def own_environment() -> dict[str, str]:
    """This test's own settings, told to another process."""
    database = connection.settings_dict
    login = quote(database["USER"], safe="") + (":" + quote(database["PASSWORD"], safe="") if database["PASSWORD"] else "")
    port = f"&port={database['PORT']}" if database["PORT"] else ""
    return os.environ | {
        "DATABASE_URL": f"postgresql://{login}@/{database['NAME']}?host={quote(database['HOST'], safe='')}{port}",
        "ASL_BLOB_DIR": str(django_settings.BLOB_DIR),
        "ASL_PUBLIC_URL": django_settings.PUBLIC_URL,
        "ASL_SMTP_HOST": django_settings.EMAIL_HOST,
        "ASL_SMTP_PORT": str(django_settings.EMAIL_PORT),
        "ASL_MAIL_DIR": str(django_settings.MAIL_DIR),
        "ASL_OUTLET_NETWORKS": ",".join(django_settings.OUTLET_NETWORKS),
    }


def _wait_for_answer(worker: Worker, name: str) -> None:
    give_up_at = time.monotonic() + 90
    while not any(answer.startswith(name) for answers in app.control.ping(timeout=0.3) for answer in answers):
        assert worker.process.poll() is None, f"the worker left:\n{worker.log.read_text()}"
        assert time.monotonic() < give_up_at, f"the worker does not answer:\n{worker.log.read_text()}"


@dataclass
class Sink:
    """A mail server that delivers to a list. `refusing` makes it answer 451, so that a sender has to come back. Of mails to somebody in `holding` it says nothing
    once it was told whom they are for, so that a sender has one in hand; those to somebody in `silent` it keeps and does not say so."""

    messages: list[EmailMessage] = field(default_factory=list)
    refusing: bool = False
    holding: str = ""
    held: int = 0
    silent: str = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self.held += address in self.holding.split()
        while address in self.holding.split():  # a sender that is killed meanwhile ends this
            await asyncio.sleep(0.05)
        envelope.rcpt_tos.append(address)
        return "250 go on"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusing:
            return "451 come back later"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        while {*self.silent.split()} & {*envelope.rcpt_tos}:
            await asyncio.sleep(0.05)
        return "250 kept"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message in self.messages if address in message["To"]]


@pytest.fixture
def smtp_sink(settings: Any) -> Iterator[Sink]:
    """A real SMTP server on loopback that this test's portal, and its workers, send to."""
    sink = Sink()
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # every line of every dialogue would bury a failure
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    yield sink
    controller.stop()


def eventually(ask: Callable[[], Any], *, seconds: float = 60) -> Any:
    """What `ask` answers once it answers something true; the test fails when it does not in time."""
    give_up_at = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < give_up_at, f"did not happen within {seconds} seconds: {ask}"
        time.sleep(0.05)
    return answer


@dataclass
class Outside:
    """A service outside, in a process of its own: what it got, and what it is to answer."""

    address: str
    folder: Path

    @property
    def got(self) -> list[dict[str, Any]]:
        kept = self.folder / "requests.jsonl"
        return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []

    def answer(self, text: str) -> None:
        """A status, `302 ADDRESS`, `drip`, or `hold`."""
        (self.folder / "next-answer").write_text(text)
        (self.folder / "next-answer").replace(self.folder / "answer")


@pytest.fixture
def outside(tmp_path: Path, settings: Any) -> Iterator[Outside]:
    """A real HTTP server on loopback, which this test's portal, and its workers, may send to."""
    settings.OUTLET_NETWORKS = ["127.0.0.0/8"]
    with receiving(tmp_path / "outside") as service:
        yield service


@contextmanager
def receiving(folder: Path) -> Iterator[Outside]:
    """Such a server, as long as it is needed."""
    folder.mkdir()
    port = free_port()
    service = Outside(f"http://127.0.0.1:{port}", folder)
    service.answer("204")
    process = subprocess.Popen([sys.executable, str(ROOT / "tests" / "receiver.py"), str(port), str(folder)])
    try:
        eventually(lambda: _is_listening(port))
        yield service
    finally:
        process.kill()
        process.wait()


@dataclass
class SignInProvider:
    """An OpenID Connect provider in a process of its own: what it was asked for tokens, and which lie it is to tell."""

    issuer: str
    folder: Path
    process: subprocess.Popen[bytes]
    secret: str = ""

    @property
    def asked(self) -> list[dict[str, Any]]:
        kept = self.folder / "requests.jsonl"
        return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []

    def lie(self, **told: Any) -> None:
        (self.folder / "lie.json").write_text(json.dumps(told))

    def knows(self, subject: str, **claims: Any) -> None:
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def know_the_portal(self, settings: Any) -> None:
        """Registers this test's portal as a client, under the address it has now, and tells the portal."""
        told = {"redirect_uris": [f"{settings.PUBLIC_URL}/accounts/provider/callback/"]}
        client = requests.post(f"{self.issuer}/oauth2/clients", json=told, timeout=5).json()
        self.secret = client["client_secret"]
        settings.OIDC_ISSUER, settings.OIDC_NAME = self.issuer, "Northbridge ID"
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = client["client_id"], self.secret

    def answer(self, address: str, subject: str) -> str:
        """Where the provider sends a browser back to that came with this address and whose person says yes."""
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def refuse(self, address: str) -> str:
        """The same with a no. Early versions of the provider forget the state, which every answer has to carry."""
        answer = requests.post(address, data={"action": "deny"}, allow_redirects=False, timeout=5).headers["Location"]
        return answer if "state=" in answer else f"{answer}&state={parse_qs(urlsplit(address).query)['state'][0]}"


@pytest.fixture(scope="session")
def _provider_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], SignInProvider]]:
    """One process for all tests, and another where a test has killed it."""
    started: list[SignInProvider] = []

    def running() -> SignInProvider:
        if not started or started[-1].process.poll() is not None:
            folder, port = tmp_path_factory.mktemp("provider"), free_port()
            with (folder / "log").open("wb") as output:
                command = [sys.executable, str(ROOT / "tests" / "provider.py"), str(port), str(folder)]
                process = subprocess.Popen(command, stdout=output, stderr=output)
            started.append(SignInProvider(f"http://127.0.0.1:{port}", folder, process))
            eventually(lambda: _is_listening(port))
        return started[-1]

    yield running
    for each in started:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def sign_in_provider(_provider_processes: Callable[[], SignInProvider], settings: Any) -> SignInProvider:
    """A real provider on loopback which tells the truth, with the portal as its client."""
    provider = _provider_processes()
    for told in ("lie.json", "requests.jsonl"):
        (provider.folder / told).unlink(missing_ok=True)
    oidc.try_again()
    provider.know_the_portal(settings)
    return provider


def _is_listening(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
