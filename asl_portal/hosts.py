"""One name for the portal: passkeys and cookies belong to `localhost`, not to its addresses."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

LOOPBACK = {"127.0.0.1", "[::1]"}


class LoopbackToLocalhost:
    """Middleware: a page asked for by loopback address is sent to the same page under the portal's public name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host = request.get_host()
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        public = urlsplit(settings.PUBLIC_URL)
        asks_a_page = request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("Accept", "")
        if asks_a_page and public.hostname == "localhost" and (name or host) in LOOPBACK and int(port or 80) == (public.port or 80):
            return HttpResponseRedirect(settings.PUBLIC_URL + request.get_full_path())
        return self.get_response(request)
