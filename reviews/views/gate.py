"""The gate as a page: allow or deny in one line, then each reason with who can resolve it and where."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from evaluations import access as evaluations_access
from people.doors import MemberRequest
from people.policies import require
from reviews import gate, policies
from reviews.forms import GateForm
from reviews.views.status import version_in_force


@require_safe
def ask(request: MemberRequest) -> HttpResponse:
    """Asks and writes nothing. Authorisations for the record are given through the API."""
    require(policies.may_see_board(request.actor))
    scopes = list(version_in_force().document.scopes)
    asked = bool(request.GET.get("artefact") or request.GET.get("subject"))
    form = GateForm(request.GET if asked else None, scopes=scopes, initial={"scope": "external"})
    context: dict[str, Any] = {"form": form, "asked": asked}
    if asked and form.is_valid():
        context |= _answered(request, form)
    return render(request, "reviews/gate.html", context)


def _answered(request: MemberRequest, form: GateForm) -> dict[str, Any]:
    artefact, slug = form.cleaned_data["artefact"].strip(), form.cleaned_data["subject"]
    subject = evaluations_access.subject(request.actor, slug, timezone.now()) if slug and not artefact else None
    answer = gate.ask(scope=form.cleaned_data["scope"], artefact=artefact or None, subject=subject)
    return {"answer": answer, "reasons": [_shown(reason, answer) for reason in answer.reasons]}


def _shown(reason: Mapping[str, Any], answer: gate.Answer) -> dict[str, Any]:
    """A reason with the roles in words and the place where it is resolved."""
    return {**reason, "roles": ", ".join(str(role).replace("_", " ") for role in reason["who"]), "address": _address(reason, answer)}


def _address(reason: Mapping[str, Any], answer: gate.Answer) -> str:
    code = reason["code"]
    if code in {"safeguards_unsigned", "signoff_expired"}:
        return reverse("reviews:safeguard-list") + "?state=unsigned"
    if answer.subject is not None:
        return reverse("reviews:subject-detail", args=[answer.subject.slug])
    return ""
