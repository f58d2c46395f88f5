"""What the workers do for the board. A row or a clock says what is to be done; a lost message only delays it."""

from celery import shared_task

from ledger.clock import shared_now
from reviews.notices import deliver
from reviews.notices.send import send_digests, send_due
from reviews.reports.exports import make_due
from reviews.services import clocks, following, observing

REPORTS_AT_ONCE = 5


@shared_task
def sweep_clock(**_: object) -> None:
    """Ends decisions that ran out, and works the gate out anew where time or a worker may have moved it; then the framework's own clocks."""
    following.sweep(at=shared_now())
    clocks.sweep(at=shared_now())
    observing.sweep(at=shared_now())


@shared_task
def sweep_notices(**_: object) -> None:
    """Sends the mails that are due, and the digests whose hour has come."""
    send_due(at=shared_now())
    send_digests(at=shared_now())


@shared_task
def send_deliveries(**_: object) -> None:
    """Brings news to the outlets outside."""
    deliver.send_due(at=shared_now())


@shared_task
def make_exports(**_unknown: object) -> None:
    """Makes the reports that were asked for, each as of the moment it is begun: what is dated too far back the ledger does not take."""
    for _ in range(REPORTS_AT_ONCE):
        if not make_due(at=shared_now(), limit=1):
            return
