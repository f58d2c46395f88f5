"""Debian's packages, for the tests that need a program of the system: installed only by root, and only where there is an apt-get."""

import os
import shutil
import subprocess


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str) -> None:
    """Installs what is missing, quietly; whether it is there now is for the caller to see. No service of it is started."""
    # RUNLEVEL 1 is what keeps a package's own scripts from starting its server beside ours.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for words in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
        subprocess.run(["apt-get", "-qq", *words], check=False, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
