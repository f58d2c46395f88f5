"""Find the Chromium that the browser tests drive, and install one where we may."""

import os
import shutil
from pathlib import Path

from asl_portal.embedded import apt

NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable")
ON_A_MAC = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")


class NoBrowser(Exception):
    """There is no Chromium here; the message says how to get one."""

    def __init__(self) -> None:
        super().__init__(
            "No Chromium found for the browser tests. Install one (Debian: apt-get install chromium-headless-shell), name one in CHROMIUM, "
            "or leave these tests out with ./portal test --without-browser"
        )


def find_browser() -> str:
    """CHROMIUM if it is named; else the path, then what Playwright keeps; raises NoBrowser."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else (*NAMES, *ON_A_MAC)
    found = next((path for name in names if (path := shutil.which(name))), None) or (None if named else _playwrights_own())
    if found is None:
        raise NoBrowser
    return found


def install_browser() -> str:
    """The same, and as root on Debian install the small headless one first if there is none; raises NoBrowser."""
    try:
        return find_browser()
    except NoBrowser:
        if apt.may_install():
            print("Installing chromium-headless-shell", flush=True)
            apt.install("chromium-headless-shell")
        return find_browser()


def _playwrights_own() -> str | None:
    """The headless shell or browser that `playwright install` has put beside its cache."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    patterns = ("chromium_headless_shell-*/*/headless_shell", "chromium_headless_shell-*/*/chrome-headless-shell", "chromium-*/*/chrome")
    return next((str(path) for pattern in patterns for path in sorted(cache.glob(pattern), reverse=True)), None)
