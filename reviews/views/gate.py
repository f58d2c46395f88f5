"""The gate as a page: allow or deny in one line, then each reason with who can resolve it and where."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from evaluations import access as evaluations_access
from frameworks.engine.types import FrameworkDocument
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
    artefact, told = form.cleaned_data["artefact"], form.cleaned_data["subject"].strip()
    try:
        subject = evaluations_access.subject_named(request.actor, told, timezone.now()) if told else None
    except evaluations_access.SubjectNotKnown as unknown:
        form.add_error("subject", unknown.sentence)
        return {}
    stack = form.cleaned_data["stack"] or None
    answer = gate.ask(scope=form.cleaned_data["scope"], artefact=artefact or None, subject=subject, stack=stack)
    case = Case.objects.filter(subject=answer.subject, state=CaseState.OPEN).first() if answer.subject is not None else None
    document = version_in_force().document
    reasons = [_shown(reason, case, answer, document) for reason in answer.reasons]
    return {"answer": answer, "reasons": reasons, "halt": _halt(answer)}


def _halt(answer: gate.Answer) -> ScopeState | None:
    """Who halted the scope and why, where somebody did."""
    if answer.subject is None or "scope_halted" not in answer.codes:
        return None
    rows = ScopeState.objects.filter(subject=answer.subject, scope=answer.scope, halted_at__isnull=False)
    return rows.select_related("halted_by").order_by("halted_at", "id").first()


def _shown(reason: Mapping[str, Any], case: Case | None, answer: gate.Answer, document: FrameworkDocument) -> dict[str, Any]:
    """A reason with the roles in words, the axis of the safeguard it speaks of, and the place where it is resolved."""
    about_safeguards = reason["code"] in {"safeguards_unsigned", "signoff_expired", "signoff_of_earlier_wording"}
    address = reverse("reviews:safeguard-list") + "?state=unsigned" if about_safeguards else _place(answer, case)
    axes = {safeguard.slug: safeguard.axis for safeguard in document.safeguards}
    # Safeguards of one name stand on both axes.
    belongs = f"On {axes[reason['about']]}: {reason['about']}." if about_safeguards and reason["about"] in axes else ""
    unstated = reason["code"] == "safeguards_not_adequate" and not _is_stated(case)
    first = "Before that, an applicability statement is missing: nobody has stated which sign-offs cover these weights." if unstated else ""
    roles = ", ".join(str(role).replace("_", " ") for role in reason["who"])
    return {**reason, "roles": roles, "address": address, "belongs": belongs, "first": first}


def _is_stated(case: Case | None) -> bool:
    return case is not None and case.statements.filter(replaced_at=None).exists()


def _place(answer: gate.Answer, case: Case | None) -> str:
    """The open case where there is one, since that is where the board decides; else the model's page, from which a case is opened."""
    if answer.subject is None:
        return ""
    return reverse("reviews:case-detail", args=[case.number]) if case else reverse("reviews:subject-detail", args=[answer.subject.slug])
