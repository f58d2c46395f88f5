"""(pure) Where a safeguard counts: a sign-off of what is built into one stack, environment or model says nothing of another."""

import re
from dataclasses import dataclass
from typing import Literal

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# The places a statement has to name; an estate is one, and a model is what the statement is about.
Named = Literal["stack", "environment"]
NAMED: tuple[Named, ...] = ("stack", "environment")


@dataclass(frozen=True, slots=True)
class Site:
    """Where weights are served: the stack by name and digest, the environment by name. Empty where nothing is said."""

    stack: str = ""
    stack_digest: str = ""
    environment: str = ""

    def name_of(self, place: Named) -> str:
        return {"stack": self.stack, "environment": self.environment}[place]


def counts(*, placed_in: str, place: str, place_name: str, site: Site) -> bool:
    """Whether something built at this place counts where the weights are served, for a safeguard the framework wants built at `placed_in`.

    What belongs to one model is told apart by its model, elsewhere.
    """
    if place != placed_in:
        return False
    if placed_in == "stack":
        return bool(site.stack) and place_name == site.stack
    if placed_in == "environment":
        return bool(site.environment) and place_name == site.environment
    return True
