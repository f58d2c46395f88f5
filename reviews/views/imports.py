"""Decisions from before the portal went live: what was brought in, the first attestor's sheet and the second's."""

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

from frameworks.policies import may_sign_about
from people.doors import MemberRequest
from people.forms import ConfirmationForm
from people.policies import require
from people.refusal_pages import said_on
from reviews import access, policies
from reviews.forms.imports import ImportForm
from reviews.models import ImportedRecord
from reviews.services import imports
from reviews.views.status import version_in_force


@require_safe
def imported(request: MemberRequest, slug: str) -> HttpResponse:
    """Every record brought in about one model, with its source and its two attestors."""
    now = timezone.now()
    subject = access.subject(request.actor, slug, now)
    rows = ImportedRecord.objects.filter(subject=subject).select_related("attested_by", "seconded_by", "framework_version")
    context = {
        "subject": subject,
        "now": now,
        "records": [(row, policies.may_second_import(request.actor, row)) for row in rows],
        "may_attest": policies.may_attest_import(request.actor),
    }
    return render(request, "reviews/imports.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest, slug: str) -> HttpResponse:
    """The first attestor says what was decided, where it stands, and signs."""
    subject = access.subject(request.actor, slug, timezone.now())
    require(policies.may_attest_import(request.actor))
    version = version_in_force()
    form = ImportForm(request.POST or None, user=request.user, document=version.document)
    if form.is_valid():
        told = form.signed()
        days: dict[str, Any] = {name: datetime.combine(told.pop(name), time.min, tzinfo=UTC) for name in ("true_at", "expires_at")}
        who: dict[str, Any] = {"actor": request.actor.person, "user": request.user, "at": timezone.now()}
        if said_on(form, lambda: imports.attest(subject=subject, framework_version=version, **told, **days, **who)):
            messages.info(request, "It is on record with your signature. Nothing follows from it before a second person attests it too.")
            return redirect("reviews:imports", slug=slug)
    return render(request, "reviews/import_new.html", {"subject": subject, "form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: MemberRequest, record_id: UUID) -> HttpResponse:
    """The second attestor signs the same words; a strict record then raises at once."""
    record = access.imported_record(request.actor, record_id, timezone.now())
    require(policies.may_second_import(request.actor, record))
    document = record.framework_version.document
    require(may_sign_about(request.actor, document, document.threshold(record.threshold).requires))
    form = ConfirmationForm(request.POST or None, user=request.user)
    if form.is_valid():
        who: dict[str, Any] = {"actor": request.actor.person, "user": request.user, "at": timezone.now()}
        if said_on(form, lambda: imports.second(record=record, **form.signed(), **who)):
            messages.info(request, "Two people attest it. If it was strict, it counts from now on and the board is asked.")
            return redirect("reviews:imports", slug=record.subject.slug)
    role = policies.attesting_role(request.actor)
    context = {
        "subject": record.subject,
        "record": record,
        "form": form,
        "action": request.path,
        "cancel": reverse("reviews:imports", args=[record.subject.slug]),
        "title": "Attest an imported record",
        "statement": imports.statement(record, role=role).text,
        "meaning": "You compared it with its source. A strict decision counts at once until the board decides; one that let something go lowers nothing.",
        "role": role.replace("_", " "),
        "button": "Sign: attest this record",
    }
    return render(request, "reviews/import_second.html", context, status=422 if form.errors else 200)
