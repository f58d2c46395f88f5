"""Dossiers: what outside evaluators see. The chair opens and closes them; an outside evaluator finds their own here."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from evaluations import access
from evaluations.forms import DossierForm
from evaluations.models import Dossier, Subject
from evaluations.policies import may_open_dossier, may_upload
from evaluations.services import dossiers
from people.confirmed_act import confirmed
from people.doors import MemberRequest
from people.models import Person
from people.policies import require
from people.queries import people_with
from people.words import Role


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """Every dossier this person may know of; POST opens one."""
    now = timezone.now()
    may_open = may_open_dossier(request.actor)
    form = DossierForm(
        request.POST if request.method == "POST" else None,
        subjects=access.subjects(request.actor, now).order_by("name", "id"),
        people=people_with(Role.OUTSIDE_EVALUATOR, now),
        user=request.user,
    )
    if request.method == "POST":
        require(may_open)
        if confirmed(request, form, partial(_open, request, now)) is not None:
            return redirect("evaluations:dossiers")
    rows = access.dossiers(request.actor, now).order_by("subject__name", "person__name", "id")
    context = {
        "rows": [(row, row.is_open(now)) for row in rows],
        "may_open": may_open,
        "may_upload": may_upload(request.actor),
        "form": form,
    }
    return render(request, "evaluations/dossiers.html", context, status=422 if form.errors else 200)


def _open(request: MemberRequest, now: datetime, *, subject: Subject, person: Person, until: date) -> Dossier:
    # A day means its end, in UTC.
    end = datetime.combine(until + timedelta(days=1), time.min, tzinfo=UTC)
    made = dossiers.open_dossier(subject=subject, person=person, until_at=end, actor=request.actor.person, at=now)
    messages.info(request, f"{made.person.name} sees {made.subject.name}, and nothing else, until the end of {until:%-d %b %Y}.")
    return made


@require_POST
def close(request: MemberRequest, pk: UUID) -> HttpResponse:
    now = timezone.now()
    dossier = access.dossier(request.actor, pk, now)
    dossiers.close_dossier(dossier=dossier, actor=request.actor.person, at=now)
    messages.info(request, f"The dossier is closed. For {dossier.person.name} there is no {dossier.subject.name} any more.")
    return redirect("evaluations:dossiers")
