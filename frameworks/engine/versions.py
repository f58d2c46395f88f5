"""Released versions of a pure function stay callable: what a version answered is answered again by that version, never by a later one.

docs/decisions/0006 says how a version is kept at a release.
"""

from collections.abc import Callable
from dataclasses import dataclass

from frameworks.engine.decide import ENGINE_VERSION, decide

# Two canonical documents in, one out.
Answering = Callable[[bytes, bytes], bytes]


class VersionNotCarried(LookupError):
    """An answer was made by a version of which this portal has no code."""

    def __init__(self, what: str, version: str) -> None:
        self.what, self.version = what, version
        super().__init__(f"made by {what} version {version}, which this portal does not carry")


@dataclass(frozen=True)
class Versions:
    """Every version of one function that is carried, and the one that answers now."""

    what: str
    carried: dict[str, Answering]
    current: str

    def of(self, version: str) -> Answering:
        """The function as it was in a version. Raises VersionNotCarried."""
        try:
            return self.carried[version]
        except KeyError:
            raise VersionNotCarried(self.what, version) from None

    def now(self, one: bytes, other: bytes) -> bytes:
        """The answer of the version in use."""
        return self.of(self.current)(one, other)


ENGINES = Versions("engine", {ENGINE_VERSION: decide}, current=ENGINE_VERSION)
