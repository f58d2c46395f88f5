"""The sheets on which something leaves the evidence by signature: a measurement, a run, an announced run that will not come, a refused file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from evaluations import access
from evaluations.forms import SetAsideForm
from evaluations.models import Measurement, Run, Supersession, UploadState
from evaluations.policies import CONFIRMERS, may_set_aside
from evaluations.services import results
from frameworks.policies import may_sign_evidence
from ledger.refusals import the_one
from people.attempts import entering_refusals
from people.doors import MemberRequest
from people.models import Person
from people.policies import require
from people.refusal_pages import said_on
from people.signing import Statement, sign
from people.words import Role


@sensitive_post_parameters("password", "code")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def supersede(request: MemberRequest, pk: UUID, measurement_pk: UUID) -> HttpResponse:
    """A measurement is taken out of the evidence, replaced or not."""
    run = access.run(request.actor, pk, timezone.now())
    measurement = the_one(run.measurements.filter(pk=measurement_pk))
    others = Measurement.objects.filter(run__subject=run.subject_id, metric=measurement.metric, run__task=run.task)
    context = {
        "title": f"Supersede {measurement}",
        "lede": f"The value {measurement.value or measurement.value_raw} no longer speaks. Without a valid replacement, got at least as strongly, its indicator cannot be ruled out.",
        "about": f"{measurement} of the run {run.task}, {run.subject.name}",
        "button": "Supersede this measurement",
        **_of_run(run),
    }
    return _sheet(request, run.upload.uploader, context, others.exclude(pk=measurement.pk), measurement=measurement)


@sensitive_post_parameters("password", "code")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def set_aside(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A run that reaches no indicator, or conflicts with its twin, is signed away."""
    run = access.run(request.actor, pk, timezone.now())
    context = {
        "title": "Set this run aside",
        "lede": "The run stays readable. One that reaches no indicator stops blocking; one that does is superseded by its other telling, if there is one.",
        "about": f"the run {run.task}, {run.subject.name}",
        "button": "Set this run aside",
        **_of_run(run),
    }
    return _sheet(request, run.upload.uploader, context, None, run=run)


@sensitive_post_parameters("password", "code")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_away(request: MemberRequest, slug: str, pk: UUID) -> HttpResponse:
    """Somebody other than the one who announced a run says that it will not come, and why that hides nothing."""
    subject = access.subject(request.actor, slug, timezone.now())
    announced = access.announced_run(subject, pk)
    place = reverse("evaluations:announced-runs", args=[slug])
    context = {
        "title": f"Sign the announced run {announced.external_id} away",
        "lede": f"It was announced for {announced.indicator} and has not arrived whole. It stops blocking; that it was announced stays readable.",
        "about": f"the announced run {announced.external_id}, {subject.name}",
        "button": "Sign this run away",
        "crumbs": [(subject.name, f"/subjects/{slug}/"), ("Announced runs", place)],
        "place": place,
    }
    return _sheet(request, announced.announced_by, context, None, announced=announced)


@sensitive_post_parameters("password", "code")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A file that was refused: until somebody else looks at it and says why nothing is lost with it, it keeps the gate shut."""
    found = access.upload(request.actor, pk, timezone.now())
    require(may_set_aside(request.actor, uploader=found.uploader))
    if found.state != UploadState.REJECTED:
        raise results.NotRefused
    place = reverse("evaluations:upload", args=[found.pk])
    context = {
        "title": "Set this refused file aside",
        "lede": f"It was sent as evidence of {found.subject.name} and could not be read: {found.error_message} While nobody answers for it, "
        "the gate stays shut. Say what it was and why nothing is lost with it; for a file sent by mistake one sentence does.",
        "about": f"the file {found.label}, {found.subject.name}",
        "button": "Set this file aside",
        "crumbs": [(found.label, place)],
        "place": place,
    }
    return _sheet(request, found.uploader, context, None, upload=found)


def _of_run(run: Run) -> dict[str, Any]:
    place = reverse("evaluations:run", args=[run.pk])
    return {"crumbs": [(run.task or "Run", place)], "place": place}


def _sheet(request: MemberRequest, brought_by: Person, context: dict[str, Any], replacements: Any, **about: Any) -> HttpResponse:
    require(may_set_aside(request.actor, uploader=brought_by))
    require(may_sign_evidence(request.actor))
    form = SetAsideForm(
        request.POST if request.method == "POST" else None, user=request.user, roles=signing_roles(request), replacements=replacements
    )
    if form.is_valid() and said_on(form, lambda: _sign(request, form, about)) is not None:
        messages.info(request, "It no longer speaks. It stays readable, with your reason beside it.")
        return redirect(context["place"])
    return render(request, "evaluations/set_aside.html", context | {"form": form}, status=422 if form.errors else 200)


def _sign(request: MemberRequest, form: SetAsideForm, about: dict[str, Any]) -> Supersession:
    now, told = timezone.now(), form.signed()
    about |= {"replacement": told.get("replacement")}
    statement = Statement(
        type=results.STATEMENT,
        digests=results.supersession_digests(**about),
        meaning="This result no longer speaks",
        role=told["role"],
        text=told["reason"],
    )
    about_thing = next(thing for name, thing in about.items() if name != "replacement")
    trying = entering_refusals("evaluations:result:refused", thing=about_thing, actor=request.actor.person, at=now)
    with trying, transaction.atomic():
        signature = sign(person=request.actor.person, user=request.user, statement=statement, confirmation=told["confirmation"], at=now)
        return results.supersede(reason=told["reason"], signature=signature, actor=request.actor.person, at=now, **about)


def signing_roles(request: MemberRequest) -> list[tuple[str, str]]:
    """The roles in which this person may take something out of the evidence, or move it."""
    return [(role.value, role.label) for role in Role if role in CONFIRMERS & request.actor.roles]
