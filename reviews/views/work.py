"""The operator's page: work that was given up or fails, why, and another try."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from ledger.clock import shared_now
from people.doors import MemberRequest
from people.policies import require
from reviews import policies
from reviews.services import retrying
from reviews.unfinished import GIVEN_UP, piles


@require_safe
def work(request: MemberRequest) -> HttpResponse:
    """Everything that does not end, kind by kind."""
    require(policies.may_see_board(request.actor))
    require(policies.may_operate(request.actor))
    found = piles(shared_now())
    context = {
        "piles": found,
        "given_up": sum(pile.given_up for pile in found),
        "stuck": sum(pile.stuck for pile in found),
        "all_at_once": set(GIVEN_UP),
    }
    return render(request, "reviews/work.html", context)


@require_POST
def retry(request: MemberRequest, kind: str, row_id: str) -> HttpResponse:
    require(policies.may_see_board(request.actor))
    retrying.retry(kind=kind, row_id=row_id, actor=request.actor.person, at=timezone.now())
    messages.info(request, "It is tried again.")
    return redirect("reviews:work")


@require_POST
def retry_all(request: MemberRequest, kind: str, count: int) -> HttpResponse:
    require(policies.may_see_board(request.actor))
    retried = retrying.retry_all(kind=kind, count=count, actor=request.actor.person, at=timezone.now())
    messages.info(request, f"{retried.done} tried again.")
    for sentence, how_many in retried.left_out.items():
        messages.warning(request, f"{how_many} left out: {sentence}")
    return redirect("reviews:work")
