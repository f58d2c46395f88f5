"""Whether a process has ended is asked of the kernel, for a process that is not our child too."""

import os
import signal
import subprocess
import sys

import pytest

from asl_portal.embedded.ending import end_of
from tests.processes import eventually

pytestmark = pytest.mark.processes


def test_a_process_has_ended_once_it_only_waits_to_be_reaped_and_no_sooner() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    ended = end_of(child.pid)
    assert not ended()
    os.kill(child.pid, signal.SIGKILL)
    eventually(ended, seconds=10)
    assert child.wait(10) == -signal.SIGKILL
    assert ended()
    with pytest.raises(ProcessLookupError):
        end_of(child.pid)
