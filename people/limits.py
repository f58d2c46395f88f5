"""How many calls of the API one token may make in a minute, and how many refused ones may come from one address, in a minute and in an hour: counted in the
cache by all processes together.

A limit only ever says "not now" (429). Where the cache does not answer nothing is counted and calls go on: a token is far too long to be guessed, and
what a call may do is decided without any of this.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from ledger.refusals import Refusal
from people.models import ApiToken
from people.tries import CannotCount
from people.words import Scope

logger = logging.getLogger(__name__)

MINUTE, HOUR = 60, 3600
NAMES = {MINUTE: "minute", HOUR: "hour"}
# A frozen cache takes its time not to answer: one call waits that long, and those after it do not.
PATIENCE_SECONDS = 0.5
LEFT_ALONE_SECONDS = 15


class TooManyRequests(Refusal):
    status: ClassVar[int] = 429
    code = "too_many_requests"

    def __init__(self, *, limit: int, whose: str, span: int, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"More than {limit} such calls {whose} in this {NAMES[span]}: nothing was answered and nothing was done.",
            what_to_do=f"Wait {retry_after} seconds and ask again. No answer is not a yes.",
        )


def count_call(token: ApiToken, scope: str, *, at: datetime) -> None:
    """Counts a call that came with this token; questions at the gate apart from all others. Raises TooManyRequests."""
    kind, limit = ("gate", settings.API_GATE_PER_MINUTE) if scope == Scope.GATE_READ else ("calls", settings.API_CALLS_PER_MINUTE)
    _count(f"{kind}:{token.pk}", limit=limit, whose="with this token", at=at)


def count_refused(address: str, *, at: datetime) -> None:
    """Counts a call that came without a valid token. Whoever brings a valid one from there is still heard. Raises TooManyRequests."""
    # Whoever is patient enough to stay below the limit of each minute meets that of the hour.
    for span, limit in ((MINUTE, settings.API_REFUSED_PER_MINUTE), (HOUR, settings.API_REFUSED_PER_HOUR)):
        _count(f"refused:{address}", limit=limit, whose="without a valid token from this address", at=at, span=span)


def _count(what: str, *, limit: int, whose: str, at: datetime, span: int = MINUTE) -> None:
    turn, into = divmod(int(at.timestamp()), span)
    key = f"people:limit:{what}:{NAMES[span]}:{turn}"
    with suppress(CannotCount):
        if limit and _counter(str(settings.CACHES["default"]["LOCATION"])).count(key, keep=2 * span) > limit:
            raise TooManyRequests(limit=limit, whose=whose, span=span, retry_after=span - into)


class _Counter:
    """One round trip a call, which the gate's questions cannot spare more of."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)
        self._silent_until = 0.0

    def count(self, key: str, *, keep: int) -> int:
        """Raises CannotCount."""
        if time.monotonic() < self._silent_until:
            raise CannotCount
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                # Kept a little longer than its turn, for clocks that are apart.
                pipeline.incr(key)
                pipeline.expire(key, keep)
                counted, _ = pipeline.execute()
        except RedisError as error:
            self._silent_until = time.monotonic() + LEFT_ALONE_SECONDS
            logger.warning("The cache counts no calls of the API (%s); they go on without a limit.", type(error).__name__)
            raise CannotCount from error
        return int(counted)


@lru_cache
def _counter(url: str) -> _Counter:
    return _Counter(url)
