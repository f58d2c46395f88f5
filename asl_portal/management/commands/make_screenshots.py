"""`./portal manage make_screenshots`: the pictures of the README, taken from the running demonstration. Needs requirements-dev.txt and a Chromium."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from playwright.sync_api import sync_playwright

from asl_portal.embedded.browser import find_browser
from ledger.services import current_log
from people.models import User
from people.services import persona_link, release_persona, use_link

PERSONA = "chloe@northbridge.example"
# name, address, theme, height of the picture
PICTURES = (
    ("portfolio", "/portfolio/", "light", 560),
    ("subject", "/subjects/heron-3/", "light", 1250),
    ("case", "/cases/3/", "light", 1250),
    ("case-dark", "/cases/3/", "dark", 1250),
    ("gate", "/gate/?subject=heron-3&scope=external", "light", 900),
)
WIDTH = 1280


class Command(BaseCommand):
    help = "Take the README's pictures of a running demonstration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default=settings.PUBLIC_URL, help="where the portal runs")
        parser.add_argument("--into", type=Path, default=settings.BASE_DIR / "docs" / "images")

    def handle(self, *args: Any, **options: Any) -> None:
        log = current_log()
        if log is None or log.mode != "demo":
            raise CommandError("Pictures are taken of a demonstration only, never of real records.")
        user = User.objects.get(email=PERSONA)
        password = secrets.token_urlsafe(24)
        _, link = persona_link(user=user, at=timezone.now())
        use_link(secret=link, password=password, at=timezone.now())
        try:
            self._take(options["address"], options["into"], password)
        finally:
            release_persona(user=user, at=timezone.now())

    def _take(self, address: str, into: Path, password: str) -> None:
        into.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
            for name, path, theme, height in PICTURES:
                context = browser.new_context(viewport={"width": WIDTH, "height": height}, color_scheme=theme)  # type: ignore[arg-type]
                page = context.new_page()
                page.goto(f"{address}/accounts/login/?next={path.replace('&', '%26')}")
                page.fill("[name=login]", PERSONA)
                page.fill("[name=password]", password)
                page.click("main button")
                page.wait_for_url(f"**{path}")
                page.goto(f"{address}{path}")
                page.screenshot(path=into / f"{name}.png")
                self.stdout.write(f"{into / name}.png")
                context.close()
            browser.close()
