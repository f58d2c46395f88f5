"""One value, one sequence of bytes: RFC 8785 canonical JSON, narrowed to values that mean the same everywhere.

Binary floats are refused. A `Decimal` travels as text without exponent or trailing zeros, so that equal numbers give equal bytes;
times must carry a zone and travel in UTC with microseconds. Text is taken as it is: no Unicode normalisation.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NoReturn, TypeAlias
from uuid import UUID

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

SAFE_INTEGER = 2**53
DECIMAL_PLACES = 1000


class NotCanonical(ValueError):
    """A value has no canonical bytes, or bytes are not strict JSON."""


def canonical(value: object) -> bytes:
    """RFC 8785 bytes of a value. Raises `NotCanonical` for floats, naive times, lone surrogates, large integers and unknown types."""
    try:
        return _written(value).encode()
    except UnicodeEncodeError:
        raise NotCanonical("A text holds half of a surrogate pair.") from None
    except RecursionError:
        raise NotCanonical("The value is nested too deeply.") from None


def joined(written: Mapping[str, bytes]) -> bytes:
    """The canonical bytes of an object whose values are written already. The names are plain ASCII without quotes."""
    return b"{" + b",".join(b'"%s":%s' % (name.encode("ascii"), written[name]) for name in sorted(written)) + b"}"


def digest(value: object) -> str:
    """`sha256:` and the hexadecimal digest: of the bytes themselves, or of any other value's canonical bytes."""
    data = value if isinstance(value, bytes) else canonical(value)
    return "sha256:" + hashlib.sha256(data).hexdigest()


def parse(data: bytes) -> Json:
    """Strict JSON in UTF-8. Raises `NotCanonical` for repeated keys, fractions, exponents, large integers, NaN and lone surrogates."""
    try:
        value: Json = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            parse_int=_integer,
        )
        # Half a surrogate pair comes in by an escape alone: the decoder above takes none.
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode()
    except NotCanonical:
        raise
    except UnicodeError:
        raise NotCanonical("The text is not valid UTF-8.") from None
    except RecursionError:
        raise NotCanonical("The value is nested too deeply.") from None
    except ValueError as error:
        raise NotCanonical(f"This is not JSON: {error}.") from None
    return value


class _KeyBeyondASCII(Exception):
    """A key whose place among the others the C encoder would get wrong."""


def _written(value: object) -> str:
    """RFC 8785 orders keys by UTF-16 units, the encoder of the standard library by code points; for ASCII they are one, and it is ten times as fast."""
    try:
        if value.__class__ not in _HARMLESS:
            _check(value)
        return _ENCODE(value)
    except _KeyBeyondASCII:
        return _text(_plain(value))


# Nothing in these can be written in two ways, or `_stands_for` sees to it.
_HARMLESS = frozenset((str, bool, type(None), Decimal, datetime, date, UUID))


def _check(value: object) -> None:
    """Looks for what the encoder would write by itself and otherwise than we do: floats, large integers, keys that are no ASCII text.

    What the encoder does not know it hands to `_stands_for`, which knows it or refuses.
    """
    inner: Iterable[object]
    if isinstance(value, list | tuple):
        inner = value
    elif isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - asking for a plain dictionary first is many times as fast
        _check_keys(value)
        inner = value.values()
    else:
        inner = (value,)  # a number by itself, or what nobody knows
    for item in inner:
        kind = item.__class__
        if kind in _HARMLESS:
            continue
        if kind is int:
            _safe(item)
        elif kind is dict or kind is list or isinstance(item, list | tuple | Mapping):
            _check(item)
        elif isinstance(item, int):
            _safe(item)
        elif isinstance(item, float):
            raise _unknown(item)


def _check_keys(keys: Iterable[object]) -> None:
    for key in keys:
        if not isinstance(key, str):
            raise NotCanonical(f"A key must be text, not {type(key).__name__}.")
        if not key.isascii():
            raise _KeyBeyondASCII


def _stands_for(value: object) -> object:
    """What is written in the place of a value that JSON has no word for."""
    return dict(value) if isinstance(value, Mapping) else _scalar(value)


_ENCODE = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False, default=_stands_for
).encode


def _plain(value: object) -> Json:
    """The value with every number, time and id as JSON knows it."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return _safe(value)
    if isinstance(value, Mapping):
        found = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"A key must be text, not {type(key).__name__}.")
            found[key] = _plain(item)
        return found
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _scalar(value)


def _text(value: Json) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_ENCODE(key)}:{_text(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_text(item) for item in value) + "]"
    return _ENCODE(value)


def _scalar(value: object) -> str:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise _unknown(value)


def _unknown(value: object) -> NotCanonical:
    return NotCanonical(f"A {type(value).__name__} has no canonical form.")


def decimal_text(value: Decimal) -> str:
    """A finite decimal in plain digits: no exponent, no trailing zeros, no negative zero."""
    if not value.is_finite():
        raise NotCanonical("A decimal must be finite.")
    if value == 0:
        return "0"
    if abs(value.adjusted()) > DECIMAL_PLACES or len(value.as_tuple().digits) > DECIMAL_PLACES:
        raise NotCanonical("A decimal has too many places.")
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def time_text(value: datetime) -> str:
    """A time in UTC with microseconds: `2026-05-22T09:00:00.000000Z`."""
    if value.utcoffset() is None:
        raise NotCanonical("A time must carry its zone.")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _safe(value: int) -> int:
    if abs(value) >= SAFE_INTEGER:
        raise NotCanonical("An integer of 2**53 or more travels as text.")
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotCanonical("A key stands twice in one object.")
    return found


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) >= SAFE_INTEGER:
        raise NotCanonical("An integer of 2**53 or more travels as text.")
    return int(text)


def _refuse_number(text: str) -> NoReturn:
    raise NotCanonical(f"The number {text[:40]} is not an integer; decimals travel as text.")
