"""Django's own, and the rights on what it made: without them the application could not read a new table, and every page that needs it would fail."""

from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connection

from ledger.models import APPEND_ONLY_TABLES


class Command(migrate.Command):
    help = "Bring the database to what this version needs, and give the application's role its rights on it."

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        only_looks = options["plan"] or options["check_unapplied"]
        # On the way back to nothing there is no record to keep out of reach.
        if not only_looks and set(APPEND_ONLY_TABLES) <= set(connection.introspection.table_names()):
            call_command("grant_app_role", verbosity=options["verbosity"])
