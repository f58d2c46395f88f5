"""The news feed behind an address of one's own. The address holds the key, for feed readers send no other."""

from hashlib import sha256

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from ledger.refusals import NotKnown
from ledger.services import current_log
from people.policies import require
from people.queries import actor_of
from people.services.tokens import find_token
from people.words import Scope
from reviews import policies
from reviews.feed import CONTENT_TYPE, atom


# Open: a feed reader has no session. The key is a token that reads the feed and nothing else; any other, a stronger one too, opens nothing here.
@login_not_required
@require_safe
@sensitive_variables("secret")
def news(request: HttpRequest, secret: str) -> HttpResponse:
    """What its person may know of at this moment. An address that was revoked, has run out or never was is not known (404)."""
    now = timezone.now()
    token = find_token(secret, now)
    log = current_log()
    if token is None or token.scopes != [Scope.FEED_READ] or log is None:
        raise NotKnown
    actor = actor_of(token.person, now)
    require(policies.may_see_board(actor))
    content = atom(actor, log=log, at=now)
    return unchanged_or(request, HttpResponse(content, content_type=CONTENT_TYPE))


def unchanged_or(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer, or 304 to whoever has it already. No cache between may keep it: it is one person's."""
    response.headers["ETag"] = f'"{sha256(response.content).hexdigest()[:32]}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    return get_conditional_response(request, etag=response.headers["ETag"], response=response) or response
