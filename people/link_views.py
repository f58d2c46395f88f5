"""The page behind a sign-in link: choose a password. Looking at it changes nothing; only sending the form spends the link."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from people.forms import ChoosePasswordForm
from people.services import use_link
from people.services.credentials import PasswordTooWeak, find_link

BACKEND = "django.contrib.auth.backends.ModelBackend"


# Open: whoever holds a link cannot sign in yet. The link itself is the key, spent once, over in days.
@login_not_required
@never_cache
@sensitive_post_parameters("password", "again")
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest, secret: str) -> HttpResponse:
    """GET shows the form, POST sets the password and signs in. A link that does not open is not known (404)."""
    now = timezone.now()
    link = find_link(secret, now)
    form = ChoosePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = use_link(secret=secret, password=form.cleaned_data["password"], at=now)
        except PasswordTooWeak as weak:
            form.add_error("password", weak.problems)
        else:
            login(request, user, backend=BACKEND)
            messages.info(request, "Your password is set and you are signed in.")
            return redirect("people:me")
    page = render(request, "people/choose_password.html", {"form": form, "link": link}, status=422 if form.errors else 200)
    # The address is the key: it leaves this page with no link followed from it.
    page.headers["Referrer-Policy"] = "no-referrer"
    return page
