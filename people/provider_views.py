"""Signing in at the sign-in provider, linking an account to it, and confirming one act there. Without a provider nothing here exists (404).

Each of them goes the same way: a form sets out, the provider answers to `callback`, and what comes next depends on what was begun. The way there is a
page of our own that moves on by itself, not a redirect of the form: the content policy lets forms go nowhere but here, and a browser holds every
redirect that follows a form to that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from allauth.account import views as allauth
from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from redis.exceptions import RedisError

from ledger.refusals import NotKnown, NotNow, NotValid, Refusal, the_one
from people import identities, oidc, services, trips
from people.doors import MemberRequest, open_without_role
from people.forms import ConfirmationForm
from people.link_views import COOKIE, come_in
from people.models import Identity
from people.refusal_pages import said_on
from people.services.credentials import find_link
from people.tries import CannotCount
from people.trips import Found, NotBegunHere, Purpose, Trip, Word

# The session knows that it began at the provider, where signing out here does not end anything.
CAME_BY = "people.came_by_provider"

View = Callable[..., HttpResponse]


class SomebodyElseThere(NotValid):
    code = "somebody_else_at_provider"
    what_to_do = "Sign out there, then confirm again as the person this account is linked to."


def at_provider(view: View) -> View:
    """Not there without a provider; answers nothing a cache may keep; what goes wrong on the way is said on a page that leads on, with its code."""

    @never_cache
    @sensitive_post_parameters()
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        oidc.require_provider()
        try:
            return view(request, *args, **kwargs)
        except NotKnown:
            raise
        except Refusal as refusal:
            return _on_the_way(request, "people/provider_refused.html", status=refusal.status, refusal=refusal)

    return guarded


def setting_out(view: View) -> View:
    """As often as a password may be tried: each asks the provider something."""

    @at_provider
    @wraps(view)
    def limited(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            refused = ratelimit.consume_or_429(request, action="login")
        except RedisError as error:
            raise CannotCount from error
        return refused or view(request, *args, **kwargs)

    return limited


# There and back


# Open: whoever signs in is not signed in yet. It sets out and nothing else.
@login_not_required
@require_POST
@setting_out
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sets out to sign in; `next` leads on within the portal or not at all."""
    wanted = request.POST.get("next", "")
    onward = wanted if wanted and get_adapter().is_safe_url(wanted) else ""
    if request.user.is_authenticated:
        return redirect(onward or settings.LOGIN_REDIRECT_URL)
    return _set_out(request, Trip(Purpose.SIGN_IN, timezone.now(), next=onward))


# Open: the provider sends the browser here. The state it brings was given out in this very session, once.
@login_not_required
@require_GET
@at_provider
@sensitive_variables("trip", "found")
def callback(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    trip = trips.come_back(request.session, request.GET.get("state", ""), now)
    if trip.user and (not request.user.is_authenticated or str(request.user.pk) != trip.user):
        raise NotBegunHere
    return _ARRIVALS[trip.purpose](request, trip, oidc.who(trip, request.GET.dict(), now))


def _set_out(request: HttpRequest, trip: Trip) -> HttpResponse:
    where = oidc.address(trip)
    trips.set_out(request.session, trip)
    return _on_the_way(request, "people/provider_going.html", address=where)


def _on_the_way(request: HttpRequest, template: str, status: int = 200, **context: object) -> HttpResponse:
    """A page at an address nobody comes back to: it may hold what the provider answered, once."""
    home = "people:me" if request.user.is_authenticated else "account_login"
    return render(request, template, context | {"here": reverse(home)}, status=status)


def _let_in(request: HttpRequest, trip: Trip, found: Found) -> HttpResponse:
    """Through the same steps as with a password: an account with a second factor is asked for it."""
    user = identities.account_of(found)
    if request.user.is_authenticated:
        logout(request)
    request.session[CAME_BY] = True
    answer: HttpResponse = perform_login(request, user, email_verification="none", redirect_url=trip.next or None)
    return answer


# Through a one-time link


# Open, like the page beside it: the link is the key.
@login_not_required
@require_POST
@setting_out
@sensitive_variables("secret")
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Sets out to sign in at the provider from now on, instead of choosing a password. The link stays as it was."""
    find_link(request.COOKIES.get(COOKIE, ""), timezone.now())
    return _set_out(request, Trip(Purpose.INVITED, timezone.now()))


def _show_on_link(request: HttpRequest, trip: Trip, found: Found) -> HttpResponse:
    trips.bring(request.session, found, trip.purpose, timezone.now())
    return redirect("provider_link_confirm")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@at_provider
@sensitive_variables("secret")
def use_link(request: HttpRequest) -> HttpResponse:
    """GET shows whom the provider named and whose account it is; POST links the two, spends the link and lets its owner in."""
    now, secret = timezone.now(), request.COOKIES.get(COOKIE, "")
    link = find_link(secret, now)
    found = trips.brought(request.session, Purpose.INVITED, now)
    if found is None:
        return redirect("choose_password")
    if request.method != "POST":
        return render(request, "people/provider_found_by_link.html", {"found": found, "link": link})
    user = services.use_link_with_provider(secret=secret, found=found, at=now)
    trips.put_down(request.session)
    if request.user.is_authenticated:
        logout(request)
    request.session[CAME_BY] = True
    name = settings.OIDC_NAME
    return come_in(request, user, f"Your account signs in at {name} from now on", f"Sign in at {name} and with your second factor.")


# One's own account


@require_POST
@open_without_role
@setting_out
def link(request: MemberRequest) -> HttpResponse:
    """Sets out to link one's account. Nothing is linked before that is confirmed here."""
    return _set_out(request, Trip(Purpose.LINK, timezone.now(), user=str(request.user.pk)))


def _show_on_account(request: HttpRequest, trip: Trip, found: Found) -> HttpResponse:
    trips.bring(request.session, found, trip.purpose, timezone.now())
    return redirect("people:provider-link-confirm")


@require_http_methods(["GET", "HEAD", "POST"])
@open_without_role
@at_provider
def confirm_link(request: MemberRequest) -> HttpResponse:
    """Shows whom the provider named, and links them to this account once that is confirmed as every change of it is."""
    found = trips.brought(request.session, Purpose.LINK, timezone.now())
    if found is None:
        return redirect("people:me")
    form = ConfirmationForm(request.POST or None, user=request.user)
    if form.is_valid() and said_on(
        form, lambda: bool(services.link_identity(user=request.user, found=found, at=timezone.now(), **form.signed()))
    ):
        trips.put_down(request.session)
        messages.info(request, f"Your account is linked. From now on you can sign in at {settings.OIDC_NAME}.")
        return redirect("people:me")
    return render(request, "people/provider_found.html", {"form": form, "found": found}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@open_without_role
@at_provider
def unlink(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Takes the link away and ends one's other sessions: one of them may have come by it."""
    identity = the_one(Identity.objects.filter(pk=pk, user=request.user))
    form = ConfirmationForm(request.POST or None, user=request.user)
    if form.is_valid() and said_on(
        form, lambda: services.unlink_identity(user=request.user, identity=identity, at=timezone.now(), **form.signed()) or True
    ):
        services.end_other_sessions(user=request.user, mine=request.session.session_key or "", at=timezone.now())
        messages.info(request, "Your account is unlinked from the provider, and your other sessions have ended.")
        return redirect("people:me")
    return render(request, "people/provider_unlink.html", {"form": form}, status=422 if form.errors else 200)


# Confirming one act


@require_POST
@open_without_role
@setting_out
def confirm_act(request: MemberRequest) -> HttpResponse:
    """Sets out, in a tab of its own, to sign in anew for one act: the form that was sent here, which waits as it is in the other tab."""
    if identities.in_use(request.user) is None:
        raise NotKnown
    act = trips.act_of(request.POST.get("act", ""), request.POST)
    return _set_out(request, Trip(Purpose.CONFIRM, timezone.now(), user=str(request.user.pk), act=act))


def _keep_word(request: HttpRequest, trip: Trip, found: Found) -> HttpResponse:
    identity = identities.in_use(request.user)  # type: ignore[arg-type]  # `callback` has seen whose trip it is
    if identity is None or (identity.issuer, identity.subject) != (found.issuer, found.subject):
        raise SomebodyElseThere(
            f"At {settings.OIDC_NAME} you signed in as somebody else than this account is linked to, so nothing was confirmed."
        )
    trips.keep_word(request.session, Word(found.issuer, found.subject, timezone.now()), trip.act)
    return _on_the_way(request, "people/provider_confirmed.html")


_ARRIVALS: dict[Purpose, Callable[[HttpRequest, Trip, Found], HttpResponse]] = {
    Purpose.SIGN_IN: _let_in,
    Purpose.INVITED: _show_on_link,
    Purpose.LINK: _show_on_account,
    Purpose.CONFIRM: _keep_word,
}


# The way out


class NoWayOutThere(NotNow):
    code = "provider_has_no_sign_out"
    what_to_do = "Sign out on its own page, or close this browser."


# Open, as allauth's own is: somebody whose session has run out is signed out already.
@login_not_required
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session here; whoever came by the provider is told that they are still signed in there."""
    came_by = request.method == "POST" and bool(settings.OIDC_ISSUER) and request.session.get(CAME_BY, False)
    answer: HttpResponse = allauth.logout(request)
    return redirect("provider_signed_out") if came_by and answer.status_code == 302 else answer


# Open: whoever sees it has just signed out.
@login_not_required
@require_safe
@at_provider
def signed_out(request: HttpRequest) -> HttpResponse:
    list(messages.get_messages(request))  # this page says it at more length
    return render(request, "people/provider_signed_out.html")


@login_not_required
@require_safe
@setting_out
def sign_out_there(request: HttpRequest) -> HttpResponse:
    """On to the provider's own way out, if it tells of one. Nobody is signed out here by following an address."""
    where = oidc.sign_out_address()
    if not where:
        raise NoWayOutThere(f"{settings.OIDC_NAME} tells of no way to sign out from here.")
    return redirect(where)
