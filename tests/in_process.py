"""A browser whose every request is answered in the test's own thread by Django's test client: no server, no thread, so that it sees a world that
stands in a transaction which is rolled back. For pages that only show; what a click changes is tested against a live server."""

from contextvars import Context, copy_context
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client
from playwright.sync_api import BrowserContext, Request, Route

ORIGIN = "http://localhost"
_MOVED = '<!doctype html><meta http-equiv="refresh" content="0;url={}"><title>Moved</title>'


def answer_in_process(context: BrowserContext, client: Client) -> None:
    """Every request of this context is answered by `client`, who may be signed in."""
    # Playwright calls back in a context of its own, where Django would open another connection and not see the test's world.
    here = copy_context()
    context.route("**/*", lambda route: _answer(route, client, here))


def _answer(route: Route, client: Client, here: Context) -> None:
    request = route.request
    address = urlsplit(request.url)
    if f"{address.scheme}://{address.netloc}" != ORIGIN:
        route.abort()
        return
    response = here.run(_ask, client, request, request.url)
    body = response.getvalue() if response.streaming else response.content
    headers = {name.lower(): value for name, value in response.headers.items()}
    if "location" in headers and request.is_navigation_request():
        # The browser would follow a redirect past this route, so the page it gets moves on by itself.
        route.fulfill(status=200, content_type="text/html", body=_MOVED.format(headers["location"]))
    else:
        route.fulfill(status=response.status_code, headers=headers, body=body)


def _ask(client: Client, request: Request, url: str) -> Any:
    address = urlsplit(url)
    given = {name: value for name, value in request.headers.items() if name not in ("host", "cookie", "content-type", "content-length")}
    response = client.generic(
        request.method,
        f"{address.path}{'?' if address.query else ''}{address.query}",
        data=request.post_data_buffer or b"",
        content_type=request.headers.get("content-type", "application/octet-stream"),
        headers=given,
    )
    if response.status_code in (301, 302, 303) and not request.is_navigation_request():
        return client.get(urljoin(address.path, response["Location"]), headers=given)
    return response
