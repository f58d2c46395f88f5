"""Is it alive, is it ready: the questions a load balancer, `./portal up` and `doctor` ask."""

import tempfile
import time
from collections.abc import Callable
from functools import lru_cache

import redis
import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from asl_portal.backup import unfinished
from ledger.models import Head
from ledger.queries import is_sound

log = structlog.get_logger(__name__)

WORKER_KEY = "asl_portal:worker-alive"
WORKER_FRESH_SECONDS = 30


@never_cache
@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Everything a request needs is there; 503 names what is not."""
    answers = {name: ask() for name, ask in QUESTIONS.items()}
    return JsonResponse(
        {"status": "ready" if all(answers.values()) else "not ready", **answers}, status=200 if all(answers.values()) else 503
    )


def mark_worker_alive() -> None:
    """Called by the worker's main loop every few seconds."""
    try:
        cache.set(WORKER_KEY, time.time(), timeout=WORKER_FRESH_SECONDS)
    except redis.RedisError as error:
        log.warning("worker could not leave its mark", error=str(error))


def migrated() -> bool:
    """Whether the database answers, and has every migration of this code. Asked each time: a database may be brought back from an older copy."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            return migrations_of_this_code() <= set(cursor.fetchall())
    except Error:  # it is away, or empty
        return False


@lru_cache(maxsize=1)
def migrations_of_this_code() -> frozenset[tuple[str, str]]:
    """Read from the disk once: a running process does not change its code."""
    return frozenset(MigrationLoader(None).disk_migrations)


def broker_answers() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def worker_alive() -> bool:
    try:
        seen = cache.get(WORKER_KEY)
    except redis.RedisError:
        return False
    return seen is not None and time.time() - seen < WORKER_FRESH_SECONDS


def blobs_writable() -> bool:
    """Whether the folder of uploaded bytes takes one more: neither away, nor another's, nor full, nor half brought back."""
    try:
        if unfinished.is_there():
            return False
        settings.BLOB_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=settings.BLOB_DIR) as file:
            file.write(b".")
    except OSError:
        return False
    return True


def ledger_fits() -> bool:
    """Whether the record may be built upon. One that was not begun yet stands in nobody's way."""
    try:
        return not Head.objects.exists() or is_sound()
    except Error:
        return False


QUESTIONS: dict[str, Callable[[], bool]] = {
    "database": migrated,
    "broker": broker_answers,
    "worker": worker_alive,
    "blobs": blobs_writable,
    "ledger": ledger_fits,
}
