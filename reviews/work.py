"""Rows that wait to be worked on: leased by one worker at a time, settled under the lease, found again when a worker dies."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from ledger.clock import lease_is_over, wait_is_over
from reviews.models.notice import Work, WorkState

Row = TypeVar("Row", bound=Work)

LEASE = settings.WORK_LEASE
MOST_ATTEMPTS = 8
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)


def claim(rows: QuerySet[Row], *, at: datetime, limit: int) -> Sequence[Row]:
    """Lease up to `limit` rows that are due. Two workers never hold the same row: the second skips what the first has locked.

    `rows` carries the `select_related` the work needs. A row whose worker died at every try is given up: it may be the row that kills.
    """
    free = lease_is_over(at, LEASE)
    waiting = [WorkState.WAITING, WorkState.WORKING]
    token = uuid.uuid4()
    with transaction.atomic():
        spent = rows.select_related(None).filter(state=WorkState.WORKING, lease_until__lte=at, attempts__gte=MOST_ATTEMPTS)
        spent.update(state=WorkState.DEAD, lease_until=None, lease_token=None, last_error="Its worker was lost at every try.")
        due = rows.select_related(None).filter(free, wait_is_over(at, LONGEST_WAIT), state__in=waiting).order_by("not_before", "id")
        ids = [row.pk for row in due.select_for_update(skip_locked=True)[:limit]]
        rows.model._default_manager.filter(pk__in=ids).update(
            state=WorkState.WORKING, lease_until=at + LEASE, lease_token=token, attempts=F("attempts") + 1
        )
    return list(rows.filter(lease_token=token).order_by("not_before", "id"))


def settle(row: Row, **fields: object) -> bool:
    """Write the end of an attempt, fenced by its lease: a worker that came back from the dead changes nothing and gets False."""
    held = type(row)._default_manager.filter(pk=row.pk, lease_token=row.lease_token, state=WorkState.WORKING)
    return bool(held.update(lease_until=None, lease_token=None, **fields))


def postpone(row: Row, *, at: datetime, why: str) -> bool:
    """Try again later, ever more slowly; after the last attempt the row is dead and waits for an operator. `why` holds nothing secret."""
    spent = row.attempts >= MOST_ATTEMPTS
    return settle(row, state=WorkState.DEAD if spent else WorkState.WAITING, not_before=at + wait_after(row.attempts), last_error=why)


def wait_after(attempts: int) -> timedelta:
    """15 s, 30 s, 1 min … up to an hour."""
    return min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
