"""The task that does nothing, for comparison: it says when it ran."""

import time

from celery import shared_task
from django.core.cache import cache


@shared_task
def nothing(*, key: str, **_: object) -> None:
    cache.set(key, time.time(), 60)
