"""`replay [--subject SLUG]`: recomputes every stored answer; exit 1 and the difference on any mismatch."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evaluations.models import Subject
from evaluations.replay import Replayed, checks, told


class Command(BaseCommand):
    help = (
        "Recomputes every stored assessment and gate answer from its stored inputs and collects the inputs again; exit 1 on any mismatch."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subject", help="only this subject, by slug")

    def handle(self, *args: Any, **options: Any) -> None:
        subject = self._subject(options["subject"])
        differences, counts = 0, list[str]()
        for name, check in checks().items():
            replayed = Replayed()
            for difference in check(subject, replayed):
                differences += 1
                self.stderr.write(str(difference))
            self.stdout.write(f"{name}: {replayed.count} replayed")
            counts.append(f"{replayed.count} {told(name)}")
        if differences:
            raise CommandError(f"{differences} stored answers do not come out again.", returncode=1)
        self.stdout.write(f"Every stored answer came out again, byte for byte: {' and '.join(counts)}.")

    def _subject(self, slug: str | None) -> Subject | None:
        if slug is None:
            return None
        found = Subject.objects.filter(slug=slug).first()
        if found is None:
            raise CommandError(f"There is no subject {slug}.")
        return found
