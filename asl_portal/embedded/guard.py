"""Run one command and make sure that it never outlives its supervisor.

    guard.py --lock FILE --stop TERM --grace 10 [--user NAME] [--scratch DIR] -- COMMAND…

The supervisor holds the other end of our standard input and never writes to it. End of file means that it closed it (stop, please) or
died (kill -9 included): either way the command gets its stop signal, a grace, and then its whole group is killed. While we run we hold
a shared lock on FILE, so that the next supervisor can wait for the last of us. DIR is the command's own and goes when it does.

A script of the standard library alone, started with `python -I -S`: it must start fast and depend on nothing.
"""

import argparse
import contextlib
import ctypes
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def main() -> int:
    arguments = _arguments()
    os.umask(0o077)
    lock = os.open(arguments.lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    wake = _wake_on_signals()
    stop_signal = signal.Signals[f"SIG{arguments.stop}"]
    child = subprocess.Popen(
        arguments.command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent(stop_signal),  # noqa: PLW1509 - this process has one thread
        user=arguments.user,
        group=_group_of(arguments.user) if arguments.user else None,
        extra_groups=[] if arguments.user else None,
    )
    _wait_for_reason_to_stop(child, wake)
    if child.poll() is None:
        child.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=arguments.grace)
    # Whatever the command left behind in its group goes with it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    if arguments.scratch:
        shutil.rmtree(arguments.scratch, ignore_errors=True)
    return code if code >= 0 else 128 - code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lock", required=True)
    parser.add_argument("--stop", default="TERM")
    parser.add_argument("--grace", type=float, default=10)
    parser.add_argument("--user")
    parser.add_argument("--scratch")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _group_of(user: str) -> int:
    import pwd  # noqa: PLC0415 - absent on some systems, and only root needs it

    return pwd.getpwnam(user).pw_gid


def _wake_on_signals() -> int:
    """Make SIGCHLD and polite stop signals readable, so that one `select` hears everything."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return reading


def _wait_for_reason_to_stop(child: subprocess.Popen[bytes], wake: int) -> None:
    supervisor = sys.stdin.fileno()
    while child.poll() is None:
        readable, _, _ = select.select([supervisor, wake], [], [])
        if wake in readable and any(number != signal.SIGCHLD for number in os.read(wake, 64)):
            return
        if supervisor in readable and os.read(supervisor, 1) == b"":
            return


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """On Linux the kernel also stops the command should this guard itself be killed."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
