"""What is answered when nothing else can be: no database, no session, no frame is asked for, and no word of what broke leaves the log."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

from people.refusal_pages import asks_as_program, problem

# About as long as a database takes to start again.
TRY_AGAIN_SECONDS = 30


def failed(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: 503 where the database is away, 500 for all else."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _away(request)
    if asks_as_program(request):
        return problem(500)
    return _page("500.html", 500)


def _away(request: HttpRequest) -> HttpResponse:
    if asks_as_program(request):
        answer: HttpResponse = problem(
            503,
            code="database_away",
            title="The portal's database does not answer, so nothing was answered and nothing was done.",
            what_to_do=f"Ask again in {TRY_AGAIN_SECONDS} seconds. No answer is not a yes.",
        )
    else:
        answer = _page("503.html", 503)
    answer.headers["Retry-After"] = str(TRY_AGAIN_SECONDS)
    return answer


def _page(name: str, status: int) -> HttpResponse:
    return HttpResponse(loader.get_template(name).render(), status=status)
