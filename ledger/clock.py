"""One clock for all who work in the background: the database's. A worker on a machine whose own clock is wrong does no harm."""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Q


def shared_now() -> datetime:
    """The time of the database at this moment, not of a transaction's begin."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)


# Clocks of several machines differ by seconds; one that runs further ahead than this is wrong.
AHEAD = timedelta(minutes=5)

_pretended: datetime | None = None


def pretend(now: datetime | None) -> None:
    """For tests, which live at times of their own: from here on this process takes `now` for the present; None ends that."""
    global _pretended  # noqa: PLW0603 one process has one present
    _pretended = now


def is_ahead(at: datetime, present: datetime) -> bool:
    """Whether a moment lies further in the future than clocks differ. `present` is the database's time."""
    return at > (_pretended or present) + AHEAD


def _later_than_any(at: datetime, longest: timedelta) -> datetime:
    """Whatever is set further off than this was set by a clock that has jumped since, and binds nobody."""
    return at + 2 * longest


def lease_is_over(at: datetime, lease: timedelta) -> Q:
    """Rows nobody works on any more."""
    return Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=_later_than_any(at, lease))


def wait_is_over(at: datetime, longest: timedelta) -> Q:
    """Rows whose not-before has come."""
    return Q(not_before=None) | Q(not_before__lte=at) | Q(not_before__gt=_later_than_any(at, longest))


def holds(until: datetime | None, at: datetime, longest: timedelta) -> bool:
    """The same of one row: does its lease or its wait still hold?"""
    return until is not None and at < until <= _later_than_any(at, longest)
