"""Finding a thing by a few letters of its name: models, weights, cases, frameworks and what they define, uploads, people, words, pages. Each through
its own door, so that what a person may not know of is not found either; names and numbers only, never what somebody wrote or what a log holds.

Every word that was typed has to be part of a name: "heron elevation" finds the elevation cases of Heron 3."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from asl_portal.context import Portal
from asl_portal.look.glossary import TERMS
from evaluations import access as evaluations_access
from evaluations.models import Snapshot
from frameworks import policies as framework_policies
from frameworks.queries import in_force_versions, listed
from people.doors import MemberRequest
from people.models import Person
from people.policies import may_see_members
from people.queries import Actor
from reviews import access as reviews_access
from reviews.policies import may_see_board

LONGEST = 80
SHORTEST_DIGEST = 6
SHOWN = 6  # of each kind: a name that fits more often wants another letter


@dataclass(frozen=True)
class Hit:
    title: str
    address: str
    about: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    hits: Sequence[Hit]


@require_safe
def search(request: MemberRequest) -> HttpResponse:
    """The search page; asked by the palette it is the results alone."""
    words = request.GET.get("q", "").strip()[:LONGEST]
    groups = find(request.actor, words, at=timezone.now(), pages=Portal(request).pages)
    context = {"words": words, "groups": groups, "count": sum(len(group.hits) for group in groups)}
    alone = request.htmx and not request.htmx.boosted
    return render(request, "_search_results.html" if alone else "search.html", context | {"alone": alone})


def find(actor: Actor, words: str, *, at: datetime, pages: Sequence[tuple[str, str]]) -> list[Group]:
    """What this person may know of whose name holds the words, kind by kind; without words only the pages."""
    found = [Group("Pages", [Hit(title, address) for title, address in pages if words.lower() in title.lower()])]
    if words:
        found += [
            Group("Models", list(_models(actor, words, at))),
            Group("Weights", list(_weights(actor, words, at))),
            Group("Cases", list(_cases(actor, words, at))),
            Group("Frameworks", list(_frameworks(actor, words))),
            Group("Thresholds, indicators and safeguards", list(_defined(actor, words))),
            Group("Uploads", list(_uploads(actor, words, at))),
            Group("People", list(_people(actor, words))),
            Group("Glossary", list(_terms(words))),
        ]
    return [group for group in found if group.hits]


def _models(actor: Actor, words: str, at: datetime) -> Iterator[Hit]:
    if not may_see_board(actor):  # a model's page is the laboratory's; an outside evaluator meets their model in their uploads
        return
    fits = _each_word(words, "name", "slug")
    for subject in evaluations_access.subjects(actor, at).filter(fits).order_by("name", "id")[:SHOWN]:
        yield Hit(subject.name, reverse("reviews:subject-detail", args=[subject.slug]), subject.slug)


def _weights(actor: Actor, words: str, at: datetime) -> Iterator[Hit]:
    """By the beginning of their digest, once enough of it stands there to mean one."""
    told = words.lower().removeprefix("sha256:")
    if not may_see_board(actor) or len(told) < SHORTEST_DIGEST:
        return
    rows = Snapshot.objects.filter(subject__in=evaluations_access.subjects(actor, at), weights_digest__startswith=f"sha256:{told}")
    for snapshot in rows.select_related("subject").order_by("weights_digest")[:SHOWN]:
        address = reverse("reviews:subject-detail", args=[snapshot.subject.slug])
        yield Hit(f"{snapshot.label} of {snapshot.subject.name}", address, snapshot.weights_digest[:23])


def _cases(actor: Actor, words: str, at: datetime) -> Iterator[Hit]:
    told = " ".join(word for word in words.lower().split() if word != "case")
    fits = _each_word(told, "subject__name", "subject__slug", "kind")
    if told.isdecimal() and len(told) < 9:
        fits |= Q(number=int(told))
    for case in reviews_access.cases(actor, at).filter(fits).order_by("-number")[:SHOWN]:
        title = f"Case {case.number}: {case.get_kind_display().lower()} of {case.subject.name}"
        yield Hit(title, reverse("reviews:case-detail", args=[case.number]), case.get_state_display().lower())


def _frameworks(actor: Actor, words: str) -> Iterator[Hit]:
    if not framework_policies.may_read(actor):
        return
    fits = _each_word(words, "title", "name", "version")
    for version in listed().filter(fits).order_by("name", "-version", "-revision", "id")[:SHOWN]:
        address = f"{reverse('frameworks:detail', args=[version.name, version.version])}?revision={version.revision}"
        yield Hit(f"{version.title} {version.version}", address, f"revision {version.revision}, {version.get_status_display().lower()}")


def _defined(actor: Actor, words: str) -> Iterator[Hit]:
    """What the frameworks in force define, by title or short name."""
    if not framework_policies.may_read(actor):
        return
    found = []
    for version in in_force_versions():
        document, address = version.document, reverse("frameworks:detail", args=[version.name, version.version])
        place = f"{version.title} {version.version}"
        defined: list[tuple[str, str, str]] = [(each.title, each.slug, each.slug) for each in document.thresholds]
        defined += [(each.title, each.slug, f"indicator-{each.slug}") for each in document.indicators]
        defined += [(f"{each.title} ({each.slug})", each.slug, f"safeguard-{each.slug}") for each in document.safeguards]
        found += [Hit(title, f"{address}#{anchor}", place) for title, slug, anchor in defined if _all_in(words, f"{title} {slug}")]
    yield from found[:SHOWN]


def _people(actor: Actor, words: str) -> Iterator[Hit]:
    if not may_see_members(actor):
        return
    for person in Person.objects.filter(_each_word(words, "name"), is_system=False).order_by("name", "id")[:SHOWN]:
        yield Hit(person.name, reverse("people:person", args=[person.pk]), person.affiliation)


def _terms(words: str) -> Iterator[Hit]:
    """What the glossary explains. It holds no secret: it is the same for everyone."""
    fits = [term for term in TERMS if _all_in(words, term.word)]
    for term in sorted(fits, key=lambda term: (not term.word.lower().startswith(words.lower()), term.word.lower()))[:SHOWN]:
        yield Hit(term.word, f"{reverse('glossary')}#{term.slug}")


def _each_word(words: str, *fields: str) -> Q:
    """Each word is part of one of these fields."""
    return reduce(and_, (reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields)) for word in words.split()), Q())


def _all_in(words: str, name: str) -> bool:
    return all(word in name.lower() for word in words.lower().split())


def _uploads(actor: Actor, words: str, at: datetime) -> Iterator[Hit]:
    fits = _each_word(words, "filename") | Q(blob__sha256__startswith=words.removeprefix("sha256:"))
    rows = evaluations_access.uploads(actor, at).select_related("subject").filter(fits)
    for upload in rows.order_by("-received_seq", "id")[:SHOWN]:
        yield Hit(upload.label, reverse("evaluations:upload", args=[upload.pk]), upload.subject.name)
