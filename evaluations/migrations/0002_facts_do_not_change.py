"""The database itself refuses to change or remove what was received, read, computed or judged.

A row with a ledger sequence number of its own is filled in once, inside the transaction that makes its entry, and is sealed from then on.
Row triggers only: a truncate trigger would break the clean-up of transactional tests.
"""

from django.db import migrations

NEVER = ("blob", "run", "measurement", "document")
ONCE_SEALED = (
    "parseattempt",
    "assessment",
    "judgement",
    "supersession",
    "standingrequirement",
    "announcedrun",
    "dossier",
    "admission",
    "coverage",
)

FUNCTIONS = """
CREATE FUNCTION evaluations_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never changed: write a row that supersedes it', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION evaluations_refuse_change_once_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seq IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is never changed: write a row that supersedes it', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION evaluations_refuse_rebinding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.confirmed_seq IS NULL
        AND (NEW.indicator, NEW.family, NEW.task, NEW.task_version, NEW.scorer, NEW.metric, NEW.reducer, NEW.filter, NEW."group", NEW.proposed_by_id)
        IS NOT DISTINCT FROM
            (OLD.indicator, OLD.family, OLD.task, OLD.task_version, OLD.scorer, OLD.metric, OLD.reducer, OLD.filter, OLD."group", OLD.proposed_by_id)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a binding is never changed: propose another' USING ERRCODE = 'restrict_violation';
END $$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION evaluations_refuse_change();
DROP FUNCTION evaluations_refuse_change_once_sealed();
DROP FUNCTION evaluations_refuse_rebinding();
"""


def _guard(table: str, function: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON evaluations_{table} FOR EACH ROW EXECUTE FUNCTION {function}();",
        f"DROP TRIGGER {table}_stays ON evaluations_{table};",
    )


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        *(_guard(table, "evaluations_refuse_change") for table in NEVER),
        *(_guard(table, "evaluations_refuse_change_once_sealed") for table in ONCE_SEALED),
        _guard("binding", "evaluations_refuse_rebinding"),
    ]
