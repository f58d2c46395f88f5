"""Putting a framework version into force: the chair proposes, an executive confirms."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from frameworks.models import FrameworkVersion
from frameworks.policies import may_sign_framework
from frameworks.queries import listed
from ledger.refusals import NotKnown, the_one
from people.doors import MemberRequest
from people.forms import ConfirmationForm
from people.policies import require
from people.refusal_pages import said_on
from reviews import policies
from reviews.forms.adoptions import AdoptionForm, ConfirmForm
from reviews.models import Adoption
from reviews.services import adoptions


class VersionNotKnown(NotKnown):
    code = "version_not_known"
    sentence = "There is no such framework version."


class AdoptionNotKnown(NotKnown):
    code = "adoption_not_known"
    sentence = "There is no such proposal."


@require_safe
def adoption_list(request: MemberRequest) -> HttpResponse:
    """Every version with its proposal and its confirmation."""
    require(policies.may_see_board(request.actor))
    known = {each.version_id: each for each in Adoption.objects.select_related("proposed_by", "confirmed_by")}
    context = {
        "versions": [(version, known.get(version.pk)) for version in listed()],
        "may_propose": policies.may_propose_adoption(request.actor),
        "may_confirm": policies.may_confirm_adoption(request.actor),
    }
    return render(request, "reviews/adoption_list.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: MemberRequest, version_id: UUID) -> HttpResponse:
    """The chair's signature under a version that shall come into force."""
    require(policies.may_see_board(request.actor))
    version = the_one(FrameworkVersion.objects.filter(pk=version_id), VersionNotKnown)
    require(policies.may_propose_adoption(request.actor))
    form = AdoptionForm(request.POST or None, user=request.user)
    context = {"version": version, "title": "Propose for adoption", "button": f"Sign: propose {version.name} {version.version}"}
    return _sheet(request, version, form, partial(adoptions.propose_adoption, version=version), context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: MemberRequest, adoption_id: UUID) -> HttpResponse:
    """An executive's signature under the chair's proposal."""
    require(policies.may_see_board(request.actor))
    adoption = the_one(Adoption.objects.select_related("version", "proposed_by").filter(pk=adoption_id), AdoptionNotKnown)
    require(policies.may_confirm_adoption(request.actor))
    version = adoption.version
    form = ConfirmForm(request.POST or None, user=request.user)
    context = {
        "version": version,
        "adoption": adoption,
        "title": "Confirm the adoption",
        "button": f"Sign: adopt {version.name} {version.version}",
    }
    return _sheet(request, version, form, partial(adoptions.confirm_adoption, adoption=adoption), context)


def _sheet(
    request: MemberRequest,
    version: FrameworkVersion,
    form: ConfirmationForm,
    act: Callable[..., Adoption],
    context: Mapping[str, object],
) -> HttpResponse:
    require(may_sign_framework(request.actor, version))
    if form.is_valid():
        signed = partial(act, actor=request.actor.person, user=request.user, at=timezone.now(), **form.signed())
        if said_on(form, signed):
            return redirect("reviews:adoption-list")
    return render(request, "reviews/adoption_sign.html", {**context, "form": form}, status=422 if form.errors else 200)
