from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from asl_portal.backup.restore import restore_backup
from ledger.refusals import Refusal


class Command(BaseCommand):
    help = "Brings a backup back into an empty system, and verifies it: digests, ledger, uploaded bytes, a sample of stored answers."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            done = restore_backup(file, at=timezone.now(), say=lambda line: self.stdout.write(f"  {line}"))
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} {refusal.what_to_do}".strip()) from refusal
        self.stdout.write(
            f"Restored {file} (sha256 {done.sha256}), {done.ledger_size} entries of the ledger and {done.blobs} uploaded files."
        )
        self.stdout.write("Sessions are not kept: everyone signs in anew. Put the signer's key beside it before the signer starts.")
