"""What stands before and behind every view: who acts, whether they belong, what a refusal looks like, which headers protect the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone

from ledger.refusals import NotAllowed, NotKnown, NotValid, Refusal
from people import refusal_pages
from people.attempts import enter_refusal
from people.queries import Actor, actor_of

__all__ = [
    "Actor",
    "ActorMiddleware",
    "ClosedByDefaultMiddleware",
    "HeadersMiddleware",
    "MembersOnlyMiddleware",
    "NulMiddleware",
    "PolicyMiddleware",
    "RefusalMiddleware",
]

GetResponse = Callable[[HttpRequest], HttpResponse]

# Nothing here needs a camera, a place or a payment; what is not listed stays the browser's default.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
)


class HeadersMiddleware:
    """Headers Django does not set itself. What a signed-in person reads is kept by no cache, shared or their own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if getattr(request, "actor", None) is not None:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class PolicyMiddleware(CSPMiddleware):
    """django-csp's own, with the policy written once for all: only an answer that asks for another, or for a nonce, has it built again."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self._usual = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        unusual = hasattr(request, "_csp_nonce") or any(name.startswith("_csp") for name in vars(response))
        if settings.DEBUG or unusual:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._usual)
        return response


class ActorMiddleware:
    """Sets `request.actor`: what the signed-in person holds at this moment, in one query; None for nobody.

    The API knows no sessions: there `people.api_auth.TokenAuth` sets the actor.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]
        if not refusal_pages.asks_as_program(request) and request.user.is_authenticated:
            request.actor = actor_of(request.user.person, timezone.now())  # type: ignore[attr-defined]
        return self.get_response(request)


class ClosedByDefaultMiddleware(LoginRequiredMiddleware):
    """Django's own, except that a program is never sent to a sign-in page: every call of the API asks for a token itself."""

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> HttpResponseBase | None:
        if refusal_pages.asks_as_program(request):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class MembersOnlyMiddleware:
    """To somebody signed in without any role, nothing exists but their own page and what is open to everybody."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> HttpResponse | None:
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        is_open = not getattr(view_func, "login_required", True) or getattr(view_func, "open_without_role", False)
        if actor is None or actor.belongs or is_open:
            return None
        return refusal_pages.answer(request, NotKnown())


class NulInAddress(NotValid):
    code = "nul_in_address"
    sentence = "This address holds the character NUL, which no name here has."
    what_to_do = "Take %00 out of the address."


class NulMiddleware:
    """PostgreSQL keeps no NUL, so an address with one names nothing: it is refused before any room looks for it. The API names the parameter itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> HttpResponse | None:
        if refusal_pages.asks_as_program(request):
            return None
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return refusal_pages.answer(request, NulInAddress())
        return None


class RefusalMiddleware:
    """Turns an uncaught refusal into its page. Programs get a problem document for every error, never a page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if refusal_pages.asks_as_program(request) and response.status_code >= 400 and is_page:
            return refusal_pages.problem(response.status_code)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        if actor is not None and request.method == "POST" and isinstance(exception, NotAllowed):
            thing = f"person:{actor.person.pk}"
            enter_refusal(exception, kind="people:attempt:refused", thing=thing, actor=actor.person, at=timezone.now())
        return refusal_pages.answer(request, exception)
