"""The page of an act that gives or takes power without a statement of its own: what is done stands there first, then who does it is confirmed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from people.confirming import Confirmed, confirm
from people.doors import MemberRequest
from people.forms import ConfirmationForm
from people.refusal_pages import said_on

TEMPLATE = "people/confirmed_act.html"

Made = TypeVar("Made")


@sensitive_post_parameters("password", "code")
@sensitive_variables("form")
def confirmed_act(
    request: MemberRequest,
    *,
    act: Callable[[], object],
    said: str | Callable[[], str],
    place: str,
    context: Mapping[str, Any],
    template: str = TEMPLATE,
) -> HttpResponse:
    """GET shows the act; POST does it once the person has confirmed who they are, says `said` and leads to `place`.

    `context` holds title, lede and button, and may hold facts (pairs), crumbs and grave. What `act` refuses is answered as a refusal.
    """
    form = ConfirmationForm(request.POST if request.method == "POST" else None, user=request.user)
    confirmed = said_on(form, partial(_confirmed, request, form)) if form.is_valid() else None
    if confirmed is not None:
        with transaction.atomic():
            act()
        messages.info(request, said if isinstance(said, str) else said())
        return redirect(place)
    return render(request, template, {"place": place, **context, "form": form}, status=422 if form.errors else 200)


def confirmed(request: MemberRequest, form: ConfirmationForm, act: Callable[..., Made]) -> Made | None:
    """The same for a form of its own: what `act` makes of what was filled in, once the person has confirmed who they are.

    None where nothing was sent, or the form says what is wrong.
    """

    def do() -> Made:
        told = form.signed()
        with transaction.atomic():
            confirm(user=request.user, confirmation=told.pop("confirmation"), at=timezone.now())
            return act(**told)

    return said_on(form, do) if form.is_valid() else None


def _confirmed(request: MemberRequest, form: ConfirmationForm) -> Confirmed:
    return confirm(user=request.user, confirmation=form.signed()["confirmation"], at=timezone.now())
