"""Triggers that refuse to change or take away what the ledger holds.

They work on rows: TRUNCATE stays possible for the tables' owner, since the clean-up of transactional tests needs it and the application's role
has no such right. One change is let through: the owner of the tables may empty value and salt of a field, and nothing else.
"""

from django.db import migrations

TABLES = ("ledger_log", "ledger_entry", "ledger_ledgerfield", "ledger_node", "ledger_checkpoint", "ledger_verification")

FUNCTIONS = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION ledger_refuse_unless_purge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner oid := (SELECT relowner FROM pg_class WHERE oid = TG_RELID);
BEGIN
    IF pg_has_role(current_user, owner, 'USAGE')
        AND OLD.text IS NOT NULL AND NEW.text IS NULL AND NEW.salt IS NULL
        AND (NEW.id, NEW.entry_id, NEW.path, NEW.field_class, NEW.hash) = (OLD.id, OLD.entry_id, OLD.path, OLD.field_class, OLD.hash)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The ledger is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

DROP_FUNCTIONS = "DROP FUNCTION ledger_refuse_unless_purge(); DROP FUNCTION ledger_refuse_change();"


def _trigger(name: str, events: str, table: str, function: str = "ledger_refuse_change") -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();",
        f"DROP TRIGGER {name} ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        *(_trigger("ledger_append_only", "UPDATE OR DELETE", table) for table in TABLES if table != "ledger_ledgerfield"),
        _trigger("ledger_append_only", "DELETE", "ledger_ledgerfield"),
        _trigger("ledger_purge_only", "UPDATE", "ledger_ledgerfield", "ledger_refuse_unless_purge"),
        _trigger("ledger_head_stays", "DELETE", "ledger_head"),
    ]
