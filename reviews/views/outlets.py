"""Outlets: where news goes outside the portal, who set it up, and what became of each delivery. For administrators."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger.refusals import NotKnown, the_one
from people.doors import MemberRequest
from people.policies import require
from people.refusal_pages import said_on
from reviews import policies
from reviews.forms.telling import ChannelForm, OutletForm, RotateForm, WebhookForm
from reviews.models import Delivery, Outlet
from reviews.services import outlets

SHOWN = 100


class OutletNotKnown(NotKnown):
    code = "outlet_not_known"
    sentence = "There is no such outlet."


class DeliveryNotKnown(NotKnown):
    code = "delivery_not_known"
    sentence = "There is no such delivery."


@require_safe
def outlet_list(request: MemberRequest) -> HttpResponse:
    _require_keeper(request)
    return render(request, "reviews/outlet_list.html", {"outlets": Outlet.objects.select_related("made_by", "stopped_by")})


@sensitive_post_parameters("address", "password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_new(request: MemberRequest) -> HttpResponse:
    """Sets up a webhook and shows its secret on this one answer, never again."""
    return _new(request, WebhookForm, "reviews/webhook_new.html", outlets.add_webhook)


@sensitive_post_parameters("address", "password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def channel_new(request: MemberRequest) -> HttpResponse:
    """Sets up a chat or paging service."""
    return _new(request, ChannelForm, "reviews/channel_new.html", lambda **told: (outlets.add_channel(**told), ""))


@sensitive_variables("secret")
def _new(request: MemberRequest, form_class: type[OutletForm], template: str, add: Callable[..., tuple[Outlet, str]]) -> HttpResponse:
    _require_keeper(request)
    form = form_class(request.POST or None, user=request.user)
    if form.is_valid():
        made = said_on(form, lambda: add(actor=request.actor.person, user=request.user, at=timezone.now(), **form.signed()))
        if made:
            outlet, secret = made
            return _detail(request, outlet, secret=secret) if secret else redirect("reviews:outlet", outlet_id=outlet.pk)
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


@require_safe
def outlet(request: MemberRequest, outlet_id: UUID) -> HttpResponse:
    """One outlet with its latest deliveries."""
    return _detail(request, _outlet(request, outlet_id))


@sensitive_post_parameters("password", "code")
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: MemberRequest, outlet_id: UUID) -> HttpResponse:
    """A new secret for a webhook, shown on this one answer."""
    found = _outlet(request, outlet_id)
    form = RotateForm(request.POST or None, user=request.user, about=outlet_id)
    if form.is_valid():
        secret = said_on(
            form,
            lambda: outlets.rotate_secret(outlet=found, actor=request.actor.person, user=request.user, at=timezone.now(), **form.signed()),
        )
        if secret:
            return _detail(request, _outlet(request, outlet_id), secret=secret)
    return render(request, "reviews/outlet_rotate.html", {"outlet": found, "form": form}, status=422 if form.errors else 200)


@require_POST
def stop(request: MemberRequest, outlet_id: UUID) -> HttpResponse:
    outlets.stop_outlet(outlet=_outlet(request, outlet_id), actor=request.actor.person, at=timezone.now())
    messages.info(request, "Stopped: nothing goes there any more, and its address is forgotten.")
    return redirect("reviews:outlet", outlet_id=outlet_id)


@require_POST
def test(request: MemberRequest, outlet_id: UUID) -> HttpResponse:
    outlets.send_test(outlet=_outlet(request, outlet_id), actor=request.actor.person, at=timezone.now())
    messages.info(request, "A test is on its way; its line below says what became of it.")
    return redirect("reviews:outlet", outlet_id=outlet_id)


@require_POST
def resend(request: MemberRequest, delivery_id: UUID) -> HttpResponse:
    _require_keeper(request)
    delivery = the_one(Delivery.objects.select_related("outlet").filter(pk=delivery_id), DeliveryNotKnown)
    outlets.resend(delivery=delivery, actor=request.actor.person, at=timezone.now())
    messages.info(request, "It is on its way once more, under the same id.")
    return redirect("reviews:outlet", outlet_id=delivery.outlet_id)


def _require_keeper(request: MemberRequest) -> None:
    require(policies.may_see_board(request.actor))
    require(policies.may_keep_outlets(request.actor))


def _outlet(request: MemberRequest, outlet_id: UUID) -> Outlet:
    _require_keeper(request)
    return the_one(Outlet.objects.select_related("made_by", "stopped_by").filter(pk=outlet_id), OutletNotKnown)


def _detail(request: MemberRequest, outlet: Outlet, *, secret: str = "") -> HttpResponse:
    deliveries = outlet.deliveries.select_related("subject", "case").order_by("-made_at", "id")[:SHOWN]
    context = {"outlet": outlet, "deliveries": deliveries, "secret": secret, "live": outlet.is_live(timezone.now())}
    return render(request, "reviews/outlet.html", context)
