"""The guard: what it guards never outlives the supervisor, however that ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asl_portal.embedded.datafolder import DataFolder, StillStopping
from asl_portal.embedded.processes import Child, Log
from tests.processes import eventually

pytestmark = pytest.mark.processes

# Writes its process ids, then waits; a deaf one ignores the polite signal, and its child is in the same group.
SCRIPT = """
import os, signal, subprocess, sys, time
if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""

SUPERVISOR = """
import sys, time
sys.path[:0] = {path!r}
from pathlib import Path
from asl_portal.embedded.datafolder import DataFolder
from asl_portal.embedded.processes import Log
from tests.asl_portal.test_guard import _child
folder = DataFolder(Path({data!r}))
_child(folder, Log(folder.logs / "portal.log"), "deaf", grace=1).start()
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.make()
    return folder


@pytest.fixture
def log(folder: DataFolder) -> Iterator[Log]:
    log = Log(folder.logs / "portal.log")
    yield log
    log.close()


def _child(folder: DataFolder, log: Log, *words: str, grace: float = 5) -> Child:
    command = [sys.executable, "-c", SCRIPT, str(folder.run / "pids"), *words]
    return Child("sleeper", command, dict(os.environ), log, folder.children_lock, grace=grace)


def _pids(folder: DataFolder) -> list[int]:
    eventually(lambda: (folder.run / "pids").exists() and (folder.run / "pids").read_text())
    return [int(pid) for pid in (folder.run / "pids").read_text().split()]


def _alive(pid: int) -> bool:
    """Running; what has died and waits for its parent to notice is not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def test_a_stop_takes_the_whole_group(folder: DataFolder, log: Log) -> None:
    child = _child(folder, log)
    child.start()
    pids = _pids(folder)
    assert all(_alive(pid) for pid in pids)
    child.stop()
    assert not any(_alive(pid) for pid in pids)


def test_one_who_does_not_listen_is_killed_after_the_grace(folder: DataFolder, log: Log) -> None:
    child = _child(folder, log, "deaf", grace=0.3)
    child.start()
    pids = _pids(folder)
    child.stop()
    assert not any(_alive(pid) for pid in pids)


def test_what_a_killed_supervisor_leaves_is_gone_soon_and_the_next_one_waits_for_it(folder: DataFolder) -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR.format(path=sys.path, data=str(folder.path))])
    pids = _pids(folder)
    with pytest.raises(StillStopping):
        folder.wait_for_old_children(0)
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    folder.wait_for_old_children(10)
    assert not any(_alive(pid) for pid in pids)


def test_lines_reach_the_log_under_the_name_of_their_process(folder: DataFolder, log: Log) -> None:
    child = Child("greeter", [sys.executable, "-c", "print('good morning')"], dict(os.environ), log, folder.children_lock)
    child.start()
    eventually(lambda: child.exit_code() is not None)
    child.stop()
    assert "greeter  | good morning" in log.path.read_text()
    assert child.exit_code() == 0


def test_a_scratch_folder_goes_with_its_process(folder: DataFolder, log: Log, tmp_path: Path) -> None:
    child = _child(folder, log)
    child.scratch = tmp_path / "sockets"
    child.start()
    _pids(folder)
    assert child.scratch.is_dir()
    child.stop()
    assert not child.scratch.exists()
