"""`sign_in_link USER`: another one-time link, printed for whoever holds the shell."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger.refusals import Refusal
from ledger.services import current_log
from people.mail import link_address
from people.models import User
from people.services import first_administrator_link, persona_link


class Command(BaseCommand):
    help = "Prints a one-time link that opens 'choose a password': for anyone in a demo log, for a first administrator otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the e-mail address of the account")

    def handle(self, *args: Any, **options: Any) -> str:
        user = User.objects.filter(email=options["user"].lower()).first()
        if user is None:
            raise CommandError(f"No account signs in as {options['user']}.")
        log = current_log()
        make = persona_link if log is not None and log.mode == "demo" else first_administrator_link
        try:
            _, secret = make(user=user, at=timezone.now())
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} {refusal.what_to_do}".strip()) from refusal
        return link_address(secret)
