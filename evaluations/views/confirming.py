"""Uploads confirmed by a second person, one or several in one act: first what and how many, then who vouches for it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from evaluations import access
from evaluations.forms import ChosenUploads
from evaluations.policies import may_confirm
from evaluations.services.uploads import countersign_all
from frameworks.policies import may_sign_evidence
from people.confirmed_act import confirmed_act
from people.doors import MemberRequest
from people.policies import require

TEMPLATE = "evaluations/confirm_several.html"


@require_http_methods(["GET", "HEAD", "POST"])
def several(request: MemberRequest) -> HttpResponse:
    """GET shows the chosen ones with what is vouched for, and how many they are; POST confirms just these, all or none."""
    now = timezone.now()
    mine = access.uploads(request.actor, now).select_related("subject", "snapshot", "uploader").prefetch_related("runs")
    form = ChosenUploads(request.POST if request.method == "POST" else request.GET, uploads=mine.order_by("received_seq", "id"))
    if not form.is_valid():
        return render(request, TEMPLATE, {"errors": form.errors.get("chosen", ()), "waiting": []}, status=422)
    chosen = list(form.cleaned_data["chosen"])
    for upload in chosen:
        require(may_confirm(request.actor, entered_by=upload.uploader))
    waiting = [upload for upload in chosen if upload.countersigned_seq is None]
    require(may_sign_evidence(request.actor))
    context = {"waiting": waiting, "left_out": len(chosen) - len(waiting)}
    if not waiting:
        return render(request, TEMPLATE, context)
    return confirmed_act(
        request,
        act=lambda: countersign_all(chosen=chosen, actor=request.actor.person, at=now),
        said=f"The particulars of {len(chosen)} upload{'' if len(chosen) == 1 else 's'} are confirmed.",
        place=reverse("evaluations:upload", args=[chosen[0].pk]) if len(chosen) == 1 else reverse("evaluations:uploads"),
        context=context,
        template=TEMPLATE,
    )
