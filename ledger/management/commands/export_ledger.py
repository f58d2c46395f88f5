from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger.entry_format import CLASSES, INTERNAL, PUBLIC
from ledger.export import write_export
from ledger.services import LogNotOpened


class Command(BaseCommand):
    help = (
        "Writes the record to one zip file that verifies without the portal. Values of other classes than those named stand by their hash."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--classes", nargs="+", choices=CLASSES, default=[PUBLIC, INTERNAL], help="classes of values that go in")
        parser.add_argument("--replace", action="store_true", help="overwrite the file if it is there")

    def handle(self, *args: Any, file: Path, classes: list[str], replace: bool, **options: Any) -> None:
        if file.exists() and not replace:
            raise CommandError(f"{file} is there already; name another file or add --replace.")
        try:
            made = write_export(file, classes=classes, actor=None, at=timezone.now())
        except LogNotOpened as refusal:
            raise CommandError(refusal.sentence) from None
        self.stdout.write(f"Wrote {made.size} entries to {file} (sha256 {made.sha256}).")
        self.stdout.write("Whoever receives it runs: python3 verify_export.py FILE --key VERIFIER_KEY")
