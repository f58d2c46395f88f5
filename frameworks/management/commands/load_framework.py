"""`load_framework FILE`: validates a framework document and stores it as a draft."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from frameworks.services import FrameworkRejected, load_framework
from ledger.refusals import Refusal


class Command(BaseCommand):
    help = "Validates a framework document and stores it as a draft. It has no effect until two people adopt it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a YAML document, such as frameworks/catalog/anthropic-rsp-2.2.yaml")

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            source = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        try:
            version = load_framework(source=source, actor=None, at=timezone.now())
        except FrameworkRejected as rejected:
            places = "\n".join(f"  {each.path or 'document'}: {each.message}" for each in rejected.problems)
            raise CommandError(f"{options['file']} is not a framework document:\n{places}") from rejected
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} {refusal.what_to_do}".strip()) from refusal
        return f"{version} is stored as {version.status}: {version.digest}"
