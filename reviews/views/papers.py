"""The papers the thresholds ask of one model: what is asked for, what was brought, and bringing another."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations.models import Snapshot
from evaluations.services import blobs
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from reviews import access, policies
from reviews.facts import collect_one
from reviews.forms.papers import PaperForm
from reviews.papers_page import brought_so_far, every_paper, paper_lines
from reviews.services import papers
from reviews.views.status import version_in_force


@require_http_methods(["GET", "HEAD", "POST"])
def paper_list(request: MemberRequest, slug: str) -> HttpResponse:
    """Every paper of one model; POST supplies another."""
    now = timezone.now()
    subject = access.subject(request.actor, slug, now)
    version = version_in_force()
    may_supply = policies.may_supply_papers(request.actor)
    facts = collect_one(subject, version, now)
    told: dict[str, Any] = {
        "offered": every_paper(facts),
        "snapshots": Snapshot.objects.filter(subject=subject).order_by("-registered_at"),
        "initial": {"asked": request.GET.get("paper", ""), "snapshot": facts.at_stake.pk if facts.at_stake else None},
    }
    form = PaperForm(request.POST, request.FILES, **told) if request.method == "POST" else PaperForm(**told)
    if request.method == "POST":
        require(may_supply)
        if form.is_valid():
            supplied = form.supplied()
            made = said_on(
                form,
                lambda: papers.supply(
                    subject=subject, framework_version=version, actor=request.actor.person, at=timezone.now(), **supplied
                ),
            )
            if made:
                messages.info(request, f"{made.title} is supplied. Others accept it with the release; you cast no vote there.")
                return redirect("reviews:papers", slug=slug)
    context = {
        "subject": subject,
        "version": version,
        "lines": paper_lines(facts),
        "history": brought_so_far(subject, version, facts, now),
        "may_supply": may_supply,
        "form": form,
    }
    return render(request, "reviews/papers.html", context, status=422 if form.errors else 200)


@require_safe
def paper_file(request: MemberRequest, paper_id: UUID) -> FileResponse:
    """The file as it was supplied: always a download, never shown inside the portal. To who is not cleared a hazardous one is not there."""
    paper = access.paper(request.actor, paper_id, timezone.now())
    if paper.blob_id is None or (paper.hazard and not request.actor.cleared):
        raise access.PaperNotKnown
    answer = FileResponse(
        blobs.open_bytes(paper.blob_id), as_attachment=True, filename=paper.filename, content_type="application/octet-stream"
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@require_POST
def withdraw(request: MemberRequest, paper_id: UUID) -> HttpResponse:
    """Takes a paper back; what was released on it is outdated at once."""
    paper = access.paper(request.actor, paper_id, timezone.now())
    papers.withdraw(paper=paper, actor=request.actor.person, at=timezone.now())
    messages.info(request, f"{paper.title} is withdrawn. It stays on record; a release that leans on it is outdated.")
    return redirect("reviews:papers", slug=paper.subject.slug)
