"""`./portal bench`: servers of its own, as durable as in earnest, and every measure in one run."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from asl_portal.embedded.suite import ROOT, servers


def run(rest: list[str]) -> int:
    """What was measured goes to the terminal and, for a whole run, to docs/benchmarks.md; the exit code is 1 where a measure broke."""
    # Beside the data of the portal rather than under /tmp, which may be memory: what is synced there is not synced to a disk.
    with (
        tempfile.TemporaryDirectory(prefix="asl-bench-", dir="/var/tmp") as folder,
        servers(Path(folder), dict(os.environ), durable=True) as ready,
    ):
        return subprocess.run([sys.executable, "-m", "benchmarks", *rest], cwd=ROOT, env=ready, check=False).returncode
