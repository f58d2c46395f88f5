"""Several pytest processes at once, each with its own Redis numbers; pytest-django gives each its own database. Loaded with `-p` before the settings are."""

import os
from urllib.parse import urlsplit

# Two numbers each: the broker's, and the cache's, which a test empties whole.
_EACH = 2


def _own(url: str, number: int) -> str:
    return urlsplit(url)._replace(path=f"/{number}").geturl()


if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    first = _EACH * (1 + int(worker.removeprefix("gw")))
    os.environ |= {"CACHE_URL": _own(os.environ["REDIS_URL"], first + 1), "REDIS_URL": _own(os.environ["REDIS_URL"], first)}
