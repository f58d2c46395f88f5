"""The database itself refuses to change what was loaded, to take an adoption back, or to move the day an indicator was registered.

Row triggers only: a truncate trigger would break the clean-up of transactional tests.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION frameworks_refuse_change_of_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (NEW.id, NEW.name, NEW.version, NEW.revision, NEW.digest, NEW.source_bytes, NEW.canonical_bytes, NEW.effective_date, NEW.loaded_at)
        IS NOT DISTINCT FROM
            (OLD.id, OLD.name, OLD.version, OLD.revision, OLD.digest, OLD.source_bytes, OLD.canonical_bytes, OLD.effective_date, OLD.loaded_at)
        AND (OLD.adopted_seq IS NULL
            OR (NEW.adopted_seq, NEW.adopted_at, NEW.proposed_id, NEW.confirmed_id, NEW.predecessor_id)
            IS NOT DISTINCT FROM (OLD.adopted_seq, OLD.adopted_at, OLD.proposed_id, OLD.confirmed_id, OLD.predecessor_id))
        AND (OLD.status, NEW.status) IN
            (('draft', 'draft'), ('draft', 'adopted'), ('adopted', 'adopted'), ('adopted', 'superseded'))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a framework version is never changed: load another revision' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION frameworks_refuse_change_of_indicator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.registered_seq IS NULL
        AND (NEW.id, NEW.slug, NEW.digest, NEW.document, NEW.loaded_at) IS NOT DISTINCT FROM (OLD.id, OLD.slug, OLD.digest, OLD.document, OLD.loaded_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an indicator version is never changed: write another' USING ERRCODE = 'restrict_violation';
END $$;
"""

DROP_FUNCTIONS = "DROP FUNCTION frameworks_refuse_change_of_version(); DROP FUNCTION frameworks_refuse_change_of_indicator();"


def _guard(table: str, function: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON frameworks_{table} FOR EACH ROW EXECUTE FUNCTION {function}();",
        f"DROP TRIGGER {table}_stays ON frameworks_{table};",
    )


class Migration(migrations.Migration):
    dependencies = [("frameworks", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        _guard("frameworkversion", "frameworks_refuse_change_of_version"),
        _guard("indicatorversion", "frameworks_refuse_change_of_indicator"),
    ]
