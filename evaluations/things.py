"""What the record calls `subject:…`, `upload:…` and the like, by name: one query for all of them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import CharField, F, QuerySet, Value
from django.urls import reverse_lazy
from django.utils.text import format_lazy

from evaluations.models import Assessment, Snapshot, Subject, Upload
from ledger.things import Named, name_things

NOUNS = ("subject", "upload", "snapshot", "assessment")


def name(things: frozenset[str]) -> Mapping[str, Named]:
    rows = [
        _rows("subject", Subject.objects.all(), things, label="name", name="name", slug="slug"),
        _rows("upload", Upload.objects.all(), things, label="subject__name", name="subject__name", slug="subject__slug"),
        _rows("snapshot", Snapshot.objects.all(), things, label="label", name="subject__name", slug="subject__slug"),
        _rows("assessment", Assessment.objects.all(), things, label="subject__name", name="subject__name", slug="subject__slug"),
    ]
    return {f"{noun}:{pk}": _named(noun, pk, label, name, slug) for noun, pk, label, name, slug in rows[0].union(*rows[1:], all=True)}


def ids(noun: str, things: Iterable[str]) -> list[UUID]:
    """The ids of the things of one noun; what is no id is nobody's name."""
    found = []
    for thing in things:
        kind, _, identity = thing.partition(":")
        if kind == noun:
            try:
                found.append(UUID(identity))
            except ValueError:
                continue
    return found


def _rows(noun: str, rows: QuerySet, things: frozenset[str], *, label: str, name: str, slug: str) -> QuerySet:
    known = rows.filter(pk__in=ids(noun, things)).order_by()
    return known.values_list(Value(noun, output_field=CharField()), F("pk"), F(label), F(name), F(slug))


def _named(noun: str, pk: UUID, label: str, name: str, slug: str) -> Named:
    if noun == "upload":
        return Named(f"upload for {name}", reverse_lazy("evaluations:upload", args=[pk]))
    if noun == "snapshot":
        return Named(f"weights {label} of {name}", format_lazy("{}#snapshot-{}", reverse_lazy("evaluations:snapshots", args=[slug]), pk))
    # A model's page belongs to the room above; its address is fixed.
    return Named(f"model {name}" if noun == "subject" else f"assessment of {name}", f"/subjects/{slug}/")


name_things(NOUNS, name)
