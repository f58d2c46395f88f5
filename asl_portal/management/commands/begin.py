"""What a start leaves behind it: an open log, seeded or empty, and one-time links for whoever never chose a password."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from asl_portal.embedded.datafolder import write_private
from ledger.services import current_log
from people.models import User
from people.queries import roles_of
from people.services import first_administrator_link, persona_link
from people.words import Role


class Command(BaseCommand):
    help = "Open the log if it is not open (the seeded board, or with --empty a production log) and make the first sign-in links."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--empty", action="store_true", help="begin a production log, without the seeded board")
        parser.add_argument("--report", type=Path, help="write what was done, and the links, to this file, readable by you alone")

    def handle(self, *args: Any, **options: Any) -> None:
        done = self._open(empty=options["empty"])
        made = links(timezone.now())
        if options["report"]:
            write_private(options["report"], json.dumps({"done": done, "links": made}))
            return
        self.stdout.write(done)
        for link in made:
            self.stdout.write(f"{link['who']}: {link['url']}")

    def _open(self, *, empty: bool) -> str:
        log = current_log()
        if log is None:
            call_command(*(("open_log", "--mode", "production") if empty else ("seed_demo",)))
            return "production log opened" if empty else "demo log opened, board seeded"
        if log.mode == "demo" and empty:
            raise CommandError("This database holds a demo log, and a log is never both. Begin elsewhere: ./portal up --empty --data DIR")
        return f"{log.mode} log found"


def links(at: datetime) -> list[dict[str, str]]:
    """A link for each account that never chose a password; in a production log only its administrators come in this way."""
    log = current_log()
    made = []
    for user in User.objects.filter(is_active=True, credential_changed_at=None).select_related("person").order_by("person__name", "id"):
        roles = roles_of(user.person, at)
        if log is not None and log.mode == "demo":
            _, secret = persona_link(user=user, at=at)
        elif roles == {Role.ADMINISTRATOR}:
            _, secret = first_administrator_link(user=user, at=at)
        else:
            continue
        held = ", ".join(role.label for role in Role if role in roles)
        made.append(
            {
                "who": f"{user.person.name}, {held}" if held else user.person.name,
                "url": settings.PUBLIC_URL + reverse("sign_in_link", args=[secret]),
            }
        )
    return made
