"""Changing one's own password, confirmed like every change of how an account is proved."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from people import services
from people.doors import MemberRequest, open_without_role
from people.forms import ChangePasswordForm
from people.refusal_pages import said_on


@sensitive_post_parameters()
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
@open_without_role
def change_password(request: MemberRequest) -> HttpResponse:
    """For whoever has a password; an account that signs in elsewhere has none to change. This session goes on, every other one ends."""
    if not request.user.has_usable_password():
        messages.info(request, "Your account has no password to change. An administrator can propose a sign-in link that sets one.")
        return redirect("people:me")
    form = ChangePasswordForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        changed = said_on(form, lambda: services.change_password(user=request.user, at=timezone.now(), **form.signed()))
        if changed is not None:
            update_session_auth_hash(request, changed)
            UserSession.objects.create_from_request(request)
            messages.info(request, "Your password is changed, and you are signed out everywhere else.")
            return redirect("people:me")
    return render(request, "people/change_password.html", {"form": form}, status=422 if form.errors else 200)
