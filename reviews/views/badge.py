"""A model's badge: for whoever may open its page, and behind a secret address for pages outside."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from evaluations import access as evaluations_access
from evaluations.models import Subject
from ledger.refusals import NotKnown
from people.doors import MemberRequest
from people.forms import ConfirmationForm
from people.policies import require
from people.queries import Actor, actor_of
from people.refusal_pages import said_on
from reviews import policies
from reviews.badge import CONTENT_TYPE, badge_svg
from reviews.services.badges import find_badge, make_badge
from reviews.status import subject_status
from reviews.views.feed import unchanged_or
from reviews.views.status import version_in_force


@require_safe
def badge(request: MemberRequest, slug: str) -> HttpResponse:
    """The badge inside the portal."""
    return _drawn(request, request.actor, slug)


# Open: a page elsewhere has no session here. The key is a token that shows one model's badge and nothing else.
@login_not_required
@require_safe
@sensitive_variables("secret")
def outside(request: HttpRequest, secret: str) -> HttpResponse:
    """What its owner may see of the model at this moment. An address that was revoked, has run out or never was is not known (404)."""
    now = timezone.now()
    found = find_badge(secret, now)
    if found is None:
        raise NotKnown
    answer = _drawn(request, actor_of(found.token.person, now), found.subject.slug)
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # it is there to be shown by pages of others
    return answer


@sensitive_post_parameters("password", "code")
@sensitive_variables("made")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest, slug: str) -> HttpResponse:
    """The badge as it looks, and an address to embed it by: confirmed anew and shown on this one answer."""
    require(policies.may_see_board(request.actor))
    subject = evaluations_access.subject(request.actor, slug, timezone.now())
    if request.method != "POST":
        return _page(request, subject, ConfirmationForm(user=request.user))
    form = ConfirmationForm(request.POST, user=request.user)
    made = said_on(form, lambda: _made(request, subject, form)) if form.is_valid() else None
    if not made:
        return _page(request, subject, form, status=422)
    return _page(
        request, subject, ConfirmationForm(user=request.user), address=settings.PUBLIC_URL + reverse("reviews:badge-outside", args=[made])
    )


def _made(request: MemberRequest, subject: Subject, form: ConfirmationForm) -> str:
    return make_badge(subject=subject, actor=request.actor.person, at=timezone.now(), **form.signed())


def _page(request: MemberRequest, subject: Subject, form: ConfirmationForm, *, address: str = "", status: int = 200) -> HttpResponse:
    page = settings.PUBLIC_URL + reverse("reviews:subject-detail", args=[subject.slug])
    markdown = f"[![Tier and gate of {subject.slug}]({address})]({page})" if address else ""
    context = {"subject": subject, "form": form, "address": address, "markdown": markdown}
    return render(request, "reviews/badge.html", context, status=status)


def _drawn(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    now = timezone.now()
    require(policies.may_see_board(actor))
    status = subject_status(evaluations_access.subject(actor, slug, now), version_in_force(), now)
    return unchanged_or(request, HttpResponse(badge_svg(status), content_type=CONTENT_TYPE))
