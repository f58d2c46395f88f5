"""Lists by cursor: a page starts after the last thing of the page before, so nothing is skipped or told twice while rows are added."""

from __future__ import annotations

import base64
import json
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from ledger.refusals import NotValid

Row = TypeVar("Row", bound=Model)
LONGEST = 200


class CursorNotValid(NotValid):
    code = "cursor_not_valid"
    sentence = "This cursor was not given by this list."
    what_to_do = "Start without a cursor and follow `next`."


class Page(Generic[Row]):
    """Some rows, and the cursor of the next page; None after the last."""

    def __init__(self, rows: list[Row], following: str | None) -> None:
        self.rows = rows
        self.following = following


def page(rows: QuerySet[Row], *, by: str, cursor: str = "", limit: int = 50) -> Page[Row]:
    """A page of `rows` in the order of `by`, a unique field, "-" in front for falling. Raises CursorNotValid."""
    field = by.removeprefix("-")
    limit = max(1, min(limit, LONGEST))
    if cursor:
        rows = rows.filter(**{f"{field}__{'lt' if by.startswith('-') else 'gt'}": _opened(cursor, rows, field)})
    found = list(rows.order_by(by)[: limit + 1])
    following = _closed(getattr(found[limit - 1], field)) if len(found) > limit else None
    return Page(found[:limit], following)


def _closed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value if isinstance(value, int) else str(value)).encode()).decode().rstrip("=")


def _opened(cursor: str, rows: QuerySet[Any], field: str) -> Any:
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if type(value) not in (int, str) or "\x00" in str(value):
            raise CursorNotValid
        return rows.model._meta.get_field(field).to_python(value)
    except (ValueError, ValidationError) as error:
        raise CursorNotValid from error
