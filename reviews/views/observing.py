"""What ran before the portal went live and may go on, observed, until a day: the page of a model, the chair's sheet, the reviewer's."""

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from evaluations.models import Snapshot
from frameworks.policies import may_sign_about
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from people.words import Role
from reviews import access, named_sets, policies
from reviews.forms.motions import ObservingForm, ObservingVoteForm
from reviews.models import Observing
from reviews.services import observing as verbs
from reviews.views.status import version_in_force


@require_safe
def observed(request: MemberRequest, slug: str) -> HttpResponse:
    """Each time it was asked for this model, with its votes."""
    now = timezone.now()
    subject = access.subject(request.actor, slug, now)
    barred = named_sets.excluded(subject)
    rows = Observing.objects.filter(subject=subject).select_related("snapshot", "proposed_by").prefetch_related("votes__person")
    context = {
        "subject": subject,
        "now": now,
        "rows": [(row, policies.may_vote_on_observing(request.actor, row, barred)) for row in rows],
        "may_propose": policies.may_propose_observing(request.actor),
    }
    return render(request, "reviews/observed.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: MemberRequest, slug: str) -> HttpResponse:
    """The chair names weights, scope and day, and signs."""
    subject = access.subject(request.actor, slug, timezone.now())
    require(policies.may_propose_observing(request.actor))
    version = version_in_force()
    weights = Snapshot.objects.filter(subject=subject).order_by("-registered_at")
    form = ObservingForm(request.POST or None, user=request.user, snapshots=weights, scopes=list(version.document.scopes))
    if form.is_valid():
        told: dict[str, Any] = form.signed()
        told["until"] = datetime.combine(told["until"], time.min, tzinfo=UTC)
        who: dict[str, Any] = {"actor": request.actor.person, "user": request.user, "at": timezone.now()}
        if said_on(form, lambda: verbs.propose(framework_version=version, **told, **who)):
            messages.info(request, "It is before the board. Until the quorum is met the scope is enforced as ever.")
            return redirect("reviews:observed", slug=slug)
    return render(request, "reviews/observing_new.html", {"subject": subject, "form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: MemberRequest, observing_id: UUID) -> HttpResponse:
    """A reviewer's signed answer."""
    asked = access.observing(request.actor, observing_id, timezone.now())
    require(policies.may_vote_on_observing(request.actor, asked, named_sets.excluded(asked.subject)))
    require(may_sign_about(request.actor, asked.framework_version.document, asked.requires))
    form = ObservingVoteForm(request.POST or None, user=request.user, initial={"seen_digest": asked.content_digest})
    if form.is_valid():
        who: dict[str, Any] = {"actor": request.actor.person, "user": request.user, "at": timezone.now()}
        made = said_on(form, lambda: verbs.vote(observing=asked, **form.signed(), **who))
        if made:
            said = "It waits for the others." if made.is_open else "It is settled."
            messages.info(request, f"Your vote is in the record. {said}")
            return redirect("reviews:observed", slug=asked.subject.slug)
    context = {
        "subject": asked.subject,
        "asked": asked,
        "form": form,
        "action": request.path,
        "cancel": reverse("reviews:observed", args=[asked.subject.slug]),
        "title": f"May it go on, observed, for {asked.scope.replace('_', ' ')}?",
        "says": [(choice, verbs.statement(asked, meaning=choice, role=Role.REVIEWER).text) for choice in ("approve", "reject")],
        "meaning": "Your signed answer, bound to these weights, this scope and this day.",
        "button": "Sign and cast vote",
    }
    return render(request, "reviews/observing_vote.html", context, status=422 if form.errors else 200)
