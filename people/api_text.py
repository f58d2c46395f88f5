"""What programs send: short texts, bounded and without the one character PostgreSQL cannot keep; bodies in which every field is described and stands once."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import ConfigDict

from ledger.refusals import NotValid

WITHOUT_NUL = r"^[^\x00]*$"
# For parameters: `Annotated[str, Query(**SHORT)]`. Each needs a Query of its own, for it keeps the default it was first used with.
SHORT: dict[str, Any] = {"max_length": 200, "pattern": WITHOUT_NUL}

Short = Annotated[str, Field(**SHORT)]


class Body(Schema):
    """What is sent to an operation. A field that is not described is refused: a misspelt one would be answered as if it had not been sent."""

    model_config = ConfigDict(extra="forbid")


class KeyRepeated(NotValid):
    code = "key_repeated"
    what_to_do = "Send each key of an object once."


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json.loads`: an object whose keys each stand once. Raises KeyRepeated."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise KeyRepeated(f"The key {key[:40]!r} stands twice in one object, so nobody knows which of the two is meant.")
        found[key] = value
    return found
