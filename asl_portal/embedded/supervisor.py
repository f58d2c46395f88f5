"""Start everything in order, keep it running, stop it in the opposite order."""

import contextlib
import http.client
import json
import os
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from asl_portal.embedded.datafolder import DataFolder, State, usual_folder
from asl_portal.embedded.postgres import APP, OWNER, DatabaseDidNotStart, Postgres
from asl_portal.embedded.processes import Child, Log
from asl_portal.embedded.valkey import BrokerDidNotStart, Valkey, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = [sys.executable, str(ROOT / "manage.py")]
FIRST_PORT, LAST_PORT = 8000, 8099
READY_WITHIN = 90.0
# What only one process may know; no other child inherits it.
OWNER_ONLY = ("DATABASE_OWNER_URL", "DATABASE_OWNER_URL_FILE", "ASL_AS_OWNER")
SIGNER_ONLY = ("ASL_CHECKPOINT_KEY_FILE",)


class CouldNotStart(Exception):
    """Something the portal needs did not come up; the message says what and shows its last words."""


class AskedToStop(Exception):
    """A stop signal came while the portal was starting."""


@dataclass(frozen=True)
class Choices:
    """What the person said after `./portal up`."""

    port: int | None = None
    empty: bool = False
    logs: bool = False
    detached: bool = False


@dataclass
class Kept:
    """A child that is started again when it leaves: at once, then after 1, 2, 4 … 30 seconds."""

    child: Child
    failures: int = 0
    again_at: float = 0

    def look_after(self, now: float) -> None:
        if self.child.exit_code() is None:
            return
        if not self.again_at:
            lived = now - self.child.started_at
            self.failures = 1 if lived > 60 else self.failures + 1
            self.again_at = now + (0 if self.failures == 1 else min(30, 2 ** (self.failures - 2)))
            self.child.log.line("portal", f"{self.child.name} left with code {self.child.exit_code()}; starting it again")
        if now >= self.again_at:
            self.again_at = 0
            self.child.stop()
            self.child.start()


@dataclass
class Supervisor:
    folder: DataFolder
    choices: Choices
    given: Mapping[str, str]
    kept: list[Kept] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """The whole life of a portal; returns the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())
        self.log = Log(self.folder.logs / "portal.log", echo=self.choices.logs)
        self.port = choose_port(self.choices.port, self.folder.last_port())
        self.address = self.given.get("ASL_PUBLIC_URL", f"http://localhost:{self.port}").rstrip("/")
        self.folder.say_state(State(os.getpid(), self.address, "starting"))
        try:
            self._start()
            self._announce()
            self._watch()
        except AskedToStop:
            return 0
        except (CouldNotStart, DatabaseDidNotStart, BrokerDidNotStart) as error:
            print(f"The portal could not start.\n{error}\nLog: {self.log.path}", file=sys.stderr)
            return 1
        finally:
            self._stop_all()
        return 0

    def _start(self) -> None:
        self.environment = self._environment()
        self._start_servers()
        self.folder.keep_environment(
            {name: self.environment[name] for name in self.environment if self.given.get(name) != self.environment[name]}
        )
        self._run("prepare", [*MANAGE, "prepare"], self.environment | {"ASL_AS_OWNER": "true"})
        self._say("database migrated")
        report = self.folder.run / "begin.json"
        self._run("begin", [*MANAGE, "begin", "--report", str(report), *(["--empty"] if self.choices.empty else [])], self._for_app())
        done, self.links = take_report(report)
        self._say(done)
        self._start_portal()
        self._wait_until_ready()
        self._say("web, worker and scheduler answering")

    def _environment(self) -> dict[str, str]:
        """Everything any child needs; each child gets its own part of it."""
        secrets = self.folder.secrets()
        values = dict(self.given)
        values |= {"ASL_DATA_DIR": str(self.folder.path), "PYTHONUNBUFFERED": "1"}
        values.setdefault("ASL_PUBLIC_URL", self.address)
        if not {"ASL_SECRET_KEY", "ASL_SECRET_KEY_FILE"} & values.keys():
            values["ASL_SECRET_KEY"] = secrets.secret_key
        return values

    def _for_app(self) -> dict[str, str]:
        return {name: value for name, value in self.environment.items() if name not in OWNER_ONLY + SIGNER_ONLY}

    def _start_servers(self) -> None:
        secrets, started = self.folder.secrets(), []
        if not {"DATABASE_URL", "DATABASE_URL_FILE"} & self.given.keys():
            postgres = Postgres(self.folder.postgres, secrets.database_superuser)
            postgres.make()
            self._keep(postgres.child(self._bare(), self.log, self.folder.children_lock))
            with self._watched("postgres"):
                postgres.wait(seconds=60)
            postgres.make_roles(owner_password=secrets.database_owner, app_password=secrets.database_app)
            self.environment["DATABASE_URL"] = postgres.url(APP, secrets.database_app)
            self.environment["DATABASE_OWNER_URL"] = postgres.url(OWNER, secrets.database_owner)
            started.append("PostgreSQL")
        if not {"REDIS_URL", "REDIS_URL_FILE"} & self.given.keys():
            valkey = Valkey(self.folder.valkey, secrets.broker, free_port())
            self._keep(self._child("valkey", valkey.command(), self._bare(), grace=10))
            with self._watched("valkey"):
                valkey.wait(seconds=60)
            self.environment |= {"REDIS_URL": valkey.url(0), "CACHE_URL": valkey.url(1)}
            started.append("Valkey")
        if started:
            self._say(f"{' and '.join(started)} answering")

    def _start_portal(self) -> None:
        binds = [part for host in listening_hosts() for part in ("--bind", f"{host}:{self.port}")]
        web = [sys.executable, "-m", "gunicorn", "asl_portal.wsgi", *binds, "--no-control-socket", "--worker-class", "gthread"]
        web += ["--workers", "2", "--threads", "8", "--timeout", "60", "--graceful-timeout", "10", "--log-level", "warning"]
        worker = [sys.executable, "-m", "celery", "-A", "asl_portal", "worker", "--beat", "--schedule", str(self.folder.run / "beat")]
        worker += ["--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO", "--hostname", "worker@%h"]
        self._keep(self._child("web", web, self._for_app(), grace=15))
        self._keep(self._child("worker", worker, self._for_app(), grace=20))
        key = {"ASL_CHECKPOINT_KEY_FILE": self.given.get("ASL_CHECKPOINT_KEY_FILE", str(self.folder.keys / "checkpoint.key"))}
        self._keep(self._child("signer", [*MANAGE, "sign_checkpoints", "--watch"], self._for_app() | key, grace=10))

    def _child(self, name: str, command: list[str], environment: dict[str, str], *, grace: float) -> Child:
        return Child(name, command, environment, self.log, self.folder.children_lock, grace=grace, cwd=ROOT)

    def _keep(self, child: Child) -> None:
        child.start()
        self.kept.append(Kept(child))

    def _run(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Run a command to its end, under a guard like the rest, and stop here if it fails."""
        child = self._child(name, command, environment, grace=10)
        child.start()
        while child.exit_code() is None:
            if self._stop.wait(0.05):
                child.stop()
                raise AskedToStop
        code = child.exit_code()
        child.stop()
        if code:
            raise CouldNotStart(f"`manage.py {command[2]}` failed:\n{self.log.tail(name)}")

    def _bare(self) -> dict[str, str]:
        """What the servers get: nothing of ours."""
        return {name: self.given[name] for name in ("PATH", "TMPDIR") if name in self.given} | {"LC_ALL": "C", "TZ": "UTC"}

    @contextlib.contextmanager
    def _watched(self, name: str) -> Iterator[None]:
        """A server that does not answer is shown with its own last words."""
        try:
            yield
        except (DatabaseDidNotStart, BrokerDidNotStart) as error:
            raise CouldNotStart(f"{error}\n{self.log.tail(name)}") from error

    def _wait_until_ready(self) -> None:
        give_up_at = time.monotonic() + READY_WITHIN
        while not _answers_ready(self.port, self.address):
            self._tend()
            if self._stop.wait(0.5):
                raise AskedToStop
            if time.monotonic() > give_up_at:
                raise CouldNotStart(f"The portal did not become ready.\n{self.log.tail('web')}\n{self.log.tail('worker')}")

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self._tend()

    def _tend(self) -> None:
        now = time.monotonic()
        for kept in self.kept:
            kept.look_after(now)

    def _stop_all(self) -> None:
        """Work first, then the pages, then what both stand on."""
        if self.kept and not self.choices.detached:
            self._print("\nStopping")
        order = {"worker": 0, "signer": 0, "web": 1, "valkey": 2, "postgres": 3}
        for kept in sorted(self.kept, key=lambda kept: order[kept.child.name]):
            kept.child.stop()

    def _announce(self) -> None:
        self.folder.keep_port(self.port)
        self.folder.say_state(State(os.getpid(), self.address, "ready"))
        self._print(f"\nThe portal is at {self.address}")
        if self.links:
            self._print("\nSign-in links, good for one use each; they ask for a password of your own:")
            width = max(len(link["who"]) for link in self.links)
            for link in self.links:
                self._print(f"  {link['who']:<{width}}  {link['url']}")
        self._print(f"\nData: {self.folder.path}\nLog:  {self.log.path}\n{self.how_to_stop()}")
        if self.choices.detached:
            _let_go_of_terminal(self.log.path)

    def how_to_stop(self) -> str:
        """With the folder named, unless it is the one the commands take by themselves."""
        if not self.choices.detached:
            return "Ctrl-C stops it."
        if self.folder.path == usual_folder().resolve():
            return "Stop it with ./portal down"
        return f"Stop it with ./portal down --data {shlex.quote(str(self.folder.path))}, and set ASL_DATA_DIR to it for ./portal manage."

    def _say(self, done: str) -> None:
        self.log.line("portal", done)
        self._print(f"  {done}")

    def _print(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(text, flush=True)


def choose_port(asked: int | None, last: int | None) -> int:
    """The port asked for, or the one used last time, or the first free one; raises CouldNotStart if the asked one is taken."""
    if asked is not None:
        if not _is_free(asked):
            raise CouldNotStart(f"Port {asked} is taken by another program. Choose another with --port, or leave it out.")
        return asked
    for port in (*([last] if last else []), *range(FIRST_PORT, LAST_PORT + 1)):
        if _is_free(port):
            return port
    raise CouldNotStart(f"No port between {FIRST_PORT} and {LAST_PORT} is free. Choose one with --port.")


def listening_hosts() -> list[str]:
    """Loopback only, on both families where the machine has both."""
    return ["127.0.0.1", *(["[::1]"] if _can_bind("::1", 0) else [])]


def _is_free(port: int) -> bool:
    return _can_bind("127.0.0.1", port) and (not _can_bind("::1", 0) or _can_bind("::1", port))


def _can_bind(host: str, port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return True
    except OSError:
        return False


def _answers_ready(port: int, address: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": urlsplit(address).netloc})
        answers = json.load(connection.getresponse())
        # A record that does not fit is looked at in the portal itself: the gate stays shut, the pages are there.
        return all(well for part, well in answers.items() if part not in {"status", "ledger"})
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def take_report(path: Path) -> tuple[str, list[dict[str, str]]]:
    """What `begin` did, and its links: read once, and no copy of them stays on disk."""
    report = json.loads(path.read_text())
    path.unlink()
    return report["done"], report["links"]


def _let_go_of_terminal(log: Path) -> None:
    """From now on nobody reads our output; what still comes (a traceback) belongs into the log."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
