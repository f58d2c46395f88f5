"""Short texts that programs send: bounded, and without the one character PostgreSQL cannot keep. The API's description says both."""

from __future__ import annotations

from typing import Annotated

from ninja import Field, Form, Path, Query

LONGEST = 200
WITHOUT_NUL = r"^[^\x00]*$"

Short = Annotated[str, Field(max_length=LONGEST, pattern=WITHOUT_NUL)]
ShortInQuery = Annotated[str, Query(max_length=LONGEST, pattern=WITHOUT_NUL)]
ShortInForm = Annotated[str, Form(max_length=LONGEST, pattern=WITHOUT_NUL)]
ShortInPath = Annotated[str, Path(max_length=LONGEST, pattern=WITHOUT_NUL)]
