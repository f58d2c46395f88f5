"""A person's own names for filtered lists: private, kept, renamed, deleted. A view is an address of the portal's own, nothing that was found there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from ledger.refusals import NotKnown, NotNow, the_one
from people.doors import MemberRequest
from people.forms import SavedViewForm
from people.models import Person, SavedView

MOST = 50


class ViewNotKnown(NotKnown):
    code = "view_not_known"
    sentence = "You have no saved view by that id."


class NameTaken(NotNow):
    code = "view_name_taken"
    sentence = "You have another view of that name for this list."
    what_to_do = "Choose another name, or rename or delete the other one."


class TooManyViews(NotNow):
    code = "too_many_views"
    sentence = f"You have {MOST} saved views, as many as one person keeps."
    what_to_do = "Delete one you no longer use."


def views_of(person: Person, place: str = "") -> QuerySet[SavedView]:
    """Their own, of one list or of all."""
    mine = SavedView.objects.filter(person=person)
    return mine.filter(place=place) if place else mine


def save_view(*, name: str, place: str, query: str, actor: Person, at: datetime) -> SavedView:
    """Raises NameTaken, TooManyViews."""
    if views_of(actor).count() >= MOST:
        raise TooManyViews
    try:
        with transaction.atomic():
            return SavedView.objects.create(person=actor, name=name, place=place, query=query, made_at=at)
    except IntegrityError as error:
        raise NameTaken from error


def rename_view(*, view: SavedView, name: str) -> SavedView:
    """Raises NameTaken."""
    view.name = name
    try:
        with transaction.atomic():
            view.save(update_fields=["name"])
    except IntegrityError as error:
        raise NameTaken from error
    return view


@require_safe
def index(request: MemberRequest) -> HttpResponse:
    """All of one's views; asked by the menu of a list, that list's alone, with the form that saves the filter in use."""
    place, query = request.GET.get("place", ""), request.GET.get("query", "")
    alone = bool(request.htmx and not request.htmx.boosted)
    rows = views_of(request.actor.person, place if alone else "")
    context = {"views": rows, "form": SavedViewForm(initial={"place": place, "query": query}, auto_id="view-%s")}
    return render(request, "people/_saved_views.html" if alone else "people/saved_views.html", context)


@require_POST
def save(request: MemberRequest) -> HttpResponse:
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        context = {"views": views_of(request.actor.person), "form": form}
        return render(request, "people/saved_views.html", context, status=422)
    view = save_view(**form.cleaned_data, actor=request.actor.person, at=timezone.now())
    messages.info(request, f"The view {view.name} is kept. Only you see it.")
    return redirect(view.address)


@require_POST
def rename(request: MemberRequest, pk: UUID) -> HttpResponse:
    view = _mine(request, pk)
    form = SavedViewForm({"name": request.POST.get("name", ""), "place": view.place, "query": view.query})
    if not form.is_valid():
        return render(request, "people/saved_views.html", {"views": views_of(request.actor.person), "form": form}, status=422)
    rename_view(view=view, name=form.cleaned_data["name"])
    return redirect("people:saved-views")


@require_POST
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    _mine(request, pk).delete()
    return redirect("people:saved-views")


def _mine(request: MemberRequest, pk: UUID) -> SavedView:
    """Raises ViewNotKnown."""
    return the_one(views_of(request.actor.person).filter(pk=pk), ViewNotKnown)
