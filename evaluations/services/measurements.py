"""The measurements of a reading as rows: ten thousand of them go into the database by one COPY and never become objects of the model."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, repeat
from secrets import token_hex
from typing import Any

from evaluations.adapters.types import Effect, ParsedMeasurement, ParsedRun, Warning
from evaluations.models import Measurement, Run
from evaluations.services.copying import copy_rows

_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def store(runs: Sequence[Run], told: Sequence[ParsedRun]) -> int:
    """Writes every measurement of these runs, each as the reading told it; answers how many there are."""
    count = sum(len(parsed.measurements) for parsed in told)
    if count:
        copy_rows(Measurement, _columns(runs, told))
    return count


def _columns(runs: Sequence[Run], told: Sequence[ParsedRun]) -> dict[str, Iterable[Any]]:
    """Column by column, under the names both sides have for them. What no measurement tells is left out and stays empty."""
    measurements = [one for parsed in told for one in parsed.measurements]
    columns: dict[str, Iterable[Any]] = {
        "id": _new_ids(len(measurements)),
        "run_id": chain.from_iterable(repeat(run.pk.hex, len(parsed.measurements)) for run, parsed in zip(runs, told, strict=True)),
        "position": chain.from_iterable(range(len(parsed.measurements)) for parsed in told),
    }
    for name, values in zip(ParsedMeasurement._fields, zip(*measurements, strict=True), strict=True):
        if name == "warnings":
            columns[name] = map(_as_json, values)
        elif not Measurement._meta.get_field(name).null:
            columns[name] = ["" if value is None else value for value in values]
        elif any(value is not None for value in values):
            columns[name] = values
    return columns


def _new_ids(count: int) -> Iterator[str]:
    """As many ids as asked for, as `uuid4` makes them (random, of version 4 and variant 1), from one draw of chance."""
    chance = token_hex(16 * count)
    for at in range(0, len(chance), 32):
        yield f"{chance[at : at + 12]}4{chance[at + 13 : at + 16]}{_VARIANT[chance[at + 16]]}{chance[at + 17 : at + 32]}"


def _as_json(warnings: Sequence[Warning]) -> str:
    return f"[{','.join([f'{_said(each.code, each.message, each.effect)}{json.dumps(each.where)}}}' for each in warnings])}]"


@lru_cache(maxsize=200)
def _said(code: str, message: str, effect: Effect) -> str:
    """A warning up to its place. The same few are said of thousands of numbers, each at another place."""
    return json.dumps({"code": code, "message": message, "effect": effect, "where": ""}).removesuffix('""}')
