"""Runs announced before they are started. One that never arrives blocks rule-out until somebody else signs it away."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from evaluations import access, queries
from evaluations.forms import AnnounceForm
from evaluations.policies import may_answer_for_evidence, may_register, may_set_aside
from evaluations.services import results
from frameworks.queries import in_force_versions
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest, slug: str) -> HttpResponse:
    """What was announced for a subject and whether it came; POST announces another."""
    now = timezone.now()
    subject = access.subject(request.actor, slug, now)
    may_announce = may_register(request.actor)
    form = AnnounceForm(request.POST if request.method == "POST" else None, indicators=_indicators())
    if request.method == "POST":
        require(may_announce)
        verb = partial(results.announce, subject=subject, actor=request.actor.person, at=now)
        if form.is_valid() and said_on(form, lambda: verb(**form.cleaned_data)) is not None:
            messages.info(request, "The run is announced. Until it arrives its indicator rules nothing out.")
            return redirect("evaluations:announced-runs", slug=slug)
    rows, evidence = queries.announced_runs(subject, at=now), may_answer_for_evidence(request.actor)
    context = {
        "subject": subject,
        "rows": [(row, may_set_aside(request.actor, uploader=row.announced.announced_by) and evidence) for row in rows],
        "evidence": evidence,
        "may_announce": may_announce,
        "form": form,
    }
    return render(request, "evaluations/announced.html", context, status=422 if form.errors else 200)


def _indicators() -> list[tuple[str, str]]:
    """The indicators of the frameworks in force: what a run may be announced for."""
    titles = {each.slug: each.title for version in in_force_versions() for each in version.document.indicators}
    return [(slug, f"{title} ({slug})") for slug, title in sorted(titles.items())]
