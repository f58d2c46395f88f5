"""How is the portal? Every precondition with its state, each failure with its mend."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from asl_portal.diagnosis import BAD, GOOD, WARNING, examine

WORDS = {GOOD: "ok", WARNING: "warning", BAD: "FAILED"}


class Command(BaseCommand):
    help = "Ask for every precondition of a healthy portal; exit 1 if one fails."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        answers = examine()
        for answer in answers:
            self.stdout.write(f"{WORDS[answer.state]:<8} {answer.name}: {answer.found}")
            if answer.state != GOOD and answer.mend:
                self.stdout.write(f"{'':<8} {answer.mend}")
        failed = sum(answer.state == BAD for answer in answers)
        if failed:
            raise CommandError(f"{failed} of {len(answers)} do not hold.")
