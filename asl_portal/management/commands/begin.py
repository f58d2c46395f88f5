"""What a start leaves behind it: an open log, seeded or empty, and one-time links for whoever never chose a password."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from asl_portal.embedded.datafolder import write_private
from ledger.services import current_log
from people.mail import link_address
from people.models import User
from people.queries import roles_of
from people.services import first_administrator_link, persona_link
from people.words import Role

APPOINT = "appoint its first two administrators: ./portal manage appoint_administrators 'NAME <ADDRESS>' 'NAME <ADDRESS>'"


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
        if log is None and empty:
            call_command("open_log", mode="production")
            return f"production log opened; {APPOINT}"
        if log is None:
            # Half a world would be found, and kept, by the next start.
            with transaction.atomic():
                call_command("seed_demo")
            return "demo log opened, board seeded"
        if log.mode == "demo" and empty:
            raise CommandError("This database holds a demo log, and a log is never both. Begin elsewhere: ./portal up --empty --data DIR")
        return f"{log.mode} log found" if User.objects.exists() else f"{log.mode} log found; {APPOINT}"


def links(at: datetime) -> list[dict[str, str]]:
    """A link for each account without a password of its own; in a production log only its administrators come in this way."""
    log = current_log()
    made = []
    for user, roles in _without_password(at):
        if log is not None and log.mode == "demo":
            _, secret = persona_link(user=user, at=at)
        elif roles == {Role.ADMINISTRATOR} and user.credential_changed_at is None:
            _, secret = first_administrator_link(user=user, at=at)
        else:
            continue
        held = ", ".join(role.label for role in Role if role in roles)
        made.append({"who": f"{user.person.name}, {held}" if held else user.person.name, "url": link_address(secret)})
    return made


def _without_password(at: datetime) -> list[tuple[User, frozenset[str]]]:
    """In the order in which the roles take their turn."""
    users = User.objects.filter(is_active=True).select_related("person").order_by("person__name", "id")
    held = [(user, roles_of(user.person, at)) for user in users if not user.has_usable_password()]
    order = list(Role)
    return sorted(held, key=lambda one: min((order.index(Role(role)) for role in one[1]), default=len(order)))
