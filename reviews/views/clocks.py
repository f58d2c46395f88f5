"""The clocks of the framework in force: how each runs, what waits, and saying that something was done."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from reviews import access, clocks, policies
from reviews.forms.fields import ReasonForm
from reviews.services import clocks as verbs
from reviews.views.status import version_in_force


@require_safe
def clock_list(request: MemberRequest) -> HttpResponse:
    """Each clock: what it does, whom it tells, the day it comes round next, and what waits on it."""
    require(policies.may_see_board(request.actor))
    now = timezone.now()
    version = version_in_force(request.GET.get("framework", ""))
    lines = [(line, [(turn, policies.may_answer_clock(request.actor, turn)) for turn in line.turns]) for line in clocks.lines(version, now)]
    return render(request, "reviews/clocks.html", {"version": version, "lines": lines, "now": now})


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: MemberRequest, turn_id: UUID) -> HttpResponse:
    """Says that it was done; the clock runs anew from here."""
    turn = access.clock_turn(request.actor, turn_id)
    require(policies.may_answer_clock(request.actor, turn))
    form = ReasonForm(request.POST or None)
    form.fields["reason"].label = "What was done"
    form.fields["reason"].help_text = "What the review found or what was told, and where it can be read. It stands in the record."
    if form.is_valid():
        told = {"turn": turn, "note": form.cleaned_data["reason"], "actor": request.actor.person}
        if said_on(form, lambda: verbs.answer(**told, at=timezone.now())):
            messages.info(request, "It stands in the record. The clock runs anew from today.")
            return redirect("reviews:clocks")
    return render(request, "reviews/clock_answer.html", {"turn": turn, "form": form}, status=422 if form.errors else 200)
