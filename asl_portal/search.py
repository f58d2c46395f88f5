"""Finding a thing by a few letters of its name: models, cases, frameworks, uploads, pages. Each through its own door, so that what a person may
not know of is not found either; names and numbers only, never what somebody wrote or what a log holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from asl_portal.context import Portal
from evaluations import access as evaluations_access
from frameworks import policies as framework_policies
from frameworks.queries import listed
from people.doors import MemberRequest
from people.queries import Actor
from reviews import access as reviews_access
from reviews.policies import may_see_board

LONGEST = 80
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
            Group("Cases", list(_cases(actor, words, at))),
            Group("Frameworks", list(_frameworks(actor, words))),
            Group("Uploads", list(_uploads(actor, words, at))),
        ]
    return [group for group in found if group.hits]


def _models(actor: Actor, words: str, at: datetime) -> Iterator[Hit]:
    if not may_see_board(actor):  # a model's page is the laboratory's; an outside evaluator meets their model in their uploads
        return
    fits = Q(name__icontains=words) | Q(slug__icontains=words)
    for subject in evaluations_access.subjects(actor, at).filter(fits).order_by("name", "id")[:SHOWN]:
        yield Hit(subject.name, reverse("reviews:subject-detail", args=[subject.slug]), subject.slug)


def _cases(actor: Actor, words: str, at: datetime) -> Iterator[Hit]:
    number = words.lower().removeprefix("case").strip()
    fits = Q(subject__name__icontains=words) | Q(subject__slug__icontains=words) | Q(kind__icontains=words)
    if number.isdecimal() and len(number) < 9:
        fits |= Q(number=int(number))
    for case in reviews_access.cases(actor, at).filter(fits).order_by("-number")[:SHOWN]:
        title = f"Case {case.number}: {case.get_kind_display().lower()} of {case.subject.name}"
        yield Hit(title, reverse("reviews:case-detail", args=[case.number]), case.get_state_display().lower())


def _frameworks(actor: Actor, words: str) -> Iterator[Hit]:
    if not framework_policies.may_read(actor):
        return
    fits = Q(title__icontains=words) | Q(name__icontains=words) | Q(version__icontains=words)
    for version in listed().filter(fits).order_by("name", "-version", "-revision", "id")[:SHOWN]:
        address = f"{reverse('frameworks:detail', args=[version.name, version.version])}?revision={version.revision}"
        yield Hit(f"{version.title} {version.version}", address, f"revision {version.revision}, {version.get_status_display().lower()}")


def _uploads(actor: Actor, words: str, at: datetime) -> Iterator[Hit]:
    fits = Q(filename__icontains=words) | Q(blob__sha256__startswith=words.removeprefix("sha256:"))
    rows = evaluations_access.uploads(actor, at).select_related("subject").filter(fits)
    for upload in rows.order_by("-received_seq", "id")[:SHOWN]:
        yield Hit(upload.label, reverse("evaluations:upload", args=[upload.pk]), upload.subject.name)
