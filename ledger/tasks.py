"""What the workers do for the ledger."""

import logging

from celery import shared_task

from ledger import delivery, services
from ledger.clock import shared_now

log = logging.getLogger(__name__)

AT_ONCE = 500


@shared_task(name=delivery.DELIVER)
def deliver(**_: object) -> None:
    """Lets every consumer catch up. A run that stopped at its limit asks for another; one that came to its end has heard its own news too."""
    with delivery.held_back(delivery.DELIVER) as asked:
        if delivery.run_pending(limit=AT_ONCE, at=shared_now()) >= AT_ONCE:
            delivery.kick_delivery()
        else:
            asked.take(delivery.DELIVER)


@shared_task(name="ledger.verify_by_night")
def verify_by_night(**_: object) -> None:
    """Recomputes the whole log; what it finds is stored, shown and asked by the gate."""
    report = services.record_verification(at=shared_now())
    if report.misfit:
        log.error("The ledger does not fit: %s", report.misfit)
