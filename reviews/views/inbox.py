"""The reviewer's home: what waits on me, why me, until when; and what I was told."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from people.doors import MemberRequest
from reviews.models import Notice
from reviews.models.notice import Channel
from reviews.notices.compose import compose
from reviews.policies import may_see_board
from reviews.turns import Waiting
from reviews.waiting import waiting_on

SHOWN = 50
# Where one goes when nothing waits: what exists for an outside evaluator is their dossier.
ELSEWHERE = {True: ("See the portfolio", "/portfolio/"), False: ("See your dossier", "/dossiers/")}


@require_safe
def home(request: MemberRequest) -> HttpResponse:
    """The start page: the inbox, for everyone."""
    return redirect("reviews:inbox")


@require_safe
def inbox(request: MemberRequest) -> HttpResponse:
    """Waiting on me, then the notices, the newest first."""
    person, now = request.actor.person, timezone.now()
    mine = Notice.objects.filter(person=person, channel=Channel.INBOX, withdrawn_at=None)
    rows = mine.select_related("person", "subject", "case__subject").order_by("-made_at", "-entry_seq", "kind", "id")
    page = Paginator(rows, SHOWN).get_page(request.GET.get("page"))
    context = {
        "now": now,
        "elsewhere": ELSEWHERE[bool(may_see_board(request.actor))],
        "waiting": [(each, address_of(each)) for each in waiting_on(person, now)],
        "page": page,
        "notices": [(notice, compose(notice)) for notice in page.object_list],
        "unread": mine.filter(read_at=None).count(),
    }
    return render(request, "reviews/inbox.html", context)


@require_POST
def mark_read(request: MemberRequest) -> HttpResponse:
    """Everything shown so far is read; what waits goes on waiting."""
    Notice.objects.filter(person=request.actor.person, channel=Channel.INBOX, read_at=None).update(read_at=timezone.now())
    return redirect("reviews:inbox")


def address_of(waiting: Waiting) -> str:
    """Where the waiting thing is done: one click to the place."""
    noun, _, identity = waiting.thing.partition(":")
    if waiting.case is not None:
        anchor = f"#q-{waiting.question.pk}" if waiting.question else ""
        return reverse("reviews:case-detail", args=[waiting.case.number]) + anchor
    if waiting.implementation is not None:
        return reverse("reviews:safeguard-detail", args=[waiting.implementation.pk])
    if noun == "upload":
        return reverse("evaluations:upload", args=[identity])
    if noun == "run":
        return reverse("evaluations:run", args=[identity])
    if noun == "clockturn":
        return reverse("reviews:subject-detail", args=[waiting.slug]) if waiting.slug else reverse("reviews:clocks")
    if noun == "motion":
        return reverse("reviews:motions", args=[waiting.slug]) + f"#motion-{identity}"
    if noun == "subject":
        return reverse("reviews:subject-detail", args=[waiting.slug])
    if noun == "person":
        return reverse("people:person", args=[identity])
    if noun == "snapshot":
        return reverse("evaluations:snapshots", args=[waiting.slug]) + f"#snapshot-{identity}"
    if noun == "seat":
        return reverse("reviews:board", args=[waiting.slug]) + f"#seat-{identity}"
    return {
        "framework": reverse("reviews:adoption-list"),
        "binding": reverse("evaluations:bindings"),
    }.get(noun, reverse("reviews:inbox"))
