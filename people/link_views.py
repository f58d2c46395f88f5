"""The page behind a sign-in link: choose a password. Following the link changes nothing; only sending the form spends it.

The secret stands in the address once, on the way in. From there it moves into a cookie of this one page, so that the form's own address,
and with it logs, history and referrers, holds none.
"""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from people.factors import has_second_factor
from people.forms import ChoosePasswordForm
from people.models import User
from people.services import use_link
from people.services.credentials import PasswordTooWeak, find_link

BACKEND = "django.contrib.auth.backends.ModelBackend"
COOKIE = "asl_link"
COOKIE_SECONDS = 900


# Open: whoever holds a link cannot sign in yet. The link itself is the key, spent once, over in days.
@login_not_required
@never_cache
@require_safe
@sensitive_variables("secret")
def follow_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Leads a link that opens to the form; any other is not known (404)."""
    find_link(secret, timezone.now())
    answer = redirect("choose_password")
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=COOKIE_SECONDS,
        path=reverse("choose_password"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@login_not_required
@never_cache
@sensitive_post_parameters("password", "again")
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest) -> HttpResponse:
    """GET shows the form, POST sets the password and lets its owner in. Without a link that opens there is nothing here (404)."""
    now = timezone.now()
    secret = request.COOKIES.get(COOKIE, "")
    link = find_link(secret, now)
    form = ChoosePasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = use_link(secret=secret, password=form.cleaned_data["password"], at=now)
        except PasswordTooWeak as weak:
            form.add_error("password", weak.problems)
        else:
            return come_in(request, user, "Your password is set", "Sign in with it and your second factor.")
    return render(request, "people/choose_password.html", {"form": form, "link": link}, status=422 if form.errors else 200)


def come_in(request: HttpRequest, user: User, done: str, sign_in: str) -> HttpResponse:
    """The link is spent. Signed in at once and led to the second factor; an account that kept its own has to show it first, at the front door."""
    if has_second_factor(user):
        messages.info(request, f"{done}. {sign_in}")
        answer = redirect("account_login")
    else:
        login(request, user, backend=BACKEND)
        UserSession.objects.create_from_request(request)
        messages.info(request, f"{done} and you are signed in.")
        answer = redirect("people:factors")
    answer.delete_cookie(COOKIE, path=reverse("choose_password"), samesite="Lax")
    return answer
