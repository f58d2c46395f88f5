"""Whether a process that is not our child has ended."""

import os
import select
from collections.abc import Callable


def end_of(pid: int) -> Callable[[], bool]:
    """A question that can be asked again and again: has the process that has this number now ended?
    On Linux one that only waits to be reaped has.

    Raises ProcessLookupError when there is no such process.
    """
    if hasattr(os, "pidfd_open"):
        handle = os.pidfd_open(pid)
        return lambda: bool(select.select([handle], [], [], 0)[0])
    os.kill(pid, 0)
    return lambda: _is_gone(pid)


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
