"""A refusal as an answer: a page for people, a part for htmx, a problem document for programs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from ledger.refusals import NotNow, NotValid, Refusal
from people.passkeys import PasskeyAsked

Made = TypeVar("Made")

API_ROOT = "/api/"
PROBLEM = "application/problem+json"


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """404, 403, 409 or 422 in the asker's own language."""
    if asks_as_program(request):
        return problem(refusal.status, code=refusal.code, title=refusal.sentence, what_to_do=refusal.what_to_do)
    # htmx swaps a 409 or a 422 into the region that asked; a whole page has no place there.
    template = "people/_refusal.html" if getattr(request, "htmx", False) else f"{refusal.status}.html"
    return render(request, template, {"refusal": refusal}, status=refusal.status)


def said_on(form: BaseForm, act: Callable[[], Made]) -> Made | None:
    """Does what the form asks for; what cannot be done now, or not as typed, is said on the form. "Not you" stays loud."""
    try:
        return act()
    except PasskeyAsked as asked:
        # Only forms that confirm an act are asked for a passkey.
        form.ask_passkey(asked)  # type: ignore[attr-defined]
        return None
    except (NotNow, NotValid) as refusal:
        form.add_error(None, " ".join(filter(None, (refusal.sentence, refusal.what_to_do))))
        return None


def asks_as_program(request: HttpRequest) -> bool:
    return request.path.startswith(API_ROOT)


def problem(status: int, *, code: str = "", title: str = "", what_to_do: str = "") -> JsonResponse:
    """An RFC 9457 problem document. `code` is stable; the sentences are for people and may change."""
    phrase = HTTPStatus(status).phrase
    document = {
        "type": "about:blank",
        "title": title or f"{phrase}.",
        "status": status,
        "code": code or phrase.lower().replace(" ", "_").replace("-", "_"),
    }
    if what_to_do:
        document["what_to_do"] = what_to_do
    return JsonResponse(document, status=status, content_type=PROBLEM)
