"""`./portal up` as a newcomer runs it: in the foreground, from nothing to a seeded board with a link for each persona; Ctrl-C ends it whole."""

import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from asl_portal.demo.cast import PARTS
from tests.asl_portal.test_up import Portal, left
from tests.makers import PASSWORD
from tests.processes import ROOT, eventually

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

LINK = re.compile(r"^  (\S+), .*?(http://localhost:\d+/accounts/link/\S+)$", re.MULTILINE)


@contextmanager
def _in_the_foreground(portal: Portal) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command, and what it has said by the time it is ready."""
    command = [sys.executable, "-m", "asl_portal.embedded", "up", "--port", str(portal.port)]
    child = subprocess.Popen(command, cwd=ROOT, env=portal.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert child.stdout is not None
    said = ""
    try:
        while "Ctrl-C stops it" not in said:
            line = child.stdout.readline()
            assert line, f"It ended by itself:\n{said}"
            said += line
        yield child, said
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
        child.wait(60)
        child.stdout.close()


def _choose_password(link: str) -> str:
    """Opens a link as a browser does and chooses a password; answers the page one comes to."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = browser.open(link, timeout=20)
    html = page.read().decode()
    assert "Choose a password" in html
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    names = re.findall(r'<input type="password" name="([^"]+)"', html)
    assert token and names
    fields = {"csrfmiddlewaretoken": token[1]} | dict.fromkeys(names, PASSWORD)
    wanted = urllib.request.Request(page.url, urllib.parse.urlencode(fields).encode(), {"Referer": page.url})
    with browser.open(wanted, timeout=20) as answer:
        return str(answer.read().decode())


def test_from_nothing_to_a_seeded_board_with_a_link_for_each_persona_until_ctrl_c(tmp_path: Path) -> None:
    portal = Portal(tmp_path / "data")
    with _in_the_foreground(portal) as (child, said):
        family = portal.family()
        assert "demo log opened, board seeded" in said and f"The portal is at http://localhost:{portal.port}" in said
        links = dict(LINK.findall(said))
        assert set(links) == {part.name for part in PARTS.values()}
        home = _choose_password(links["Ada"])
        assert "Ada" in home and "Choose a password" not in home
        for verb in ("verify_ledger", "replay", "doctor"):
            done = portal.call("manage", verb)
            assert done.returncode == 0, done.stdout + done.stderr
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 0
        assert child.stdout is not None and "Stopping" in child.stdout.read()
    eventually(lambda: not left(family), seconds=20)

    again = portal.call("up", "--detach", "--port", str(portal.port))
    assert again.returncode == 0 and "demo log found" in again.stdout
    assert set(dict(LINK.findall(again.stdout))) == set(links) - {"Ada"}
    assert portal.call("down").stdout == "The portal has stopped.\n"
