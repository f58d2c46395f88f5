"""The Celery application. Tasks take ids, load rows and make one call; the rows say what is to be done."""

import ctypes
import gc
import os
import signal
import sys
import time
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, heartbeat_sent, worker_process_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asl_portal.settings")

app = Celery("asl_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect(weak=False)
@beat_embedded_init.connect(weak=False)
def leave_with_parent(**_: Any) -> None:
    """Pool processes and the embedded scheduler would live on, and work on, after a kill -9 of the worker. On Linux the kernel prevents it."""
    if sys.platform.startswith("linux"):
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGKILL), 0, 0, 0)


@worker_process_init.connect(weak=False)
def set_aside_what_stays(**_: Any) -> None:
    """What a pool process begins with (Django, every room) stays for good: the search for cycles, which stops everything, need not go through it again."""
    gc.collect()
    gc.freeze()


_last_seen = 0.0
_scheduler: Any = None


@worker_ready.connect(weak=False)
def know_scheduler(sender: Any = None, **_: Any) -> None:
    """Remember the scheduler this worker runs beside itself, if it does."""
    global _scheduler  # noqa: PLW0603 - one worker, one scheduler
    _scheduler = getattr(getattr(sender, "controller", None), "beat", None)


@heartbeat_sent.connect(weak=False)
def say_alive(**_: Any) -> None:
    """Leave a mark that `/readyz` reads. The worker's main loop makes it, so that long tasks in the pool do not look like death."""
    global _last_seen  # noqa: PLW0603 - one worker, one clock
    if time.monotonic() - _last_seen < 4:
        return
    _last_seen = time.monotonic()
    if _scheduler is not None and not _scheduler.is_alive():
        # Without its sweeps nothing that was lost is ever found, and nobody would notice. Whoever started us starts us again.
        os.kill(os.getpid(), signal.SIGTERM)
        return
    from asl_portal.health import mark_worker_alive  # noqa: PLC0415 - the apps are loaded by now, not when this module is

    mark_worker_alive()
