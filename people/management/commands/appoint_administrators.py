"""`appoint_administrators "Name <address>" "Name <address>"`: the first two people of a portal that holds nobody yet."""

from email.utils import parseaddr
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from ledger.refusals import Refusal
from people.mail import link_address
from people.models import Person
from people.services import appoint_first_administrators, create_user, first_administrator_link, register_person


class Command(BaseCommand):
    help = "Appoints the first two administrators, each confirming the other, and prints a one-time sign-in link for each. Works once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "people", nargs=2, metavar="'NAME <ADDRESS>'", help="two different people; every later member is invited by them"
        )
        parser.add_argument("--affiliation", default="", help="where both work")

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            with transaction.atomic():
                first, second = (self._person(text, options["affiliation"]) for text in options["people"])
                appoint_first_administrators(first=first, second=second, at=at)
                links = [(person.name, first_administrator_link(user=person.user, at=at)[1]) for person in (first, second)]
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} {refusal.what_to_do}".strip()) from refusal
        for name, secret in links:
            self.stdout.write(f"{name}: {link_address(secret)}")

    def _person(self, text: str, affiliation: str) -> Person:
        name, address = parseaddr(text)
        person = register_person(name=name, affiliation=affiliation, at=timezone.now())
        create_user(person=person, email=address, at=timezone.now())
        return person
