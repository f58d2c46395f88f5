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
        failed, warned = (sum(answer.state == state for answer in answers) for state in (BAD, WARNING))
        if failed:
            raise CommandError(f"{failed} of {len(answers)} do not hold.")
        self.stdout.write(f"\n{len(answers)} asked: {f'{warned} with a warning' if warned else 'all well'}.")
