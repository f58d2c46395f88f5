"""Short texts that programs send: bounded, and without the one character PostgreSQL cannot keep. The API's description says both."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Field

WITHOUT_NUL = r"^[^\x00]*$"
# For parameters: `Annotated[str, Query(**SHORT)]`. Each needs a Query of its own, for it keeps the default it was first used with.
SHORT: dict[str, Any] = {"max_length": 200, "pattern": WITHOUT_NUL}

Short = Annotated[str, Field(**SHORT)]
