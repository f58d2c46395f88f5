"""What the workers do for evaluations. A row says what is to be done, so a lost message only delays: a sweep finds it."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task

from evaluations.services import assessments, blobs, readings
from ledger.clock import shared_now
from ledger.delivery import held_back, kick, run_pending

LONGEST_SWEEP = timedelta(seconds=60)
# As much news as a reader goes on to hear by itself: what a busy hour has piled up is not one upload's to wait for.
FEW = 50
FOLLOWS_A_SUBJECT = "evaluations.subject"


@shared_task
def parse_upload(*, upload_id: str, **_: object) -> None:
    """Reads a file and goes on to its model's assessment at once. The messages that ask for the same follow as the second way."""
    with held_back() as asked:
        upload = readings.parse(upload_id=UUID(upload_id), at=shared_now())
        if upload is None:
            return
        run_pending(at=shared_now(), limit=FEW, only=(FOLLOWS_A_SUBJECT,))
        for due_id in assessments.due(at=shared_now(), subject_id=upload.subject_id):
            asked.take(assess_due.name, due_id=str(due_id))
            _assess(due_id)


@shared_task
def assess_due(*, due_id: str, **_: object) -> None:
    _assess(UUID(due_id))


def _assess(due_id: UUID) -> None:
    """Whoever asks again while the assessment is being made finds it taken; it is asked for once more when it is done."""
    assessments.work(due_id=due_id, at=shared_now())
    if assessments.waits_again(due_id=due_id):
        kick(assess_due, due_id=str(due_id))


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
