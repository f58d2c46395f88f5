"""Reading a moment from an address: a time with its offset, or a bare date, which means the end of that day in UTC."""

from datetime import UTC, date, datetime, time, timedelta

from ledger.refusals import NotValid


class MomentNotValid(NotValid):
    code = "moment_not_valid"
    sentence = "This is no moment."
    what_to_do = "Send a date (2026-05-22) or a time with its offset (2026-05-22T09:00:00Z)."


def moment(text: str, *, default: datetime) -> datetime:
    """The moment a text names; `default` for none. Raises MomentNotValid, also for a time without an offset."""
    if not text:
        return default
    try:
        if len(text) == len("2026-05-22"):
            return datetime.combine(date.fromisoformat(text), time.min, tzinfo=UTC) + timedelta(days=1) - timedelta(microseconds=1)
        # A plus in an address arrives as a space.
        read = datetime.fromisoformat(text.replace(" ", "+"))
        # Near the first and the last day there are times whose moment in UTC has no date.
        told = read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MomentNotValid from error
    if read.tzinfo is None:
        raise MomentNotValid("A time without an offset names no moment.")
    return told
