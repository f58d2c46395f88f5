"""From an upload's receipt to its assessment, beside a task that does nothing, through the same queue and a real worker."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from asl_portal.demo.redating import redated
from benchmarks.measuring import Line, p95, spread
from benchmarks.noop import nothing
from evaluations.models import Assessment, Snapshot, Subject
from evaluations.services import uploads
from people.models import Person

TITLE = "From upload to assessment"
BASELINE = "a task that only leaves a mark in the cache, sent to the same queue and done by the same worker of two processes; both are awaited by asking every millisecond."
TRIED = """Whoever receives a file asks for it to be read; whoever reads it goes on in the same process to the news of it and to its model's assessment, and the messages for
these hops are the second way only. Rows, leases and idempotence are as they were: each hop can still be lost, doubled or killed without harm. What people wait for is heard
before what can wait (cases, scopes, notices, outlets), of which one worker does one thing at a time, so that the others stay free; the gate's scopes are looked at once for
several entries about one model, and without a lock while nothing moves; consumers for whom nothing waits are taken to the head in one statement instead of four each. Before, an
upload passed four messages and stood behind the board's work at each. All files of this measure are about one model, so each may have to wait until the board, which looks at the
one before, lets go of it. What remains else is work: some ninety statements and eight commits that wait for the disk, where the task that does nothing has none. Tried and taken
back: committing cursors and leases without waiting for the disk, for what is remembered while the database says that nothing was written (decision 0005) may then outlive a
crash. Not tried: fewer commits by joining the claim of a row with its work, which would let a worker that dies take its row along."""

LOG = Path(settings.BASE_DIR) / "asl_portal" / "demo" / "logs" / "heron-3" / "swe-hard.eval"
PATIENCE = 120


def run(quick: bool) -> list[Line]:
    count = 5 if quick else 40
    with _worker():
        _nothing()
        _upload(0)
        told: dict[str, list[float]] = {"upload": [], "nothing": []}
        for number in range(1, count + 1):
            told["upload"].append(_upload(number))
            told["nothing"].append(_nothing())
    slow, quick_one = p95(told["upload"]), p95(told["nothing"])
    middle = spread(told["upload"])
    return [
        Line(
            "receipt to stored assessment, p95",
            3,
            slow / quick_one,
            "×",
            detail=f"{slow * 1000:.0f} ms against {quick_one * 1000:.1f} ms (medians {middle.median * 1000:.0f} and "
            f"{spread(told['nothing']).median * 1000:.1f} ms), {count} of each",
            noisy=middle.is_noisy,
        )
    ]


def _upload(number: int) -> float:
    """Seconds from the call that keeps the bytes to the assessment that counts them."""
    subject = Subject.objects.get(slug="heron-3")
    snapshot = Snapshot.objects.filter(subject=subject).latest("registered_at")
    content = redated(LOG.read_bytes(), created=timezone.now().replace(microsecond=0, hour=number // 60, minute=number % 60))
    before = Assessment.objects.filter(subject=subject).count()
    begun = time.perf_counter()
    uploads.receive(
        stream=BytesIO(content),
        filename="bench.eval",
        subject=subject,
        snapshot=snapshot,
        actor=Person.objects.get(name="Ada"),
        at=timezone.now(),
    )
    return _wait(lambda: Assessment.objects.filter(subject=subject).count() > before, begun)


def _nothing() -> float:
    key = f"bench:{uuid4()}"
    begun = time.perf_counter()
    nothing.delay(key=key)
    return _wait(lambda: cache.get(key) is not None, begun)


def _wait(done, begun: float) -> float:  # type: ignore[no-untyped-def]
    while not done():
        if time.perf_counter() - begun > PATIENCE:
            raise RuntimeError("The worker does not come to an end.")
        time.sleep(0.001)
    return time.perf_counter() - begun


@contextmanager
def _worker() -> Iterator[None]:
    """A worker and scheduler as `./portal up` starts them, with the task that does nothing beside."""
    command = [sys.executable, "-m", "celery", "-A", "asl_portal", "worker", "--beat", "--schedule", str(settings.DATA_DIR / "beat")]
    command += ["--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING", "--include", "benchmarks.noop"]
    child = subprocess.Popen(command, env=os.environ | {"PYTHONUNBUFFERED": "1"}, cwd=settings.BASE_DIR)
    try:
        yield
    finally:
        child.terminate()
        child.wait(30)
