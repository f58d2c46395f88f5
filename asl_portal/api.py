"""The API at `/api/v1/`: each room brings a router in its `api.py`. Errors are problem documents (RFC 9457), lists are paged by cursor."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja.constants import NOT_SET
from ninja.errors import AuthenticationError, HttpError, ValidationError

from asl_portal.openapi import DescribedAPI
from ledger.refusals import NotAllowed, Refusal
from people.api_auth import RoleMissing, ScopeMissing, TokenAuth
from people.attempts import enter_refusal
from people.limits import TooManyRequests
from people.queries import Actor
from people.refusal_pages import problem
from people.words import Scope

ROOMS = ("evaluations", "frameworks", "reviews", "ledger")

api = DescribedAPI(
    title="ASL portal",
    version="1",
    description=(
        "Upload evaluations, read what they support, ask the gate. Every call carries `Authorization: Bearer asl_…`; a token is made on one's own "
        "page and holds only the scopes it was given. Numbers of a result travel as decimal text. Times carry an offset; a bare date means the end "
        "of that day in UTC. Errors are `application/problem+json` with a stable `code`."
    ),
    docs_url=None,
    urls_namespace="api",
)

# The record lies beneath the people who read it, so its router cannot name their tokens; every other operation names its own scope.
AUTH = {"ledger": TokenAuth(Scope.LEDGER_READ)}

for _room in ROOMS:
    if find_spec(f"{_room}.api") is not None:
        api.add_router("", import_module(f"{_room}.api").router, auth=AUTH.get(_room, NOT_SET))


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    _enter(request, refusal)
    answer = problem(refusal.status, code=refusal.code, title=refusal.sentence, what_to_do=refusal.what_to_do)
    if isinstance(refusal, TooManyRequests):
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _enter(request: HttpRequest, refusal: Refusal) -> None:
    """As on a page, sending is an attempt and looking is none; but a token that reaches beyond what it was given is on record either way."""
    actor: Actor | None = getattr(request, "actor", None)
    is_attempt = isinstance(refusal, NotAllowed) and (request.method == "POST" or isinstance(refusal, ScopeMissing | RoleMissing))
    if is_attempt and actor is not None:
        enter_refusal(refusal, kind="people:attempt:refused", thing=f"person:{actor.person.pk}", actor=actor.person, at=timezone.now())


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return problem(413, code="too_large", title=f"The body of a request holds at most {most} bytes, besides an uploaded file.")


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    answer = problem(
        401, code="token_not_valid", title="No valid API token came with this request.", what_to_do="Send Authorization: Bearer asl_…."
    )
    answer.headers["WWW-Authenticate"] = 'Bearer realm="asl-portal"'
    return answer


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Names the place and the fault; the value that was sent is not repeated."""
    if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
        # Nothing of it was read: to say that a field is missing would send its sender looking for the wrong thing.
        return problem(
            411,
            code="length_required",
            title="The body came in pieces, without saying how long it is, so it was not read.",
            what_to_do="Send it whole, with Content-Length.",
        )
    places = [".".join(str(part) for part in one["loc"]) + ": " + str(one["msg"]) for one in error.errors]
    return problem(422, code="request_not_valid", title="The request is not as the API describes it.", what_to_do="; ".join(places)[:1000])


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, Refusal):  # what the parser said of the body
        return _refused(request, error.__cause__)
    return problem(error.status_code, title=str(error))
