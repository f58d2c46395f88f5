"""One's own second factors: what there is, adding an authenticator app, new recovery codes, taking one away."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from ledger.refusals import NotKnown
from people import factors, passkeys, services
from people.confirming import signs_from
from people.doors import MemberRequest, open_without_role
from people.forms import AppForm, ConfirmationForm, PasskeyForm
from people.refusal_pages import said_on
from people.sealing import opened, seal

# The secret of an app that is being set up waits in the session, encrypted, until the app has shown that it knows it.
PENDING = "people.pending_app"
PENDING_PASSKEY = "people.pending_passkey"


@require_safe
@open_without_role
def factors_page(request: MemberRequest) -> HttpResponse:
    """Every factor of one's own, and what one may do about it."""
    held = factors.factors_of(request.user)
    context = {
        "apps": [each for each in held if each.type == Authenticator.Type.TOTP],
        "passkeys": [each for each in held if each.type == Authenticator.Type.WEBAUTHN],
        "recovery_codes": next((each for each in held if each.type == Authenticator.Type.RECOVERY_CODES), None),
        "left": factors.recovery_codes_left(held),
        "has_factor": any(each.type in factors.FACTORS for each in held),
        "waits_until": signs_from(request.user, timezone.now()),
    }
    return render(request, "people/factors.html", context)


@sensitive_post_parameters("password", "code", "first_code")
@sensitive_variables("secret", "codes")
@require_http_methods(["GET", "HEAD", "POST"])
@open_without_role
def add_app(request: MemberRequest) -> HttpResponse:
    """Shows a new secret as a QR code and as letters; it counts once the app has answered with its first code."""
    if any(each.type == Authenticator.Type.TOTP for each in factors.factors_of(request.user)):
        return redirect("people:factors")
    secret = _pending_secret(request)
    form = AppForm(request.POST or None, user=request.user)
    if form.is_valid():
        codes = said_on(form, lambda: services.add_totp(user=request.user, secret=secret, at=timezone.now(), **form.signed()))
        if codes is not None:
            del request.session[PENDING]
            messages.info(request, "Your authenticator app is added. From now on, signing in and signing ask for its code.")
            return _shown_codes(request, codes) if codes else redirect("people:factors")
    context = {
        "form": form,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "qr": mark_safe(factors.qr_svg(factors.totp_address(request.user, secret))),  # noqa: S308 drawn from numbers alone
    }
    return render(request, "people/app_add.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code", "passkey", "answer")
@sensitive_variables("codes")
@require_http_methods(["GET", "HEAD", "POST"])
@open_without_role
def add_passkey(request: MemberRequest) -> HttpResponse:
    """Has the browser make a passkey for a challenge that waits in the session."""
    state = request.session.get(PENDING_PASSKEY)
    options, fresh = passkeys.begin_making(request.user)
    form = PasskeyForm(request.POST or None, user=request.user, options=options)
    if form.is_valid():
        codes = said_on(form, lambda: services.add_passkey(user=request.user, state=state, at=timezone.now(), **form.signed()))
        if codes is not None:
            del request.session[PENDING_PASSKEY]
            messages.info(request, "Your passkey is added. From now on, signing in and signing take it.")
            return _shown_codes(request, codes) if codes else redirect("people:factors")
    if not (form.is_bound and not form.errors):
        # A form that only asks what to confirm still holds the passkey that answers the challenge before.
        request.session[PENDING_PASSKEY] = fresh
    return render(request, "people/passkey_add.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@sensitive_variables("codes")
@require_http_methods(["GET", "HEAD", "POST"])
@open_without_role
def recovery_codes(request: MemberRequest) -> HttpResponse:
    """Makes ten new recovery codes, shown on this one answer, never again."""
    if not factors.has_second_factor(request.user):
        return redirect("people:factors")
    form = ConfirmationForm(request.POST or None, user=request.user)
    if form.is_valid():
        codes = said_on(form, lambda: services.renew_recovery_codes(user=request.user, at=timezone.now(), **form.signed()))
        if codes:
            return _shown_codes(request, codes)
    context = {
        "form": form,
        "title": "Make new recovery codes",
        "why": "Ten codes, each of which lets you in once without your other factors. The codes you have now stop working.",
        "button": "Make recovery codes",
    }
    return render(request, "people/factor_act.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
@open_without_role
def remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Takes one factor away, confirmed with it or with another."""
    factor = next((each for each in factors.factors_of(request.user) if each.pk == pk and each.type in factors.FACTORS), None)
    if factor is None:
        raise NotKnown
    form = ConfirmationForm(request.POST or None, user=request.user)
    if form.is_valid():
        done = said_on(form, lambda: services.remove_factor(user=request.user, factor=factor, at=timezone.now(), **form.signed()) or True)
        if done:
            messages.info(request, "The second factor is removed.")
            return redirect("people:factors")
    context = {
        "form": form,
        "title": "Remove this second factor",
        "why": "Without a second factor your account cannot sign what asks for one. With the last one your recovery codes go too.",
        "button": "Remove second factor",
        "grave": True,
    }
    return render(request, "people/factor_act.html", context, status=422 if form.errors else 200)


def _pending_secret(request: MemberRequest) -> str:
    """One secret while the page is open, so that a mistyped code does not ask for another scan."""
    if PENDING not in request.session:
        request.session[PENDING] = seal(factors.new_secret(), purpose=factors.SEALED_FOR)
    return opened(request.session[PENDING], purpose=factors.SEALED_FOR)


def _shown_codes(request: MemberRequest, codes: list[str]) -> HttpResponse:
    return render(request, "people/recovery_codes.html", {"codes": codes})
