"""Registering subjects and the weights results speak about. What stands for a subject is shown by the room above."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluations import access
from evaluations.forms import SnapshotForm, SubjectForm
from evaluations.models import Snapshot
from evaluations.policies import may_answer_for_evidence, may_confirm, may_register
from evaluations.services import subjects
from frameworks.policies import may_sign_evidence
from ledger.refusals import the_one
from people.confirmed_act import confirmed_act
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """Registers a subject."""
    require(may_register(request.actor))
    now = timezone.now()
    form = SubjectForm(request.POST if request.method == "POST" else None, parents=access.subjects(request.actor, now).order_by("name"))
    if request.method == "POST" and form.is_valid():
        subject = said_on(form, partial(subjects.register_subject, actor=request.actor.person, at=now, **form.cleaned_data))
        if subject:
            messages.info(request, f"{subject.name} is registered. Register its first snapshot next: results speak about weights.")
            return redirect("evaluations:snapshots", slug=subject.slug)
    return render(request, "evaluations/subject_new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def snapshots(request: MemberRequest, slug: str) -> HttpResponse:
    """The weights of a subject, who registered and who confirmed them."""
    subject = access.subject(request.actor, slug, timezone.now())
    rows = subject.snapshots.select_related("registered_by", "confirmed_by").order_by("registered_seq")
    evidence = may_answer_for_evidence(request.actor)
    context = {
        "subject": subject,
        "rows": [(row, may_confirm(request.actor, entered_by=row.registered_by) and evidence) for row in rows],
        "evidence": evidence,
        "may_register": may_register(request.actor),
    }
    return render(request, "evaluations/snapshots.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_snapshot(request: MemberRequest, slug: str) -> HttpResponse:
    """Registers weights by their digest."""
    subject = access.subject(request.actor, slug, timezone.now())
    require(may_register(request.actor))
    form = SnapshotForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        verb = partial(subjects.register_snapshot, subject=subject, actor=request.actor.person, at=timezone.now(), **form.cleaned_data)
        if said_on(form, verb):
            messages.info(request, "The snapshot is registered. Results on it can rule out once another person has confirmed it.")
            return redirect("evaluations:snapshots", slug=slug)
    return render(request, "evaluations/snapshot_new.html", {"form": form, "subject": subject}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_snapshot(request: MemberRequest, slug: str, pk: UUID) -> HttpResponse:
    """A second person vouches, confirmed anew, that these weights are what their name says."""
    snapshot = _snapshot(request, slug, pk)
    require(may_confirm(request.actor, entered_by=snapshot.registered_by))
    require(may_sign_evidence(request.actor))
    place = reverse("evaluations:snapshots", args=[slug])
    return confirmed_act(
        request,
        act=lambda: subjects.confirm_snapshot(snapshot=snapshot, actor=request.actor.person, at=timezone.now()),
        said=f"{snapshot.label} is confirmed.",
        place=place,
        context={
            "title": f"Confirm the weights of {snapshot.label}",
            "lede": "Compare the digest with the weights themselves. From then on results on them can rule out, and they can be released.",
            "facts": [
                ("Model", snapshot.subject.name),
                ("Weights digest", snapshot.weights_digest),
                ("Names in result files", ", ".join(snapshot.model_names) or "none"),
                ("Registered by", snapshot.registered_by),
            ],
            "crumbs": [(snapshot.subject.name, place)],
            "button": "Confirm these weights",
        },
    )


@require_POST
def choose_snapshot(request: MemberRequest, slug: str, pk: UUID) -> HttpResponse:
    snapshot = _snapshot(request, slug, pk)
    subjects.choose_for_release(snapshot=snapshot, actor=request.actor.person, at=timezone.now())
    messages.info(request, f"{snapshot.label} is meant for release: every threshold must now be measured on it.")
    return redirect("evaluations:snapshots", slug=slug)


def _snapshot(request: MemberRequest, slug: str, pk: UUID) -> Snapshot:
    subject = access.subject(request.actor, slug, timezone.now())
    return the_one(subject.snapshots.filter(pk=pk), access.SnapshotNotKnown)
