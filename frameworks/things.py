"""What the record calls `version:…` and `indicator:…`, by name: one query for both."""

from collections.abc import Mapping

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast
from django.urls import reverse_lazy
from django.utils.text import format_lazy

from frameworks.models import FrameworkVersion, IndicatorVersion
from ledger.things import Named, ids, name_things

# By the name an entry gives it, and by the one a refused attempt does.
VERSION = ("version", "frameworkversion")
NOUNS = (*VERSION, "indicator")


def name(things: frozenset[str]) -> Mapping[str, Named]:
    digests = [thing.partition(":")[2] for thing in things if thing.startswith("indicator:")]
    named = [
        _rows(noun, FrameworkVersion.objects.filter(pk__in=ids(noun, things)), "id", "name", "version", "revision") for noun in VERSION
    ]
    named.append(_rows("indicator", IndicatorVersion.objects.filter(digest__in=digests), "digest", "slug", "slug", "slug"))
    return {f"{noun}:{key}": _named(noun, *told) for noun, key, *told in named[0].union(*named[1:], all=True)}


def _rows(noun: str, rows: QuerySet, *told: str) -> QuerySet:
    return rows.order_by().values_list(Value(noun, output_field=CharField()), *(Cast(F(field), CharField()) for field in told))


def _named(noun: str, name: str, version: str, revision: str) -> Named:
    if noun == "indicator":
        return Named(name)
    address = format_lazy("{}?revision={}", reverse_lazy("frameworks:detail", args=[name, version]), revision)
    return Named(f"framework version {name} {version} (revision {revision})", address)


name_things(NOUNS, name)
