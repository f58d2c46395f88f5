"""Who may come as far as a view at all.

Everything asks for a session (LoginRequiredMiddleware) and for a role in force (MembersOnlyMiddleware) unless the view says otherwise,
here or with Django's `login_not_required`. `tests/doors/rows.py` lists every door and who finds it open.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from people.models import User
from people.queries import Actor

View = Callable[..., HttpResponse]


class MemberRequest(HttpRequest):
    """A request behind the doors: somebody is signed in, and `actor` says what they hold now."""

    actor: Actor
    user: User
    htmx: HtmxDetails


def open_without_role(view: View) -> View:
    """Marks a view that somebody signed in may reach while they hold no role: their own page, the way out."""

    @wraps(view)
    def opened(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return view(request, *args, **kwargs)

    opened.open_without_role = True  # type: ignore[attr-defined]
    return opened
