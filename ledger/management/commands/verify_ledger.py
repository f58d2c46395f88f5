import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger.services import record_verification, verify
from ledger.verification import steps


class Command(BaseCommand):
    help = "Recomputes every entry, field, tree node and checkpoint. Exit 0 when all fit, 1 with the first that does not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--record", action="store_true", help="keep the result, as the nightly run does; the gate asks the last one kept"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, record: bool, **options: Any) -> None:
        report = record_verification(at=timezone.now()) if record else verify()
        if options["json"]:
            self.stdout.write(json.dumps(report.document()))
        else:
            for line in steps(report):
                self.stdout.write(line)
        if report.misfit:
            raise CommandError(str(report.misfit), returncode=1)
