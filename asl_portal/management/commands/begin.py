"""What happens once, on the first start: the log is opened, seeded or empty; and sign-in links for whoever has no password yet."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.services import current_log


class Command(BaseCommand):
    help = "Open the log if it is not open (the seeded board, or with --empty a production log) and make the first sign-in links."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--empty", action="store_true", help="begin a production log, without the seeded board")
        parser.add_argument("--links-file", type=Path, help="write the one-time links here, readable by you alone")

    def handle(self, *args: Any, **options: Any) -> None:
        log = current_log()
        if log is not None and log.mode == "demo" and options["empty"]:
            raise CommandError("This database holds a demo log, and a log is never both. Begin elsewhere: ./portal up --empty --data DIR")
        if log is None:
            call_command(*(("open_log", "--mode", "production") if options["empty"] else ("seed_demo",)))
