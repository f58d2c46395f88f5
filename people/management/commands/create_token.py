"""`create_token USER --scope … --days N`: an API token, shown once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger.refusals import Refusal
from people.models import User
from people.services import create_token
from people.words import Scope


class Command(BaseCommand):
    help = "Makes an API token that acts as one person, and prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the e-mail address of the account it acts as")
        parser.add_argument("--scope", action="append", required=True, choices=Scope.values, help="may be given several times")
        parser.add_argument("--days", type=int, default=90, help="how long it lives (90)")
        parser.add_argument("--label", default="made on the command line", help="what will use it")

    def handle(self, *args: Any, **options: Any) -> str:
        user = User.objects.filter(email=options["user"].lower()).first()
        if user is None:
            raise CommandError(f"No account signs in as {options['user']}.")
        try:
            _, text = create_token(
                person=user.person, scopes=options["scope"], days=options["days"], label=options["label"], at=timezone.now()
            )
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} {refusal.what_to_do}".strip()) from refusal
        return text
