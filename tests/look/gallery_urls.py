"""The portal's addresses and one more, where the tests look at every component."""

from pathlib import Path
from types import SimpleNamespace

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from asl_portal import theme
from asl_portal.context import HeadLine, NavItem
from asl_portal.urls import urlpatterns as portal_addresses
from tests.look.sample import DIGEST, gallery

PAGE = Path(__file__).parent / "templates" / "gallery.html"


def frame(request: HttpRequest) -> SimpleNamespace:
    titles = ("Waiting on me", "Portfolio", "Cases", "Uploads", "Safeguards", "Frameworks", "Gate", "Ledger")
    nav = [NavItem(title, "#", count=3 if index == 0 else 0, current=index == 1) for index, title in enumerate(titles)]
    return SimpleNamespace(
        theme=theme.chosen(request),
        signed_in=True,
        demo=True,
        name="Ben Okafor",
        roles=["Reviewer"],
        account_links=[NavItem("Your account", "#")],
        nav=nav,
        head=HeadLine(1042, DIGEST),
    )


@login_not_required
def show(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string(PAGE.read_text())
    return HttpResponse(template.render({**gallery(), "portal": frame(request)}, request))


urlpatterns = [path("gallery/", show, name="gallery"), *portal_addresses]
