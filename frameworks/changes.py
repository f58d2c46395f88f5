"""What one framework document says otherwise than another, section by section, and which way each line moved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from frameworks.engine.types import FrameworkDocument
from ledger.canonical import Json, canonical, parse

# The parts of a document that are lists of named things, and what names them.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "tiers": ("axis", "slug"),
    "thresholds": ("slug",),
    "safeguards": ("slug",),
    "indicators": ("slug",),
    "clocks": ("slug",),
    "roles": ("slug",),
    "quorum": ("question", "tier", "axis"),
}
MAPS = ("baseline", "scopes", "validity", "glossary")
# Where more of it asks more of the evidence; of an age, less does.
STRICTER_WHEN_MORE = frozenset({"minimum_n", "safety_margin", "point_only_margin", "approvals"})
STRICTER_WHEN_LESS = frozenset({"maximum_age_days", "validity_days"})

Direction = Literal["stricter", "looser", ""]


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: str
    after: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that came, went or changed."""

    section: str
    name: str
    verb: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...] = ()


def changes(before: FrameworkDocument, after: FrameworkDocument) -> tuple[Change, ...]:
    """Everything that differs, in the order of the sections; identity (version, revision, dates) is not compared."""
    return tuple(_changes(_document(before), _document(after)))


def _changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Change]:
    for section, key in SECTIONS.items():
        yield from _between(section, _named(before.get(section), key), _named(after.get(section), key))
    for section in MAPS:
        old, new = before.get(section), after.get(section)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _between(
                section, {name: {"value": value} for name, value in old.items()}, {name: {"value": value} for name, value in new.items()}
            )


def _between(section: str, old: Mapping[str, Mapping[str, Json]], new: Mapping[str, Mapping[str, Json]]) -> Iterator[Change]:
    for name in [*old, *(each for each in new if each not in old)]:
        if name not in new:
            yield Change(section, name, "removed")
        elif name not in old:
            yield Change(section, name, "added")
        elif old[name] != new[name]:
            yield Change(section, name, "changed", tuple(_fields(old[name], new[name])))


def _fields(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[FieldChange]:
    higher = new.get("riskier") != "lower"
    for field in sorted(old.keys() | new.keys()):
        before, after = old.get(field), new.get(field)
        if before != after:
            yield FieldChange(field, _told(before), _told(after), _direction(field, before, after, higher=higher))


def _direction(field: str, before: Json, after: Json, *, higher: bool) -> Direction:
    """Which way a number moved. A line moves by where it lies; whatever is no number has no direction."""
    one, other = _number(before), _number(after)
    if one is None or other is None or one == other:
        return ""
    if field == "rule_out":
        return "stricter" if (other < one) == higher else "looser"
    if field in STRICTER_WHEN_MORE:
        return "stricter" if other > one else "looser"
    if field in STRICTER_WHEN_LESS:
        return "stricter" if other < one else "looser"
    return ""


def _number(value: Json) -> Decimal | None:
    written = value.get("at") if isinstance(value, dict) else value
    if isinstance(written, str) and written.lstrip("-").replace(".", "", 1).isdecimal():
        return Decimal(written)
    return None


def _told(value: Json) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "at" in value:
        side = value.get("rules_out") or value.get("rules_in")
        return f"{side} {value['at']}{' or at it' if value.get('inclusive') == 'true' else ''}"
    return canonical(value).decode()


def _named(items: Json, key: tuple[str, ...]) -> dict[str, Mapping[str, Json]]:
    listed = [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
    return {" ".join(str(each[part]) for part in key if part in each): each for each in listed}


def _document(framework: FrameworkDocument) -> dict[str, Json]:
    read = parse(framework.canonical)
    return read if isinstance(read, dict) else {}
