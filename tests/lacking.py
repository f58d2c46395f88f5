"""What a test needs and does not find: left out on a machine of one's own, a failure wherever everything is to be there."""

import os
from typing import NoReturn

import pytest


def lacks(what: str) -> NoReturn:
    """Skips the test; with `CI=true` it fails, so that nothing goes untested unseen."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)
