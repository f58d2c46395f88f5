"""What `./portal` hands over to: up, down, test, bench, manage."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from asl_portal.embedded import bench, suite
from asl_portal.embedded.alone import run_alone
from asl_portal.embedded.datafolder import AlreadyRunning, DataFolder, StillStopping, usual_folder
from asl_portal.embedded.ending import end_of
from asl_portal.embedded.postgres import DatabaseDidNotStart
from asl_portal.embedded.supervisor import MANAGE, ROOT, Choices, CouldNotStart, Supervisor

# What one does to a portal that is not running: these start its embedded database themselves.
ALONE = {"backup", "restore"}


def main() -> int:
    verb, *rest = sys.argv[1:]
    if verb == "manage":
        return manage(rest)
    if verb == "test":
        return suite.run(rest)
    return {"up": up, "down": down, "bench": bench.run}[verb](rest)


def up(rest: list[str]) -> int:
    parser = _parser("up", "Start the portal: everything from nothing to one address.")
    parser.add_argument("--port", type=int, help="listen here (else the port of last time, or the first free one from 8000)")
    parser.add_argument("--detach", action="store_true", help="come back when the portal is ready and leave it running")
    parser.add_argument("--empty", action="store_true", help="begin a production log instead of the seeded board")
    parser.add_argument("--logs", action="store_true", help="show the log of every process as it is written")
    parser.add_argument("--detached", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(rest)
    folder = DataFolder(chosen.data)
    if chosen.detach:
        return _detach(folder, chosen)
    try:
        folder.make()
        with folder.owned():
            folder.wait_for_old_children(60)
            return Supervisor(folder, Choices(chosen.port, chosen.empty, chosen.logs, chosen.detached), dict(os.environ)).run()
    except AlreadyRunning as error:
        where = f" at {error.state.address}" if error.state else ""
        return _say(f"The portal is already running{where}. Stop it with ./portal down", 0)
    except StillStopping:
        return _say("Processes of an earlier run are still stopping; try again in a moment.", 1)
    except CouldNotStart as error:
        return _say(str(error), 1)
    except PermissionError as error:
        return _say(f"The data folder {folder.path} is not ours to write: {error.strerror}. Choose another with --data DIR.", 1)


def down(rest: list[str]) -> int:
    folder = DataFolder(_parser("down", "Stop the portal.").parse_args(rest).data)
    if not folder.path.exists() or not folder.is_owned():
        return _say(
            f"The portal is not running in {folder.path}. One that was started with --data DIR stops with ./portal down --data DIR.", 0
        )
    state = folder.state()
    if state is None:
        return _say("The portal is just starting; try again in a moment.", 1)
    try:
        ended = end_of(state.pid)
        os.kill(state.pid, signal.SIGTERM)
    except ProcessLookupError:
        return _say("The portal has stopped.", 0)
    give_up_at = time.monotonic() + 90
    # The lock goes a moment before the process does, and whoever is told "stopped" may look for it.
    while folder.is_owned() or not ended():
        if time.monotonic() > give_up_at:
            return _say(f"The portal (process {state.pid}) has not stopped within 90 seconds.", 1)
        time.sleep(0.1)
    return _say("The portal has stopped.", 0)


def manage(rest: list[str]) -> int:
    """Run a management command against the running portal, or against what DATABASE_URL and REDIS_URL name."""
    folder = DataFolder(usual_folder())
    if ALONE & set(rest[:1]) and not {"DATABASE_URL", "DATABASE_URL_FILE"} & os.environ.keys() and not folder.is_owned():
        return _alone(folder, rest)
    saved = (folder.environment() if folder.path.exists() else None) or _nothing_running(folder)
    # Whoever names a database of their own means that one whole, its owner's address too.
    mine = {name for name in saved if name.startswith("DATABASE_")} if {"DATABASE_URL", "DATABASE_URL_FILE"} & os.environ.keys() else set()
    saved = {name: value for name, value in saved.items() if name not in mine}
    os.execve(MANAGE[0], [*MANAGE, *rest], saved | os.environ)  # noqa: S606 - this process becomes the command


def _alone(folder: DataFolder, rest: list[str]) -> int:
    try:
        return run_alone(folder, rest, os.environ)
    except (AlreadyRunning, StillStopping):
        return _say("The portal is just starting or stopping; try again in a moment.", 1)
    except DatabaseDidNotStart as error:
        return _say(str(error), 1)


def _nothing_running(folder: DataFolder) -> dict[str, str]:
    """Enough for commands that need no database; the others say that nothing answers."""
    return {
        "ASL_DATA_DIR": str(folder.path),
        "ASL_SECRET_KEY": "commands-without-a-portal-sign-nothing-with-this-key",
        "DATABASE_URL": f"postgresql:///asl?host={folder.run}",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def _detach(folder: DataFolder, chosen: argparse.Namespace) -> int:
    """Start the supervisor in a session of its own and relay what it says until it is ready or gone."""
    choices = ["--data", str(folder.path), *(["--port", str(chosen.port)] if chosen.port else []), *(["--empty"] if chosen.empty else [])]
    child = subprocess.Popen(
        [sys.executable, "-m", "asl_portal.embedded", "up", "--detached", *choices],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        cwd=ROOT,
    )
    if child.stdout is None:
        return 1
    try:
        with child.stdout as lines:
            for line in lines:
                print(line, end="", flush=True)
    except KeyboardInterrupt:
        child.terminate()
    # It let go of us: either it is ready and stays, or it is leaving with its code.
    state = folder.state()
    if state and state.pid == child.pid and state.phase == "ready" and child.poll() is None:
        child.returncode = 0  # it outlives us on purpose
        return 0
    return child.wait()


def _parser(verb: str, about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"./portal {verb}", description=about, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=usual_folder(), metavar="DIR", help="where everything is kept (default: %(default)s)")
    return parser


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr if code else sys.stdout, flush=True)
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
