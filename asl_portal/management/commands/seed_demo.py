"""`./portal manage seed_demo`: opens a demo log and builds its small world. Never beside anything else."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from asl_portal.demo.world import build_world
from ledger.services import current_log


class Command(BaseCommand):
    help = "Open a demo log and build a small world in it, through the same verbs people use."

    def handle(self, *args: Any, **options: Any) -> None:
        if current_log() is not None:
            raise CommandError("This database has a ledger already; a world is built only in an empty one.")
        build_world(timezone.now())
        self.stdout.write("demo world built")
