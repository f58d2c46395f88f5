"""Several uploads confirmed by a second person in one act: first what and how many, then the word."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from evaluations import access
from evaluations.forms import ChosenUploads
from evaluations.policies import may_confirm
from evaluations.services.uploads import countersign_all
from people.doors import MemberRequest
from people.policies import require


@require_http_methods(["GET", "HEAD", "POST"])
def several(request: MemberRequest) -> HttpResponse:
    """GET shows the chosen ones with what is vouched for, and how many they are; POST confirms just these, all or none."""
    now = timezone.now()
    mine = access.uploads(request.actor, now).select_related("subject", "snapshot", "uploader").prefetch_related("runs")
    form = ChosenUploads(request.POST if request.method == "POST" else request.GET, uploads=mine.order_by("received_seq", "id"))
    if not form.is_valid():
        return render(request, "evaluations/confirm_several.html", {"form": form, "waiting": []}, status=422)
    chosen = list(form.cleaned_data["chosen"])
    for upload in chosen:
        require(may_confirm(request.actor, entered_by=upload.uploader))
    if request.method == "POST":
        done = countersign_all(chosen=chosen, actor=request.actor.person, at=now)
        messages.info(request, f"The particulars of {done} upload{'' if done == 1 else 's'} are confirmed.")
        return redirect("evaluations:uploads")
    waiting = [upload for upload in chosen if upload.countersigned_seq is None]
    return render(request, "evaluations/confirm_several.html", {"form": form, "waiting": waiting, "left_out": len(chosen) - len(waiting)})
