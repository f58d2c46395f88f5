"""The portal as a site runs it: every role a process of its own, started by the commands of the container file, on the system's own servers, with a mail server and
somebody outside who listen."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
from aiosmtpd.controller import Controller

from asl_portal.embedded.valkey import free_port
from tests.deployment import commands
from tests.evaluations.logs import log
from tests.processes import ROOT, Outside, Sink, eventually, receiving
from tests.servers import Servers, running_servers

WEBS, WORKERS = ("web-0", "web-1"), ("worker-0", "worker-1", "worker-2")
PROCESSES = (*WEBS, *WORKERS, "scheduler", "signer")
PROGRAMS = {"python": [sys.executable], "gunicorn": [sys.executable, "-m", "gunicorn"], "celery": [sys.executable, "-m", "celery"]}

# Ten minutes later: what killed workers held is free again. Said only while no worker runs, so that none of them is robbed.
LEASES_OVER = """
from django.utils import timezone
from evaluations.models import AssessmentDue, Upload
from reviews.models.notice import Work
for table in (Upload, AssessmentDue, *Work.__subclasses__()):
    table.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now())
"""


@dataclass
class Listening:
    """Who gets what leaves the portal."""

    sink: Sink
    mail_port: int
    outside: Outside


class Site:
    """A client that finds one web process gone asks the other, as a load balancer would."""

    def __init__(self, servers: Servers, listening: Listening, folder: Path) -> None:
        self.servers, self.sink, self.outside, self.folder = servers, listening.sink, listening.outside, folder
        self.ports = [free_port(), free_port()]
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("ASL_", "DATABASE_", "REDIS_", "CACHE_"))
        }
        self.environment |= {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url, "CACHE_URL": servers.cache_url}
        self.environment |= {"ASL_SECRET_KEY": "for this test alone, and long enough", "ASL_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
        self.environment |= {"ASL_SMTP_HOST": "127.0.0.1", "ASL_SMTP_PORT": str(listening.mail_port), "ASL_OUTLET_NETWORKS": "127.0.0.0/8"}
        self.owner = {"DATABASE_OWNER_URL": servers.database_owner_url}
        self.signer = {"ASL_CHECKPOINT_KEY_FILE": str(folder / "checkpoint.key")}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.commands = commands()
        self.token = ""

    # Processes

    def manage(self, *words: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment | more, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, program: str) -> str:
        return self.manage("shell", "-v0", "-c", program)

    def start(self, *names: str) -> None:
        """Starts them, and waits for the web processes among them to answer."""
        for name in names:
            told, more = self._told(name), self.signer if name == "signer" else {}
            with (self.folder / f"{name}.log").open("ab") as output:
                self.running[name] = subprocess.Popen(
                    told, cwd=ROOT, env=self.environment | more, stdout=output, stderr=output, start_new_session=True
                )
        for name in set(names) & set(WEBS):
            eventually(partial(self._answers, self.ports[WEBS.index(name)]))

    def _told(self, name: str) -> list[str]:
        role, _, number = name.partition("-")
        program, *rest = self.commands[role]
        told = [*PROGRAMS[program], *rest]
        if role == "web":
            return [f"127.0.0.1:{self.ports[int(number)]}" if word == "0.0.0.0:8000" else word for word in told]
        if role == "scheduler":
            return [str(self.folder / "beat") if word == "/tmp/beat" else word for word in told]
        return [*told, "--hostname", f"{name}@%h", "--concurrency", "1"] if role == "worker" else told

    def kill(self, name: str) -> None:
        """kill -9 of the process and of all it started."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    # What people and pipelines do

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        for port in (*self.ports, *self.ports):
            request = urllib.request.Request(f"http://localhost:{port}{path}", body, {"Authorization": f"Bearer {self.token}"} | headers)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, json.loads(answer.read())
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read())
            except OSError:
                continue
        return 0, {"no": "web process answers"}

    def upload(self, number: int) -> str:
        """A file; every fourth of them is none that can be read, of which its sender is told by mail."""
        content = f"no log {number}".encode() if number % 4 == 3 else log(run=f"run-{number}", right=number % 40)
        form = uuid.uuid4().hex
        parts = [
            f'--{form}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in (("subject", "heron"), ("snapshot", "step 1"))
        ]
        parts.append(f'--{form}\r\nContent-Disposition: form-data; name="file"; filename="{number}.eval"\r\n\r\n')
        body = "".join(parts).encode() + content + f"\r\n--{form}--\r\n".encode()
        told = {"Content-Type": f"multipart/form-data; boundary={form}", "Idempotency-Key": f"upload {number}"}
        status, answer = self.ask("/api/v1/evaluations", body, **told)
        assert status in {200, 202}, answer
        return str(answer["id"])

    # Workers in the middle of their work

    @contextmanager
    def nobody_stores(self) -> Iterator[psycopg.Connection[Any]]:
        """Holds the lock that whoever stores a reading or an answer about the model takes, and gives a connection to watch from."""
        url = self.servers.database_url
        with psycopg.connect(url) as held, psycopg.connect(url, autocommit=True) as watching:
            held.execute("SELECT 1 FROM evaluations_subject FOR NO KEY UPDATE")
            yield watching

    def in_hand(self, watching: psycopg.Connection[Any]) -> set[str]:
        """The workers that wait for that lock: each has a piece of work in its hand."""
        asked = "SELECT client_port FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        waiting = {port for (port,) in watching.execute(asked)}
        return {name for name in set(WORKERS) & self.running.keys() if self._ports_of(name) & waiting}

    def _ports_of(self, name: str) -> set[int]:
        main = psutil.Process(self.running[name].pid)
        return {
            one.laddr.port for process in (main, *main.children(recursive=True)) for one in process.net_connections("tcp4") if one.laddr
        }

    # How it stands

    def is_settled(self) -> bool:
        """Nothing waits any more, and every entry is signed."""
        with urllib.request.urlopen(f"http://localhost:{self.ports[1]}/metrics", timeout=30) as answer:
            figures = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line.startswith("asl_"))
        names = ("asl_work_waiting", "asl_consumer_lag", "asl_checkpoint_unsigned")
        return {float(value) for name, value in figures.items() if name.startswith(names)} == {0.0}

    def _answers(self, port: int) -> bool:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def built_site(folder: Path) -> Iterator[Site]:
    """Migrated and empty; no process runs yet, and none does afterwards."""
    sink = Sink()
    mail = Controller(sink, hostname="127.0.0.1", port=free_port())
    mail.start()
    with ExitStack() as stack:
        stack.callback(mail.stop)
        outside = stack.enter_context(receiving(folder / "outside"))
        site = Site(stack.enter_context(running_servers()), Listening(sink, mail.port, outside), folder)
        stack.callback(site.stop)
        site.manage("prepare", **site.owner)
        yield site
