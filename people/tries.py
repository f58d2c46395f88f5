"""How often something was tried lately, counted in the cache, where many processes count together."""

from django.core.cache import cache
from redis.exceptions import RedisError

from ledger.refusals import NotNow


class CannotCount(NotNow):
    code = "cannot_count"
    sentence = "The portal cannot count tries just now, so it takes no confirmation."
    what_to_do = "Try again in a minute; if it stays so, tell an administrator that the cache does not answer."


def count(key: str, *, within: int) -> int:
    """Counts one try and answers how many there were in that many seconds. Raises CannotCount."""
    try:
        cache.add(key, 0, timeout=within)
        return cache.incr(key)
    except ValueError:
        return count(key, within=within)  # the time ran out between the two
    except RedisError as error:
        raise CannotCount from error


def counted(key: str) -> int:
    """Raises CannotCount."""
    try:
        return int(cache.get(key, 0))
    except RedisError as error:
        raise CannotCount from error


def forget(key: str) -> None:
    """Raises CannotCount."""
    try:
        cache.delete(key)
    except RedisError as error:
        raise CannotCount from error
