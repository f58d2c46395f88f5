"""The sheets on which a ratio is given its two arms: one person says what they were, another vouches for it."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from evaluations import access
from evaluations.forms import ArmsForm
from evaluations.models import Arms
from evaluations.policies import may_confirm, may_propose_correction, may_set_aside
from evaluations.services import arms as verbs
from frameworks.policies import may_sign_evidence
from ledger.refusals import the_one
from people.confirmed_act import confirmed_act
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest, pk: UUID, measurement_pk: UUID) -> HttpResponse:
    """Says what the arms of a ratio were: two metrics of the run, or the numbers of a dossier."""
    run = access.run(request.actor, pk, timezone.now())
    require(may_propose_correction(request.actor))
    measurement = the_one(run.measurements.filter(pk=measurement_pk))
    form = ArmsForm(request.POST or None, metrics=run.measurements.exclude(pk=measurement.pk).order_by("position"))
    if form.is_valid():
        verb = partial(verbs.propose, measurement=measurement, told=form.cleaned_data, actor=request.actor.person, at=timezone.now())
        if said_on(form, verb):
            messages.info(
                request, "The arms stand in the record. They count once a reviewer or the chair who did not send the result confirms them."
            )
            return redirect("evaluations:run", pk=run.pk)
    context = {"run": run, "measurement": measurement, "form": form}
    return render(request, "evaluations/arms_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The second person's word, confirmed anew: from then on the interval of the arms decides."""
    arms = Arms.objects.select_related(
        "measurement__run__upload__uploader", "measurement__run__subject", "proposed_by", "treatment", "control"
    )
    found = the_one(arms.filter(pk=pk))
    run = access.run(request.actor, found.measurement.run_id, timezone.now())
    require(may_confirm(request.actor, entered_by=found.proposed_by))
    require(may_set_aside(request.actor, uploader=found.measurement.run.upload.uploader))
    require(may_sign_evidence(request.actor))
    place = reverse("evaluations:run", args=[run.pk])
    source = (
        f"metrics of this run: {found.treatment}, {found.control}" if found.treatment else f"{found.dossier_place} ({found.dossier_digest})"
    )
    return confirmed_act(
        request,
        act=lambda: verbs.confirm(arms=found, actor=request.actor.person, at=timezone.now()),
        said="The arms count: the ratio is judged by the interval they give.",
        place=place,
        context={
            "title": "Confirm the arms of a trial",
            "lede": "With them the ratio has an interval, and may rule out where the bare ratio could not. Check them against where they stand.",
            "facts": [
                ("Ratio", found.measurement.value or found.measurement.value_raw),
                ("Treatment", f"{found.treatment_mean}, standard error {found.treatment_stderr}, n {found.treatment_n}"),
                ("Control", f"{found.control_mean}, standard error {found.control_stderr}, n {found.control_n}"),
                ("They stand in", source),
                ("Told by", found.proposed_by),
            ],
            "crumbs": [(run.task or "Run", place)],
            "button": "Confirm these arms",
        },
    )
