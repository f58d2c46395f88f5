"""Two database roles: the application works on every table, and can only add to the record."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from asl_portal import diagnosis
from ledger.models import APPEND_ONLY_TABLES

pytestmark = pytest.mark.django_db

ROLE = "asl_app_of_the_tests"


@pytest.fixture
def app_role(settings: Any) -> str:
    """A role that is rolled back with the test."""
    settings.DATABASE_APP_ROLE = ROLE
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
    return ROLE


def _may(role: str, table: str, *rights: str) -> list[bool]:
    with connection.cursor() as cursor:
        return [_one(cursor, role, table, right) for right in rights]


def _one(cursor: Any, role: str, table: str, right: str) -> bool:
    cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, right])
    return bool(cursor.fetchone()[0])


def test_the_application_works_on_ordinary_tables_and_may_not_change_their_shape(app_role: str) -> None:
    call_command("grant_app_role")
    assert _may(app_role, "django_session", "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE") == [True, True, True, True, False]
    assert _may(app_role, "django_migrations", "SELECT", "INSERT", "UPDATE", "DELETE") == [True, False, False, False]


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_the_application_only_reads_and_adds_to_the_record(app_role: str, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON {table} TO {app_role}")  # whatever was granted before
    call_command("grant_app_role")
    assert _may(app_role, table, "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE") == [True, True, False, False, False]


def test_a_migration_alone_gives_the_application_its_rights_on_what_it_made(app_role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE made_by_a_new_version (id integer)")
    assert _may(app_role, "made_by_a_new_version", "SELECT", "INSERT") == [False, False]
    call_command("migrate", plan=True, verbosity=0)
    assert _may(app_role, "made_by_a_new_version", "SELECT", "INSERT") == [False, False]
    found = {answer.name: answer for answer in diagnosis._roles()}
    assert found["rights"].state == diagnosis.BAD and "grant_app_role" in found["rights"].mend
    call_command("migrate", verbosity=0)
    assert _may(app_role, "made_by_a_new_version", "SELECT", "INSERT", "UPDATE", "DELETE") == [True] * 4
    assert _may(app_role, APPEND_ONLY_TABLES[0], "INSERT", "UPDATE") == [True, False]
    assert "rights" not in {answer.name for answer in diagnosis._roles()}


def test_granting_twice_is_granting_once(app_role: str) -> None:
    call_command("grant_app_role")
    call_command("grant_app_role")
    assert _may(app_role, APPEND_ONLY_TABLES[0], "INSERT", "UPDATE") == [True, False]


def test_a_role_the_database_does_not_know_is_refused(settings: Any) -> None:
    settings.DATABASE_APP_ROLE = "nobody_made_this_one"
    with pytest.raises(CommandError, match="no role 'nobody_made_this_one'"):
        call_command("grant_app_role")


def test_one_role_for_both_is_said_aloud(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        settings.DATABASE_APP_ROLE = cursor.fetchone()[0]
    call_command("grant_app_role")
    assert "keep the two apart" in capsys.readouterr().out
