"""Entries as sentences. Each room registers how its kinds read; who acted is asked of whoever knows people.

A template names fields of the entry in braces, and `{actor}`, `{role}`, `{thing}` and `{kind}` where no field has that name. `{person:name}` tells
a field (or a thing) that holds a person's id by the person's name, `{until_at:day}` a time by its day, `{subject:subject}` a field that holds the id
of a subject by what the rooms that keep subjects call it (`things`); `{thing}` is told so by itself. Only public and internal values are ever put into a
sentence: sentences stand in lists, titles and notices, where hazardous or personal detail has no place.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from string import Formatter
from typing import TypeAlias
from uuid import UUID

from ledger.canonical import Json
from ledger.entry_format import INTERNAL, PUBLIC, value_of
from ledger.models import Entry, LedgerField
from ledger.things import Named, is_named, named

ActorNames = Callable[[frozenset[UUID]], Mapping[UUID, str]]
# What may be put into words of an entry, by path.
Values: TypeAlias = dict[str, Json]

THE_PORTAL = "The portal"
WITHHELD = "[withheld]"
OPEN = (PUBLIC, INTERNAL)

_CODE = re.compile(r"[a-z]+(_[a-z]+)+")
_DIGEST = re.compile(r"(sha256:[0-9a-f]{8})[0-9a-f]{56}")
_THING = re.compile(r"\b([a-z]+):([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")

_templates: dict[str, str] = {}
_actor_names: list[ActorNames] = []


class WordsTaken(ValueError):
    """A kind is described twice, in different words."""


def describe(kind: str, template: str) -> None:
    """Registers how entries of a kind read, such as `{actor} registered the subject {slug}.`"""
    if _templates.setdefault(kind, template) != template:
        raise WordsTaken(f"The kind {kind} reads otherwise already.")


def described_kinds() -> list[str]:
    return sorted(_templates)


def set_actor_names(names: ActorNames) -> None:
    """Says how people's ids become names; the ledger itself knows no people. The last one set counts."""
    _actor_names[:] = [names]


def actor_names(actors: Iterable[UUID]) -> Mapping[UUID, str]:
    wanted = frozenset(actors)
    return _actor_names[0](wanted) if _actor_names and wanted else {}


def sentence(entry: Entry) -> str:
    """One entry in words. Prefetch `fields`."""
    return sentences([entry])[0]


def sentences(entries: Iterable[Entry]) -> list[str]:
    """Many entries in words, with one question for all the names. Prefetch `fields`."""
    return _told([(entry, _template(entry), _open_values(entry)) for entry in entries])


def long_list(entries: Sequence[Entry]) -> list[str]:
    """The same for a list of thousands, some hundred at a time: of their fields only what is put into words is read, in one question, and no object made of it."""
    listed = [(entry, _template(entry)) for entry in entries]
    paths = {name for _, template in listed for _, name, _, _ in _parts(template) if name}
    mine = LedgerField.objects.filter(entry__in=[entry.seq for entry in entries], path__in=paths, field_class__in=OPEN)
    values: dict[int, Values] = defaultdict(dict)
    for seq, path, text in mine.order_by().values_list("entry", "path", "text"):
        if text is not None:
            values[seq][path] = value_of(text)
    return _told([(entry, template, {"thing": entry.thing, **values[entry.seq]}) for entry, template in listed])


def _told(listed: Sequence[tuple[Entry, str, Values]]) -> list[str]:
    names_of_things = named({thing for _, template, values in listed for thing in _things_named(template, values)})
    people = {entry.actor for entry, _, _ in listed if entry.actor}
    for _, template, values in listed:
        people |= _people_named(template, values)
    names = actor_names(people)
    return [_Teller(names, names_of_things).vformat(template, (), _words(entry, names) | values) for entry, template, values in listed]


def _template(entry: Entry) -> str:
    return _templates.get(entry.kind, "{actor}: {kind} ({thing}).")


@cache
def _parts(template: str) -> tuple[tuple[str, str | None, str | None, str | None], ...]:
    """A template taken apart. The templates are few, and each is told thousands of times."""
    return tuple(Formatter().parse(template))


def _open_values(entry: Entry) -> Values:
    """The values that may be put into words, and the thing the entry is about."""
    shown = {field.path for field in entry.fields.all() if field.field_class in OPEN}
    return {"thing": entry.thing, **{path: value for path, value in entry.values.items() if path in shown}}


def _words(entry: Entry, names: Mapping[UUID, str]) -> Values:
    actor = _named(entry.actor, names) if entry.actor else THE_PORTAL
    return {"actor": actor, "role": entry.role.replace("_", " "), "kind": entry.kind}


def _people_named(template: str, values: Mapping[str, Json]) -> set[UUID]:
    found = (_person_id(values.get(name or "")) for _, name, spec, _ in _parts(template) if spec == "name")
    return {one for one in found if one is not None}


def _things_named(template: str, values: Mapping[str, Json]) -> Iterator[str]:
    for _, name, spec, _ in _parts(template):
        value = values.get(name or "")
        if isinstance(value, str) and spec and is_named(spec):
            yield f"{spec}:{value}"
        elif isinstance(value, str) and name == "thing" and not spec:
            yield value


def _person_id(value: Json) -> UUID | None:
    """The id in `3f2a…` or `person:3f2a…`."""
    try:
        return UUID(value.rpartition(":")[2]) if isinstance(value, str) else None
    except ValueError:
        return None


def _named(person: UUID, names: Mapping[UUID, str]) -> str:
    return names.get(person, f"person {str(person)[:8]}")


class _Teller(Formatter):
    """Fills a template from plain names alone: a path may hold dots, and a template never reaches into an object."""

    def __init__(self, names: Mapping[UUID, str], things: Mapping[str, Named]) -> None:
        self._names, self._things = names, things

    def parse(self, format_string: str) -> Iterable[tuple[str, str | None, str | None, str | None]]:
        return _parts(format_string)

    def get_field(self, field_name: str, args: object, kwargs: Mapping[str, Json]) -> tuple[Json, str]:
        return kwargs.get(field_name, WITHHELD), field_name

    def format_field(self, value: Json, format_spec: str) -> str:
        if format_spec == "name":
            person = _person_id(value)
            return _named(person, self._names) if person else self.format_field(value, "")
        if format_spec == "day" and isinstance(value, str):
            return _day(value)
        thing = self._things.get(f"{format_spec}:{value}" if format_spec else str(value))
        if thing is not None:
            return thing.title
        if format_spec and isinstance(value, str):
            return _word(f"{format_spec}:{value}")
        if isinstance(value, list):
            return ", ".join(_word(item) for item in value) or "none"
        return _word(value)


def _word(value: Json) -> str:
    """A value as a reader says it: codes without underscores, ids and digests cut to what tells them apart at a glance."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    text = str(value)
    if _CODE.fullmatch(text):
        return text.replace("_", " ")
    return _DIGEST.sub(r"\1…", _THING.sub(r"\1 \2", text))


def _day(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"{moment.day} {moment:%b %Y}"
