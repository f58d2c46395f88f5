"""PostgreSQL and Redis as a site runs them: the system's own programs, each on an empty folder, without the embedded wheels."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from asl_portal.embedded import apt
from asl_portal.embedded.valkey import free_port
from tests.lacking import lacks

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Servers:
    """Two running servers: where they are, and which programs they are."""

    database_url: str
    database_owner_url: str
    redis_url: str
    cache_url: str
    postgresql: str


def _postgresql() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return folders[0] if folders else None


def _programs() -> tuple[Path, Path]:
    """The oldest PostgreSQL of the system and its Redis, installed first where we may; without them the test is left out, or fails (`tests.lacking`)."""
    if not (_postgresql() and shutil.which("redis-server")) and apt.may_install():
        apt.install("postgresql", "redis-server")
    postgresql, server = _postgresql(), shutil.which("redis-server")
    if postgresql is None or server is None:
        lacks("needs PostgreSQL and redis-server of the system (Debian: apt-get install postgresql redis-server)")
    return postgresql, Path(server)


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Both servers, on loopback and in /tmp, with the two roles that deploy/make-roles.sh makes; they go with everything they kept."""
    postgresql, redis_server = _programs()
    folder = Path(tempfile.mkdtemp(prefix="asl-servers-", dir="/tmp"))
    passwords = {name: secrets.token_hex(16) for name in ("postgres_password", "owner_password", "app_password", "redis_password")}
    for name, password in passwords.items():
        (folder / name).write_text(password)
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, user)
    started: list[subprocess.Popen[bytes]] = []
    try:
        data, port = folder / "postgres", free_port()
        made: list[str | Path] = [
            postgresql / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "--pwfile",
            folder / "postgres_password",
        ]
        subprocess.run([*made, "-E", "UTF8", "--locale", "C", "-N"], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)
        settings = (
            "listen_addresses=127.0.0.1",
            f"port={port}",
            f"unix_socket_directories={folder}",
            "fsync=off",
            "log_min_messages=fatal",
        )
        options = [part for setting in settings for part in ("-c", setting)]
        started.append(subprocess.Popen([postgresql / "postgres", "-D", data, *options], user=user, cwd="/", stderr=subprocess.DEVNULL))
        superuser = f"postgresql://postgres:{passwords['postgres_password']}@127.0.0.1:{port}/postgres"
        _until(lambda: psycopg.connect(superuser, connect_timeout=5).close(), psycopg.OperationalError)
        with psycopg.connect(superuser, autocommit=True) as connection:
            version = str(connection.info.server_version // 10000)
            connection.execute("CREATE DATABASE asl")
        _make_roles(postgresql, folder, port, passwords["postgres_password"])

        broker = free_port()
        told = ["--port", str(broker), "--bind", "127.0.0.1", "--requirepass", passwords["redis_password"], "--save", ""]
        started.append(subprocess.Popen([redis_server, *told, "--maxmemory-policy", "noeviction"], cwd=folder, stdout=subprocess.DEVNULL))
        address = f"redis://:{passwords['redis_password']}@127.0.0.1:{broker}"
        _until(lambda: redis.Redis.from_url(address).ping(), redis.RedisError)
        yield Servers(
            database_url=f"postgresql://asl_app:{passwords['app_password']}@127.0.0.1:{port}/asl",
            database_owner_url=f"postgresql://asl_owner:{passwords['owner_password']}@127.0.0.1:{port}/asl",
            redis_url=f"{address}/0",
            cache_url=f"{address}/1",
            postgresql=version,
        )
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _make_roles(postgresql: Path, folder: Path, port: int, password: str) -> None:
    """By the very script that the containers run."""
    told = {"PATH": f"{postgresql}:{os.environ['PATH']}", "PGHOST": "127.0.0.1", "PGPORT": str(port), "PGPASSWORD": password}
    told |= {"POSTGRES_USER": "postgres", "POSTGRES_DB": "asl", "SECRETS": str(folder)}
    subprocess.run([ROOT / "deploy/make-roles.sh"], check=True, env=told, stdout=subprocess.DEVNULL)


def _until(ask: object, refusal: type[Exception]) -> None:
    give_up_at = time.monotonic() + 90
    while True:
        try:
            ask()  # type: ignore[operator]
            return
        except refusal:
            assert time.monotonic() < give_up_at, "a server did not come up"
            time.sleep(0.1)
