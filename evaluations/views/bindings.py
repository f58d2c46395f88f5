"""Which results reach which indicator: the list, the proposal, the second person's word."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from evaluations import access
from evaluations.forms import BindingFilter, BindingForm
from evaluations.models import Binding, Measurement
from evaluations.policies import may_answer_for_evidence, may_confirm, may_register
from evaluations.services import bindings
from frameworks.models import IndicatorVersion
from frameworks.policies import may_sign_evidence
from ledger.refusals import NotKnown, the_one
from people.confirmed_act import confirmed_act
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from people.words import Role

PER_PAGE = 100


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """Every binding, the ones that wait for a second person first."""
    _require_insider(request)
    rows = Binding.objects.select_related("proposed_by", "confirmed_by").order_by("-confirmed_seq", "indicator", "id")
    found = BindingFilter(request.GET, queryset=rows)
    page = Paginator(found.qs, PER_PAGE).get_page(request.GET.get("page"))
    evidence = may_answer_for_evidence(request.actor)
    context = {
        "filter": found,
        "page": page,
        "rows": [(row, may_confirm(request.actor, entered_by=row.proposed_by) and evidence) for row in page.object_list],
        "evidence": evidence,
        "may_propose": may_register(request.actor),
    }
    return render(request, "evaluations/bindings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """Proposes a binding, from scratch or for one measurement of a run."""
    _require_insider(request)
    require(may_register(request.actor))
    slugs = IndicatorVersion.objects.order_by("slug").values_list("slug", flat=True).distinct()
    form = BindingForm(
        request.POST if request.method == "POST" else None, indicators=[(slug, slug) for slug in slugs], initial=_initial(request)
    )
    if request.method == "POST" and form.is_valid():
        selector = {name: form.cleaned_data[name] for name in Binding.SELECTOR}
        indicator = form.cleaned_data["indicator"]
        verb = partial(bindings.propose, indicator=indicator, selector=selector, actor=request.actor.person, at=timezone.now())
        if said_on(form, verb):
            messages.info(request, "The binding is proposed. It holds once another person confirms it.")
            return redirect("evaluations:bindings")
    return render(request, "evaluations/binding_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The second person's word, confirmed anew: from then on what is received reaches the indicator with full power."""
    _require_insider(request)
    binding = the_one(Binding.objects.select_related("proposed_by").filter(pk=pk))
    require(may_confirm(request.actor, entered_by=binding.proposed_by))
    require(may_sign_evidence(request.actor))
    place = reverse("evaluations:bindings")
    selector = [(name.capitalize(), getattr(binding, name) or "any") for name in Binding.SELECTOR]
    return confirmed_act(
        request,
        act=lambda: bindings.confirm(binding=binding, actor=request.actor.person, at=timezone.now()),
        said=f"Results received from now on reach {binding.indicator} with full power; earlier ones can only raise it.",
        place=place,
        context={
            "title": f"Confirm a binding to {binding.indicator}",
            "lede": "Results that are told by all of these reach the indicator, and can rule out with it.",
            "facts": [("Indicator", binding.indicator), *selector, ("Proposed by", binding.proposed_by)],
            "crumbs": [("Bindings", place)],
            "button": "Confirm this binding",
        },
    )


def _initial(request: MemberRequest) -> dict[str, str]:
    asked = request.GET.get("measurement", "")
    try:
        measurement = Measurement.objects.select_related("run__reading").filter(pk=UUID(asked)).first() if asked else None
    except ValueError:
        return {}
    if measurement is None:
        return {}
    access.run(request.actor, measurement.run_id, timezone.now())
    return BindingForm.initial_for(measurement)


def _require_insider(request: MemberRequest) -> None:
    """Bindings name tasks of every subject, so they are the laboratory's own."""
    if request.actor.roles <= {Role.OUTSIDE_EVALUATOR}:
        raise NotKnown
