"""Give the application's database role what it needs to work, and keep the ledger out of its reach."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

from ledger.models import APPEND_ONLY_TABLES


class Command(BaseCommand):
    help = "Grant the role of DATABASE_URL its rights on every table; on append-only tables, to read and to add."

    def handle(self, *args: Any, **options: Any) -> None:
        role = settings.DATABASE_APP_ROLE
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
            owner, known = cursor.fetchone()
            if not role or role == owner:
                self._say(options, "One role owns the tables and works on them; set DATABASE_OWNER_URL to keep the two apart.")
                return
            if not known:
                raise CommandError(f"The database has no role {role!r}; create it first, then run this again.")
            for statement in _statements():
                cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role), tables=_tables(APPEND_ONLY_TABLES)))
        self._say(options, f"{role} may work on every table, and only read and add to {len(APPEND_ONLY_TABLES)} of them.")

    def _say(self, options: dict[str, Any], words: str) -> None:
        if options["verbosity"]:
            self.stdout.write(words)


def _statements() -> list[str]:
    return [
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
        "REVOKE UPDATE, DELETE, TRUNCATE ON {tables} FROM {role}",
    ]


def _tables(names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)
