"""What the application's own database role can and cannot do; every refusal stands beside what it may."""

import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError, ProgrammingError

from ledger import delivery, services
from ledger.models import APPEND_ONLY_TABLES, UPDATE_ONLY_TABLES
from ledger.notary import Notary
from tests.makers import NOON, make_log

ROLE = "asl_tests_app"


@pytest.fixture
def as_app(db, settings):
    """Goes on as the application's role, with the rights the portal gives it; the role goes with the test."""
    make_log()
    _append(recipe="lime")
    settings.DATABASE_APP_ROLE = ROLE
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        call_command("grant_app_role")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        yield cursor
        cursor.execute("RESET ROLE")


def _append(**fields):
    return services.append(kind="tests:stone:laid", thing=f"stone:{uuid.UUID(int=7)}", actor=None, at=NOON, fields=fields)


def test_the_applications_role_appends_delivers_verifies_and_signs(as_app, tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr(delivery, "_consumers", {})
    delivery.consumer("tests.stones", kinds=("tests:stone:laid",))(lambda entry: heard.append(entry.seq))
    _append(recipe="sand")
    delivery.run_pending(at=NOON)
    assert heard == [1, 2]
    Notary(tmp_path / "key").sign(at=NOON + timedelta(seconds=1))
    report = services.record_verification(at=NOON)
    assert (report.sound, report.checkpoints) == (True, 1)


@pytest.mark.parametrize("table", [*APPEND_ONLY_TABLES, *UPDATE_ONLY_TABLES])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "ALTER TABLE {} DISABLE TRIGGER ALL", "DROP TABLE {} CASCADE"])
def test_it_takes_nothing_away_and_lifts_no_guard(as_app, table, act):
    as_app.execute(f"SELECT count(*) FROM {table}")
    with pytest.raises(DatabaseError), transaction.atomic():
        as_app.execute(act.format(table))


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_it_changes_nothing(as_app, table):
    column = {"ledger_node": "place", "ledger_entry": "seq"}.get(table, "id")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        as_app.execute(f"UPDATE {table} SET {column} = {column}")


def test_it_cannot_purge_and_the_owner_can(as_app):
    purge = {"seq": 1, "path": "recipe", "reason": services.PurgeReason.ERASURE_REQUEST, "actor": None, "at": NOON}
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        services.purge(**purge)
    as_app.execute("RESET ROLE")
    services.purge(**purge)
    assert services.verify().purged == 1


def test_not_even_a_role_with_the_right_to_update_may_purge_unless_it_owns_the_table(as_app):
    as_app.execute("RESET ROLE")
    as_app.execute(f"GRANT UPDATE ON ledger_ledgerfield TO {ROLE}")
    as_app.execute(f"SET LOCAL ROLE {ROLE}")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        as_app.execute("UPDATE ledger_ledgerfield SET text = NULL, salt = NULL")


def test_the_owner_can_empty_a_field_and_change_nothing_else(as_app):
    as_app.execute("RESET ROLE")
    for change in (
        "text = '1'",
        "path = 'a'",
        "text = NULL, salt = NULL, field_class = 'public'",
        "text = NULL, salt = NULL, hash = sha256('')",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            as_app.execute(f"UPDATE ledger_ledgerfield SET {change} WHERE entry_id = 1")
    as_app.execute("UPDATE ledger_ledgerfield SET text = NULL, salt = NULL WHERE entry_id = 1")
    assert as_app.rowcount == 1
