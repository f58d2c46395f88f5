"""Work that makes many thousands of values at once, all of them in use, does without the search for cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Holds off the search for cycles, which would go through everything the process holds, again and again. What is done with goes at once, as always."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
