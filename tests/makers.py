"""The world of the tests, built through the public verbs only. One section per room; keep each maker small."""

from datetime import UTC, datetime

from ledger import delivery
from ledger.models import Log
from ledger.services import current_log, open_log

NOON = datetime(2026, 5, 22, 12, tzinfo=UTC)


# ledger


def make_log(mode: str = "demo", at: datetime = NOON) -> Log:
    """The open log; opened now if it is not yet."""
    return current_log() or open_log(mode=mode, at=at)


def deliver_all(at: datetime = NOON) -> int:
    """Lets every consumer catch up, and insists that none of them failed."""
    handled = delivery.run_pending(limit=10_000, at=at)
    assert not delivery.failing(), [f"{cursor.consumer} at {cursor.position}: {cursor.error}" for cursor in delivery.failing()]
    return handled
