"""The data folder: what one portal keeps on disk, who may read it, and which supervisor owns it now."""

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class AlreadyRunning(Exception):
    """Another supervisor owns this data folder."""

    def __init__(self, state: "State | None") -> None:
        self.state = state
        super().__init__("The portal is already running.")


class StillStopping(Exception):
    """The processes of an earlier supervisor have not left yet."""


@dataclass(frozen=True)
class State:
    """What the running supervisor says about itself."""

    pid: int
    address: str
    phase: str  # starting, ready


@dataclass(frozen=True)
class Secrets:
    """Made once per data folder; nobody ever types them."""

    secret_key: str
    database_superuser: str
    database_owner: str
    database_app: str
    broker: str


def usual_folder() -> Path:
    """What is used where nobody names another."""
    return Path(os.environ.get("ASL_DATA_DIR") or Path(__file__).resolve().parents[2] / "data")


class DataFolder:
    """Paths and small files below one folder. Everything secret is 0600 in folders of 0700."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.run = self.path / "run"
        self.keys = self.path / "keys"
        self.logs = self.path / "logs"
        self.postgres = self.path / "postgres"
        self.valkey = self.path / "valkey"
        self.children_lock = self.run / "children.lock"

    def make(self) -> None:
        for folder in (self.path, self.run, self.keys, self.logs, self.valkey):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def secrets(self) -> Secrets:
        path = self.keys / "secrets.json"
        if not path.exists():
            made = {name: secrets.token_urlsafe(48 if name == "secret_key" else 24) for name in Secrets.__dataclass_fields__}
            write_private(path, json.dumps(made, indent=1))
        return Secrets(**json.loads(path.read_text()))

    def state(self) -> State | None:
        return _read(self.run / "state.json", lambda value: State(**value))

    def say_state(self, state: State) -> None:
        write_private(self.run / "state.json", json.dumps(asdict(state)))

    def environment(self) -> dict[str, str] | None:
        """The variables with which `./portal manage` reaches the servers of the running portal."""
        return _read(self.run / "environment.json", dict)

    def keep_environment(self, values: dict[str, str]) -> None:
        write_private(self.run / "environment.json", json.dumps(values, indent=1))

    def last_port(self) -> int | None:
        return _read(self.run / "port.json", int)

    def keep_port(self, port: int) -> None:
        write_private(self.run / "port.json", json.dumps(port))

    def is_owned(self) -> bool:
        """Whether a supervisor is alive. The kernel answers: its lock goes when the process does, so no pid file can be stale."""
        try:
            with self.owned():
                return False
        except AlreadyRunning:
            return True

    @contextlib.contextmanager
    def owned(self) -> Iterator[None]:
        """Own the folder for as long as the block runs; raises AlreadyRunning."""
        self.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.run / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(self.state()) from None
            yield
        finally:
            os.close(handle)

    def wait_for_old_children(self, seconds: float) -> None:
        """Every guard holds a shared lock; after a kill -9 of a supervisor its guards need a moment to stop what they guard."""
        handle = os.open(self.children_lock, os.O_RDWR | os.O_CREAT, 0o600)
        give_up_at = time.monotonic() + seconds
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                except BlockingIOError:
                    if time.monotonic() > give_up_at:
                        raise StillStopping from None
                    time.sleep(0.1)
        finally:
            os.close(handle)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    new = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _read(path: Path, make: Callable[[Any], T]) -> T | None:
    try:
        return make(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
