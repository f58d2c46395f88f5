"""Where a model's weights are in service, who said so, and whether the gate had let them out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evaluations.models import Snapshot
from people.doors import MemberRequest
from people.policies import may_serve, require
from people.refusal_pages import said_on
from reviews import access, queries
from reviews.forms.gate import DeploymentForm
from reviews.services import deployments
from reviews.views.status import version_in_force


@require_http_methods(["GET", "HEAD", "POST"])
def deployment_list(request: MemberRequest, slug: str) -> HttpResponse:
    """Every deployment of one model, running ones first; POST reports another."""
    now = timezone.now()
    subject = access.subject(request.actor, slug, now)
    version = version_in_force()
    may_report = may_serve(request.actor)
    snapshots = Snapshot.objects.filter(subject=subject).order_by("-registered_at")
    form = DeploymentForm(request.POST if request.method == "POST" else None, snapshots=snapshots, scopes=version.document.scopes)
    if request.method == "POST":
        require(may_report)
        if form.is_valid():
            made = said_on(form, lambda: deployments.report(actor=request.actor.person, at=timezone.now(), **form.cleaned_data))
            if made:
                messages.info(request, f"It is recorded that {made.snapshot.label} serves {made.scope.replace('_', ' ')}.")
                return redirect("reviews:deployments", slug=slug)
    context = {
        "subject": subject,
        "deployments": queries.deployments_of(subject, version.name),
        "may_report": may_report,
        "form": form,
    }
    return render(request, "reviews/deployments.html", context, status=422 if form.errors else 200)


@require_POST
def end(request: MemberRequest, deployment_id: UUID) -> HttpResponse:
    """It was taken out of service now."""
    now = timezone.now()
    deployment = access.deployment(request.actor, deployment_id, now)
    deployments.end(deployment=deployment, until=now, actor=request.actor.person, at=now)
    messages.info(request, f"It is recorded that {deployment.snapshot.label} no longer serves {deployment.scope.replace('_', ' ')}.")
    return redirect("reviews:deployments", slug=deployment.snapshot.subject.slug)
