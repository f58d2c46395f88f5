"""What the workers do for the ledger."""

import logging

from celery import shared_task

from ledger import delivery, services
from ledger.clock import shared_now

log = logging.getLogger(__name__)


@shared_task(name=delivery.DELIVER)
def deliver(**_: object) -> None:
    """Lets every consumer catch up. A run that stopped at its limit asks for another."""
    limit = 500
    if delivery.run_pending(limit=limit, at=shared_now()) >= limit:
        delivery.kick_delivery()


@shared_task(name="ledger.verify_by_night")
def verify_by_night(**_: object) -> None:
    """Recomputes the whole log; what it finds is stored, shown and asked by the gate."""
    report = services.record_verification(at=shared_now())
    if report.misfit:
        log.error("The ledger does not fit: %s", report.misfit)
