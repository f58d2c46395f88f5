"""`./portal test`: servers that live for one run, a browser, the linters, and the whole suite."""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asl_portal.embedded.browser import NoBrowser, install_browser
from asl_portal.embedded.postgres import SUPERUSER, Postgres
from asl_portal.embedded.processes import Child, Log
from asl_portal.embedded.valkey import Valkey, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
LINTERS = {
    "ruff check": [str(BIN / "ruff"), "check", "--quiet", "."],
    "ruff format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "djlint": [str(BIN / "djlint"), "--lint", "--quiet", "templates"],
    "mypy": [str(BIN / "mypy"), "--no-error-summary"],
    "shellcheck": [str(BIN / "shellcheck"), "portal", "deploy/make-roles.sh", "deploy/make-secrets.sh"],
    "oxlint": [str(BIN / "oxlint"), "--quiet", "--deny-warnings", "static/js"],
}


def run(rest: list[str]) -> int:
    """Run what was asked for; the exit code is the first failure's."""
    parser = argparse.ArgumentParser(prog="./portal test", description="Linters and all tests; with arguments, pytest alone with those.")
    parser.add_argument("--without-browser", action="store_true", help="leave out the tests that drive a browser, and say so")
    chosen, arguments = parser.parse_known_args(rest)
    if not LINTERS:
        print("No linter is named, so nothing could be found: that is no clean run.", file=sys.stderr)
        return 1
    environment = dict(os.environ)
    if chosen.without_browser:
        print("Without a browser: every test that drives one is left out.", flush=True)
        arguments += ["-m", "not browser"]
    else:
        try:
            environment["CHROMIUM"] = install_browser()
        except NoBrowser as error:
            print(error, file=sys.stderr)
            return 1
    with tempfile.TemporaryDirectory(prefix="asl-test-", dir="/tmp") as folder, servers(Path(folder), environment) as ready:
        whole = not rest or arguments == ["-m", "not browser"]
        failed = [name for name in LINTERS if _fails(name, ready)] if whole else []
        arguments += ["-n", str(_processes()), "--dist", "loadfile", "--no-loadscope-reorder"] if whole else []
        code = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=ready, check=False).returncode
    if failed:
        print(f"Not clean: {', '.join(failed)}", file=sys.stderr)
    return code or bool(failed)


def _processes() -> int:
    """How many pytest processes share the suite: each starts browsers and workers of its own, and has Redis numbers of its own (tests/apart.py)."""
    return min(4, os.cpu_count() or 1)


def _fails(name: str, environment: dict[str, str]) -> bool:
    return subprocess.run(LINTERS[name], cwd=ROOT, env=environment, check=False).returncode != 0


@contextmanager
def servers(folder: Path, given: dict[str, str], *, durable: bool = False) -> Iterator[dict[str, str]]:
    """The environment of a run; servers that are not named are started for it and go with it. Unless `durable`, they save themselves the disk."""
    # PostgreSQL may have to run as nobody, who must be let through.
    folder.chmod(0o711)
    environment = given | {"ASL_DATA_DIR": str(folder / "data"), "ASL_SECRET_KEY": secrets.token_urlsafe(48)}
    log, lock, bare = (
        Log(folder / "servers.log"),
        folder / "children.lock",
        {"PATH": given.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
    )
    children: list[Child] = []
    try:
        if "DATABASE_URL" not in given:
            password = secrets.token_urlsafe(24)
            postgres = Postgres(folder / "postgres", password, passing=not durable)
            postgres.make()
            children.append(postgres.child(bare, log, lock))
            children[-1].start()
            postgres.wait(seconds=60)
            environment["DATABASE_URL"] = postgres.url(SUPERUSER, password, "asl")
        if "REDIS_URL" not in given:
            (folder / "valkey").mkdir()
            valkey = Valkey(folder / "valkey", secrets.token_urlsafe(24), free_port(), lasting=durable)
            children.append(Child("valkey", valkey.command(), bare, log, lock))
            children[-1].start()
            valkey.wait(seconds=60)
            environment |= {"REDIS_URL": valkey.url(0), "CACHE_URL": valkey.url(1)}
        yield environment
    finally:
        for child in reversed(children):
            child.stop()
        log.close()
