"""(pure) Libraries that few processes need and that take megabytes: they are loaded when something of them is first used.

Beside each stands the plain import, for whoever checks types.
"""

from importlib import import_module
from typing import Any


class Late:
    """Stands for a module until then; what is asked of it is asked of the module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)
