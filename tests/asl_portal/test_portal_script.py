"""The way in, before there is any Python environment: plain POSIX shell, and one clear line for each thing that is missing."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def _portal(*words: str, script: Path = ROOT / "portal", path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path} if path else None
    return subprocess.run(["/bin/sh", script, *words], capture_output=True, text=True, check=False, env=environment)


def test_help_is_asked_for_in_three_ways() -> None:
    assert _portal("help").stdout == _portal("--help").stdout == _portal().stdout
    assert _portal("help").returncode == 0


def test_a_command_that_does_not_exist_is_refused_and_the_real_ones_shown() -> None:
    done = _portal("start")
    assert done.returncode == 1
    assert done.stderr.startswith("./portal up") and done.stderr.endswith("portal: there is no command 'start'\n")


def test_a_machine_whose_python_is_too_old_is_told_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("dirname", "cksum", "cat", "id", "awk"):
        found = subprocess.run(["/bin/sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True).stdout.strip()
        (tmp_path / "bin" / name).symlink_to(found)
    (tmp_path / "bin/python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/python3").chmod(0o755)
    for name in ("portal", "requirements.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    done = _portal("up", script=tmp_path / "portal", path=str(tmp_path / "bin"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "portal: needs Python 3.11 or newer on the path (or its program in PYTHON)."


def test_a_second_run_installs_nothing(tmp_path: Path) -> None:
    """The stamp is the lock's own checksum: what stands in the environment is what the lock says."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("portal", "requirements.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / ".venv/bin/python").write_text('#!/bin/sh\necho "ran $*"\n')
    (tmp_path / ".venv/bin/python").chmod(0o755)
    stamp = subprocess.run("cksum <requirements.txt", shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    (tmp_path / ".venv/installed-requirements").write_text(stamp.strip())
    done = _portal("manage", "doctor", script=tmp_path / "portal")
    assert (done.stdout, done.stderr) == ("ran -m asl_portal.embedded manage doctor\n", "")
