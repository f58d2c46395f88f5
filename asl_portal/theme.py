"""The theme a person chose, kept in a cookie. Without a choice the page follows the system."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "asl_theme"
THEMES = frozenset({"light", "dark"})
A_YEAR = 365 * 24 * 3600


def chosen(request: HttpRequest) -> str:
    theme = request.COOKIES.get(COOKIE, "")
    return theme if theme in THEMES else ""


# Open: the sign-in page has the switch too, and the choice is nobody's secret.
@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keeps the choice and goes back to the page it was made on; anything but `light` or `dark` clears it."""
    back = request.POST.get("next", "/")
    here = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    answer = HttpResponseRedirect(back if here else "/")
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        answer.set_cookie(COOKIE, theme, max_age=A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure())
    else:
        answer.delete_cookie(COOKIE, samesite="Lax")
    return answer
