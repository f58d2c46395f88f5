"""Lets the portal catch up while the world is built: what the workers do, in this process and at the story's own time."""

from datetime import datetime

from evaluations.services import assessments, readings
from ledger import delivery


class WorldDoesNotSettle(RuntimeError):
    """Something the story did keeps making work, or a consumer failed on it."""


def catch_up(at: datetime) -> None:
    """Deliver the news, read every file, make every assessment, until nothing is left. Raises WorldDoesNotSettle."""
    for _ in range(200):
        handled = delivery.run_pending(limit=10_000, at=at)
        failed = delivery.failing()
        if failed:
            raise WorldDoesNotSettle("; ".join(f"{cursor.consumer} at entry {cursor.position}: {cursor.error}" for cursor in failed))
        files, due = readings.due(at=at), assessments.due(at=at)
        for upload_id in files:
            readings.parse(upload_id=upload_id, at=at)
        for due_id in due:
            assessments.work(due_id=due_id, at=at)
        if not (handled or files or due):
            return
    raise WorldDoesNotSettle("The work does not come to an end.")
