"""What `deploy/` says, read back: the targets of the Dockerfile with their commands."""

import json
import re
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"


def commands() -> dict[str, list[str]]:
    """Each target of the Dockerfile that runs something, with its command."""
    found: dict[str, list[str]] = {}
    target = ""
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if begins := re.match(r"FROM \S+ AS (\w+)", line):
            target = begins.group(1)
        elif line.startswith("CMD "):
            found[target] = json.loads(line.removeprefix("CMD "))
    return found
