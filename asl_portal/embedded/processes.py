"""One child process under its guard, and the log that all children share."""

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")


class Log:
    """`DATA/logs/portal.log`: every line of every child, prefixed with its name; the last lines of each stay at hand for error messages."""

    def __init__(self, path: Path, *, echo: bool = False) -> None:
        handler = RotatingFileHandler(path, maxBytes=10_000_000, backupCount=3, encoding="utf-8", errors="replace")
        path.chmod(0o600)
        self.path = path
        self._echo = echo
        self._handler = handler
        self._tails: dict[str, deque[str]] = {}

    def line(self, name: str, text: str) -> None:
        self._tails.setdefault(name, deque(maxlen=25)).append(text)
        line = f"{name:<8} | {text}"
        self._handler.handle(logging.LogRecord("portal", logging.INFO, "", 0, line, None, None))
        if self._echo:
            print(line, flush=True)

    def close(self) -> None:
        self._handler.close()

    def tail(self, name: str) -> str:
        return "\n".join(self._tails.get(name, ()))


@dataclass
class Child:
    """A command that runs under a guard: it stops when asked, and when this process dies. `scratch` is a folder that lives as long as it does."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Log
    lock: Path
    stop_signal: str = "TERM"
    grace: float = 10
    user: str | None = None
    cwd: Path | None = None
    scratch: Path | None = None
    started_at: float = field(default=0, init=False)
    _guard: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _leash: int | None = field(default=None, init=False)
    _reader: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        reading, self._leash = os.pipe()
        options = ["--lock", str(self.lock), "--stop", self.stop_signal, "--grace", str(self.grace)]
        if self.user:
            options += ["--user", self.user]
        if self.scratch:
            options += ["--scratch", str(self.scratch)]
            self._make_scratch(self.scratch)
        try:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), *options, "--", *self.command],
                stdin=reading,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.cwd,
                start_new_session=True,
            )
        finally:
            os.close(reading)
        self.started_at = time.monotonic()
        self._reader = threading.Thread(target=self._pump, args=(self._guard,), name=f"log of {self.name}", daemon=True)
        self._reader.start()

    def _make_scratch(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            shutil.chown(folder, self.user)

    def exit_code(self) -> int | None:
        """None while it runs (or was never started)."""
        return self._guard.poll() if self._guard else None

    def stop(self) -> None:
        """Ask, wait for the guard's grace, and come back only when nothing is left."""
        if self._guard is None:
            return
        self._let_go()
        try:
            self._guard.wait(timeout=self.grace + 10)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
        if self._reader:
            self._reader.join(timeout=2)

    def _let_go(self) -> None:
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None

    def _pump(self, guard: subprocess.Popen[bytes]) -> None:
        if guard.stdout is None:
            return
        with guard.stdout as lines:
            for line in lines:
                self.log.line(self.name, line.decode("utf-8", "replace").rstrip())
