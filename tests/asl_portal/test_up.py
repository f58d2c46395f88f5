"""`./portal up` and `down`, with every process real, on a data folder of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from asl_portal.embedded.valkey import free_port
from tests.processes import ROOT, eventually

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

OURS = ("DATABASE_", "REDIS_", "CACHE_", "ASL_", "DJANGO_", "PYTEST_")


class Portal:
    """One portal on disk, run by the commands people run."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()

    @property
    def environment(self) -> dict[str, str]:
        """What a terminal of one's own has: nothing of this suite's servers."""
        return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | {"ASL_DATA_DIR": str(self.data)}

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "asl_portal.embedded", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=200)

    def up(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.call("up", "--detach", "--empty", "--port", str(self.port), *words)

    def answers(self, path: str, host: str = "localhost") -> int:
        try:
            with urllib.request.urlopen(f"http://{host}:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except urllib.error.URLError:
            return 0

    def supervisor(self) -> int:
        return int(json.loads((self.data / "run/state.json").read_text())["pid"])

    def family(self) -> dict[int, str]:
        """The supervisor and everything that descends from it, each with its command line."""
        rows = [line.split(None, 3) for line in _ps("-e", "-o", "pid=,ppid=,stat=,args=")]
        parents = {int(pid): int(parent) for pid, parent, *_ in rows}
        lines = {int(pid): args[-1] for pid, _, stat, *args in rows if stat[0] != "Z"}
        top = self.supervisor()
        return {pid: line for pid, line in lines.items() if top in _ancestors(pid, parents)}


def _ps(*words: str) -> list[str]:
    return subprocess.run(["ps", "-ww", *words], capture_output=True, text=True, check=False).stdout.splitlines()


def _ancestors(pid: int, parents: dict[int, int]) -> list[int]:
    return [pid, *_ancestors(parents[pid], parents)] if pid in parents else [pid]


def left(pids: Iterable[int]) -> list[str]:
    """Those of them that still run."""
    return [line for line in _ps("-o", "stat=,args=", "-p", ",".join(map(str, pids))) if not line.startswith("Z")]


def _named(family: dict[int, str], part: str) -> set[int]:
    return {pid for pid, line in family.items() if part in line and "guard.py" not in line}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal that is up; the tests of this file share it in the order they stand in."""
    portal = Portal(tmp_path_factory.mktemp("portal") / "Ada's data")
    done = portal.up()
    assert done.returncode == 0, done.stdout + done.stderr
    yield portal
    portal.call("down")


def test_one_command_gives_one_address_that_answers_on_both_families_of_loopback(portal: Portal) -> None:
    assert portal.answers("/readyz") == 200
    assert portal.answers("/healthz", "127.0.0.1") == 200
    if socket.has_ipv6:
        assert portal.answers("/healthz", "[::1]") == 200


def test_up_on_a_running_portal_says_where_it_is_and_starts_nothing(portal: Portal) -> None:
    before = portal.supervisor()
    done = portal.up()
    assert (done.returncode, portal.supervisor()) == (0, before)
    assert f"already running at http://localhost:{portal.port}" in done.stdout


def test_a_port_that_is_taken_is_refused_in_one_line(portal: Portal, tmp_path: Path) -> None:
    done = portal.call("up", "--data", str(tmp_path / "other"), "--port", str(portal.port))
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        [f"Port {portal.port} is taken by another program. Choose another with --port, or leave it out."],
    )


def test_commands_reach_the_running_portal_as_the_role_that_cannot_change_the_record(portal: Portal) -> None:
    done = portal.call("manage", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the application's role can only add to the ledger" in done.stdout
    assert "FAILED" not in done.stdout


def test_no_secret_of_the_data_folder_is_readable_by_others_or_stands_in_a_command_line(portal: Portal) -> None:
    secrets = json.loads((portal.data / "keys/secrets.json").read_text()).values()
    family = portal.family()
    assert len(family) > 10
    assert not any(secret in line for line in family.values() for secret in secrets)
    assert not [path for path in portal.data.rglob("*") if path.is_file() and path.stat().st_mode & 0o077 and "static" not in path.parts]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows another process its environment")
def test_only_the_signer_knows_where_the_signing_key_lies_and_only_commands_know_the_owner(portal: Portal) -> None:
    family = portal.family()
    knows = {pid: Path(f"/proc/{pid}/environ").read_bytes() for pid in family}
    signer = {pid for pid, line in family.items() if "sign_checkpoints" in line}
    assert signer and {pid for pid, environment in knows.items() if b"ASL_CHECKPOINT_KEY_FILE" in environment} == signer
    assert not [pid for pid, environment in knows.items() if b"DATABASE_OWNER_URL" in environment]


def test_a_worker_that_is_killed_comes_back(portal: Portal) -> None:
    before = portal.family()
    pool = _named(before, "-m celery")
    os.kill(min(pool), signal.SIGKILL)
    eventually(lambda: not left(pool))
    eventually(lambda: _named(portal.family(), "-m celery"))
    eventually(lambda: portal.answers("/readyz") == 200, seconds=40)


def test_kill_9_of_the_supervisor_leaves_no_process_and_the_next_up_finds_everything(portal: Portal) -> None:
    family = portal.family()
    os.kill(portal.supervisor(), signal.SIGKILL)
    eventually(lambda: not left(family), seconds=40)
    assert portal.answers("/healthz") == 0
    done = portal.up()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "production log found" in done.stdout
    assert portal.answers("/readyz") == 200


def test_down_stops_everything_and_is_safe_to_say_twice(portal: Portal) -> None:
    family = portal.family()
    assert portal.call("down").stdout == "The portal has stopped.\n"
    assert left(family) == []
    assert portal.call("down").stdout.startswith(f"The portal is not running in {portal.data}. One that was started with --data DIR")


def test_a_command_that_needs_the_database_says_that_nothing_answers(portal: Portal) -> None:
    done = portal.call("manage", "showmigrations")
    assert done.returncode == 1
    assert "Is the portal running? ./portal up" in done.stderr and "Traceback" not in done.stderr
