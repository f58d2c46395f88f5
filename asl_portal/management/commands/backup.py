from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from asl_portal.backup.make import BackupNotMade, make_backup


class Command(BaseCommand):
    help = "Writes the whole portal (database, uploaded bytes, frameworks, checkpoint) to one file, and reads it again to check it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", type=Path, metavar="FOLDER|FILE", help="a folder, or the file to write")

    def handle(self, *args: Any, target: Path, **options: Any) -> None:
        try:
            made = make_backup(target, at=timezone.now())
        except BackupNotMade as error:
            raise CommandError(f"No backup was made. {error}") from error
        self.stdout.write(f"Wrote {made.path} (sha256 {made.sha256}): {made.members} members, {made.blobs} of them uploaded files.")
        self.stdout.write(
            f"Read it again: every member has its digest, and the ledger's {made.ledger_size} entries give {made.ledger_root}."
        )
        self.stdout.write("It holds password and token hashes, as the database does: keep it as you keep the database. No key is in it.")
