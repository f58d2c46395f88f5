"""What the workers do for evaluations. A row says what is to be done, so a lost message only delays: a sweep finds it."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task

from evaluations.services import assessments, blobs, readings
from ledger.clock import shared_now

LONGEST_SWEEP = timedelta(seconds=60)


@shared_task
def parse_upload(*, upload_id: str, **_: object) -> None:
    readings.parse(upload_id=UUID(upload_id), at=shared_now())


@shared_task
def assess_due(*, due_id: str, **_: object) -> None:
    assessments.work(due_id=UUID(due_id), at=shared_now())


@shared_task
def sweep(**_: object) -> None:
    """Every few seconds: whatever waits although its message was lost or its worker died. It hands over long before its time limit."""
    at = shared_now()
    for upload_id in readings.due(at=at):
        readings.parse(upload_id=upload_id, at=shared_now())
        if shared_now() - at > LONGEST_SWEEP:
            return
    for due_id in assessments.due(at=at):
        assessments.work(due_id=due_id, at=shared_now())
        if shared_now() - at > LONGEST_SWEEP:
            return


@shared_task
def sweep_clock(**_: object) -> None:
    """Every minute: answers that change by the mere passing of time, and what broken-off uploads left on the disk."""
    at = shared_now()
    assessments.mark_what_the_clock_changed(at=at)
    blobs.forget_broken_off(at=at)
