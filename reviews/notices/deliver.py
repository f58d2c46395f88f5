"""Bringing news to outlets: leased, sent, settled. A receiver that refuses or is away only delays the row."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from people.sealing import SealDoesNotOpen
from reviews.models import Delivery
from reviews.models.notice import WorkState
from reviews.models.outlet import OutletKind
from reviews.notices.channels import chat, webhook
from reviews.notices.reaching import AddressNotAllowed, NotReached
from reviews.work import claim, postpone, settle

log = logging.getLogger(__name__)

# Ten tries of ten seconds each end within a lease: a worker that is slow is not taken for dead, and nothing goes out twice.
AT_ONCE = 10


def send_due(*, at: datetime, clock: Callable[[], datetime] = timezone.now) -> int:
    """Deliver what is due and give how many were taken. `clock` stamps each attempt when it is made, for receivers refuse what is old."""
    rows = Delivery.objects.select_related("outlet")
    return sum(_send(delivery, at, clock) for delivery in claim(rows, at=at, limit=AT_ONCE))


def _send(delivery: Delivery, at: datetime, clock: Callable[[], datetime]) -> bool:
    if not delivery.outlet.is_live(at):
        settle(delivery, state=WorkState.DEAD, last_error="The outlet was stopped before this went out.")
        return False
    try:
        status = webhook.send(delivery, at=clock()) if delivery.outlet.kind == OutletKind.WEBHOOK else chat.send(delivery)
    except NotReached as error:
        log.warning("Delivery %s was not taken (attempt %s): %s", delivery.pk, delivery.attempts, error.why)
        Delivery.objects.filter(pk=delivery.pk).update(status=error.status)
        postpone(delivery, at=at, why=error.why)
        return False
    except AddressNotAllowed as error:
        settle(delivery, state=WorkState.DEAD, last_error=error.sentence)
        return False
    except SealDoesNotOpen:
        settle(delivery, state=WorkState.DEAD, last_error="The portal's secret has changed; set this outlet up anew.")
        return False
    return settle(delivery, state=WorkState.DONE, done_at=at, status=status, last_error="")
