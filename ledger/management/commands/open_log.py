from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger.models import Log
from ledger.services import LogAlreadyOpened, open_log


class Command(BaseCommand):
    help = "Opens the ledger, once and for good, as a demo or as a production log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mode", choices=Log.Mode.values, required=True)

    def handle(self, *args: Any, mode: str, **options: Any) -> None:
        try:
            log = open_log(mode=mode, at=timezone.now())
        except LogAlreadyOpened as refusal:
            raise CommandError(refusal.sentence) from None
        self.stdout.write(f"Opened the {log.mode} log {log.pk}.")
