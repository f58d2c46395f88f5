"""Entries as sentences. Each room registers how its kinds read; who acted is asked of whoever knows people.

A template names fields of the entry in braces, and `{actor}`, `{role}` and `{thing}`. Only public and internal values are ever put into a sentence:
sentences stand in lists, titles and notices, where hazardous or personal detail has no place.
"""

from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from uuid import UUID

from ledger.entry_format import INTERNAL, PUBLIC, value_of
from ledger.models import Entry

ActorNames = Callable[[frozenset[UUID]], Mapping[UUID, str]]

NOBODY = "The portal"
WITHHELD = "[withheld]"

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
    """Says how actors' ids become names; the ledger itself knows no people. The last one set counts."""
    _actor_names[:] = [names]


def sentence(entry: Entry) -> str:
    """One entry in words. Prefetch `fields`."""
    return sentences([entry])[0]


def sentences(entries: Iterable[Entry]) -> list[str]:
    """Many entries in words, with one question for all their actors. Prefetch `fields`."""
    listed = list(entries)
    names = actor_names({entry.actor for entry in listed if entry.actor})
    return [_sentence(entry, names) for entry in listed]


def actor_names(actors: Iterable[UUID]) -> Mapping[UUID, str]:
    wanted = frozenset(actors)
    return _actor_names[0](wanted) if _actor_names and wanted else {}


def _sentence(entry: Entry, names: Mapping[UUID, str]) -> str:
    words = _Words(entry, names)
    template = _templates.get(entry.kind, "{actor}: {kind} ({thing}).")
    return _Formatter().vformat(template, (), words)


class _Words(dict[str, str]):
    """The words a template may ask for; a field that is not there, or may not be shown, is withheld."""

    def __init__(self, entry: Entry, names: Mapping[UUID, str]) -> None:
        super().__init__(
            {
                one.path: _word(value_of(one.text))
                for one in entry.fields.all()
                if one.text is not None and one.field_class in (PUBLIC, INTERNAL)
            }
        )
        actor = NOBODY if entry.actor is None else names.get(entry.actor, f"person {str(entry.actor)[:8]}")
        self |= {"actor": actor, "role": entry.role.replace("_", " "), "thing": entry.thing, "kind": entry.kind}

    def __missing__(self, _: str) -> str:
        return WITHHELD


class _Formatter(Formatter):
    # Plain names only: paths may hold dots, and a template never reaches into an object.
    def get_field(self, field_name: str, args: object, kwargs: Mapping[str, str]) -> tuple[str, str]:  # type: ignore[override]
        return kwargs[field_name], field_name


def _word(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_word(item) for item in value) or "none"
    if value is None:
        return "none"
    return str(value)
