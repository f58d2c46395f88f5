"""A value in a file together with its place, so that every warning can point there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

from evaluations.adapters.figures import canonical, count
from evaluations.adapters.limits import Limits
from evaluations.adapters.strict_json import Json, Number
from evaluations.adapters.types import Fact, RejectedInput, Warning
from evaluations.elicitation import tells

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_EPOCH_SECONDS = Decimal(4_102_444_800)  # 1 January 2100
_WITHHELD = "(withheld)"
_SECRET_WORDS = ("api_key", "apikey", "secret", "password", "passwd", "credential", "authorization")
_SECRET_VALUE = re.compile(r"\b(?:sk-[\w-]{16,}|AKIA[A-Z0-9]{12,}|gh[pousr]_\w{20,}|hf_\w{20,}|xox[abp]-[\w-]{10,}|eyJ[\w-]{10,}\.eyJ)")


class Node:
    """One value and where it stands: `header.json#/eval/config`. A child that is not there is a node holding None.

    The place is put together when somebody asks for it: a file has many values, and few of them are ever spoken of.
    """

    __slots__ = ("_above", "_step", "value")

    def __init__(self, value: Json, where: str, above: "Node | None" = None) -> None:
        """`where` is the whole place, or the one step down from the node above."""
        self.value = value
        self._step = where
        self._above = above

    @property
    def where(self) -> str:
        return self._step if self._above is None else f"{self._above.where}/{_escaped(self._step)}"

    def child(self, key: str) -> "Node":
        """The member `key` of an object."""
        return Node(self.inner(key), key, self)

    def inner(self, key: str) -> Json:
        """What stands at the member `key`, where its place is of no interest."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def members(self) -> Iterator[tuple[str, "Node"]]:
        """The members of an object, in file order; nothing for other values."""
        if isinstance(self.value, dict):
            above = Node(self.value, self.where)
            for key, inner in self.value.items():
                yield key, Node(inner, key, above)

    def elements(self) -> Iterator["Node"]:
        """The elements of a list; nothing for other values."""
        if isinstance(self.value, list):
            above = Node(self.value, self.where)
            for index, inner in enumerate(self.value):
                yield Node(inner, str(index), above)

    def text(self) -> str | None:
        """The value if it is a non-empty text."""
        return self.value if isinstance(self.value, str) and self.value else None

    def plain(self) -> str | None:
        """A text, a number or a truth value as text, as it stands in the file; None for anything else."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return self.value.text if isinstance(self.value, Number) else self.text()

    def count(self) -> int | None:
        """The value if it is a usable number of samples."""
        return count(self.value)

    def name(self, limits: Limits) -> str | None:
        """A name, refused when it is absurdly long."""
        name = self.text()
        if name is not None and len(name) > limits.name_characters:
            raise RejectedInput("name-too-long", f"A name in the file has {len(name)} characters.", where=self.where)
        return name

    @property
    def is_there(self) -> bool:
        return self.value is not None


def _escaped(key: str) -> str:
    short = key if len(key) <= 200 else f"{key[:200]}…"
    return short.replace("~", "~0").replace("/", "~1") if "~" in short or "/" in short else short


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as read, and as an aware time when the file leaves no doubt about the zone."""

    raw: str | None
    at: datetime | None
    warning: Warning | None = None


def moment(node: Node) -> Moment:
    """Read a time: ISO text, or seconds since 1970. Without a zone it stays text; nothing is guessed."""
    raw = node.plain()
    if raw is None:
        return Moment(None, None)
    seconds = canonical(raw)
    if seconds is not None:
        return _from_seconds(node, raw, Decimal(seconds))
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return Moment(raw[:100], None, Warning("created-unreadable", "The time in the file cannot be read as a date.", node.where, "info"))
    if at.tzinfo is None:
        return Moment(
            raw,
            None,
            Warning("created-without-zone", "The time in the file has no time zone, so its age is not known.", node.where, "info"),
        )
    return _plausible(node, raw, at)


def _from_seconds(node: Node, raw: str, seconds: Decimal) -> Moment:
    if not 0 <= seconds < _LATEST_EPOCH_SECONDS:
        return Moment(raw[:100], None, Warning("created-unreadable", "The time in the file cannot be read as a date.", node.where, "info"))
    return _plausible(node, raw, _EPOCH + timedelta(microseconds=int(seconds * 1_000_000)))


def _plausible(node: Node, raw: str, at: datetime) -> Moment:
    if not 2015 <= at.year < 2100:
        warning = Warning(
            "created-implausible", f"The file says it was made in {at.year}; it is ordered by its upload instead.", node.where, "info"
        )
        return Moment(raw, None, warning)
    return Moment(raw, at.astimezone(UTC))


def facts(node: Node, prefix: str, limits: Limits, depth: int = 3) -> Iterator[Fact]:
    """The plain values under a node as flat facts: `task_args.tools` → `bash, python`. Values that look like credentials are withheld."""
    for key, inner in node.members():
        name = f"{prefix}.{key}"[:200]
        if _names_a_secret(key):
            yield Fact(name, _WITHHELD, inner.where)
        elif isinstance(inner.value, dict):
            if depth:
                yield from facts(inner, name, limits, depth - 1)
        elif (text := _flat(inner)) is not None:
            yield Fact(name, _WITHHELD if _SECRET_VALUE.search(text) else text[: limits.fact_characters], inner.where)


def kept(telling: Iterable[Fact], others: Iterable[Fact], limits: Limits) -> tuple[tuple[Fact, ...], tuple[Warning, ...]]:
    """As many facts as a run keeps, and a warning where some were left out.

    `telling`: from the places that may tell how the run was elicited. They are read to their end, and what they tell of it is always kept:
    a second word on it must not fall off behind a long list.
    """
    found: list[Fact] = []
    left_out: Fact | None = None
    for fact in telling:
        if len(found) < limits.facts or tells(fact.name):
            found.append(fact)
        else:
            left_out = left_out or fact
    room = max(0, limits.facts - len(found))
    more = list(islice(others, room + 1))
    left_out = left_out or (more[room] if len(more) > room else None)
    return (*found, *more[:room]), () if left_out is None else (_facts_left_out(left_out, limits),)


def _facts_left_out(first: Fact, limits: Limits) -> Warning:
    message = f"The run states more than {limits.facts} facts about itself; from here on only what tells of elicitation is kept. Log fewer."
    return Warning("facts-left-out", message, first.where, "holds")


def _flat(node: Node) -> str | None:
    """A plain value, or a list of plain values with commas between."""
    if not isinstance(node.value, list):
        return node.plain()
    listed = [item.plain() for item in node.elements()]
    return ", ".join(item for item in listed if item) if listed and None not in listed else None


def _names_a_secret(key: str) -> bool:
    lowered = key.lower()
    return lowered == "token" or lowered.endswith("_token") or any(word in lowered for word in _SECRET_WORDS)
