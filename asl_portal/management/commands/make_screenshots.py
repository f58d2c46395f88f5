"""`./portal manage make_screenshots`: the pictures of the README and the guides, from the running demonstration. Needs requirements-dev.txt and a
Chromium."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from asl_portal.embedded.browser import find_browser
from ledger.services import current_log
from people.models import User
from people.services import persona_link, release_persona, use_link


class Picture(NamedTuple):
    name: str
    persona: str
    path: str
    height: int
    theme: str = "light"


# Of one persona beside each other, so that each signs in once.
PICTURES = (
    Picture("portfolio", "chloe", "/portfolio/", 560),
    Picture("subject", "chloe", "/subjects/heron-3/", 1250),
    Picture("case", "chloe", "/cases/3/", 1250),
    Picture("case-dark", "chloe", "/cases/3/", 1250, "dark"),
    Picture("gate", "chloe", "/gate/?subject=heron-3&scope=external", 900),
    Picture("guide-researcher", "ada", "/uploads/new/", 800),
    Picture("guide-chair", "dan", "/inbox/", 700),
    Picture("guide-safeguard-owner", "farid", "/safeguards/", 700),
    Picture("guide-auditor", "hana", "/ledger/", 700),
    Picture("guide-administrator", "ivo", "/people/", 700),
    Picture("guide-outside-evaluator", "lena", "/dossiers/", 420),
    Picture("guide-papers", "farid", "/subjects/kestrel-1/papers/", 900),
)
WIDTH = 1280
# Pages have few colours: a palette of this many cannot be told from the original and takes a third of its bytes.
COLOURS = 128


class Command(BaseCommand):
    help = "Take the pictures of the README and the guides from a running demonstration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default=settings.PUBLIC_URL, help="where the portal runs")
        parser.add_argument("--into", type=Path, default=settings.BASE_DIR / "docs" / "images")

    def handle(self, *args: Any, **options: Any) -> None:
        log = current_log()
        if log is None or log.mode != "demo":
            raise CommandError("Pictures are taken of a demonstration only, never of real records.")
        address, into = options["address"], options["into"]
        into.mkdir(parents=True, exist_ok=True)
        personas = {picture.persona for picture in PICTURES}
        # Passwords first: inside Playwright's loop Django lets nobody near the database.
        with ExitStack() as taken:
            logins = {persona: taken.enter_context(_password_of(f"{persona}@northbridge.example")) for persona in sorted(personas)}
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
                for persona, wanted in groupby(PICTURES, key=lambda picture: picture.persona):
                    self._take(browser, address, into, login=logins[persona], pictures=list(wanted))
                browser.close()

    def _take(self, browser: Browser, address: str, into: Path, *, login: tuple[str, str], pictures: list[Picture]) -> None:
        for theme, wanted in groupby(pictures, key=lambda picture: picture.theme):
            context = browser.new_context(color_scheme=theme)
            page = context.new_page()
            _sign_in(page, address, *login)
            for picture in wanted:
                page.set_viewport_size({"width": WIDTH, "height": picture.height})
                page.goto(f"{address}{picture.path}")
                file = into / f"{picture.name}.png"
                page.screenshot(path=file)
                Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)
                self.stdout.write(str(file))
            context.close()


def _sign_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    page.click("main button")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


@contextmanager
def _password_of(email: str) -> Iterator[tuple[str, str]]:
    """A password for a persona nobody has taken yet, and afterwards none."""
    user, password = User.objects.get(email=email), secrets.token_urlsafe(24)
    if user.has_usable_password():
        raise CommandError(f"{email} is in somebody's use; take the pictures of a demonstration where nobody has chosen a password yet.")
    _, link = persona_link(user=user, at=timezone.now())
    use_link(secret=link, password=password, at=timezone.now())
    try:
        yield email, password
    finally:
        release_persona(user=user, at=timezone.now())
