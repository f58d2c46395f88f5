"""What the workers do for the ledger."""

from celery import shared_task

from ledger import delivery


@shared_task(name=delivery.DELIVER)
def deliver(**_: object) -> None:
    """Lets every consumer catch up. A run that stopped at its limit asks for another."""
    limit = 500
    if delivery.run_pending(limit=limit) >= limit:
        delivery.kick_delivery()
