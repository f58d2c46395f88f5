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
from reviews.forms.gate import GateForm
from reviews.models import Case, ScopeState
from reviews.models.case import CaseState
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
    artefact, told = form.cleaned_data["artefact"].strip(), form.cleaned_data["subject"].strip()
    subject = evaluations_access.subject_named(request.actor, told, timezone.now()) if told and not artefact else None
    stack = form.cleaned_data["stack"] or None
    answer = gate.ask(scope=form.cleaned_data["scope"], artefact=artefact or None, subject=subject, stack=stack)
    place = _place(answer)
    return {"answer": answer, "reasons": [_shown(reason, place) for reason in answer.reasons], "halt": _halt(answer)}


def _halt(answer: gate.Answer) -> ScopeState | None:
    """Who halted the scope and why, where somebody did."""
    if answer.subject is None or "scope_halted" not in answer.codes:
        return None
    rows = ScopeState.objects.filter(subject=answer.subject, scope=answer.scope, halted_at__isnull=False)
    return rows.select_related("halted_by").order_by("halted_at", "id").first()


def _shown(reason: Mapping[str, Any], place: str) -> dict[str, Any]:
    """A reason with the roles in words and the place where it is resolved."""
    about_safeguards = reason["code"] in {"safeguards_unsigned", "signoff_expired", "signoff_of_earlier_wording"}
    address = reverse("reviews:safeguard-list") + "?state=unsigned" if about_safeguards else place
    return {**reason, "roles": ", ".join(str(role).replace("_", " ") for role in reason["who"]), "address": address}


def _place(answer: gate.Answer) -> str:
    """The open case where there is one, since that is where the board decides; else the model's page, from which a case is opened."""
    if answer.subject is None:
        return ""
    case = Case.objects.filter(subject=answer.subject, state=CaseState.OPEN).first()
    return reverse("reviews:case-detail", args=[case.number]) if case else reverse("reviews:subject-detail", args=[answer.subject.slug])
