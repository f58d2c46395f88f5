"""The database itself refuses to change or remove what people signed, decided or were told.

Of each row only the columns named may still be filled in, once: that it was replaced, struck, revoked, withdrawn or ended. Row triggers only: a truncate
trigger would break the clean-up of transactional tests.
"""

from django.db import migrations

MAY_STILL_BE_FILLED_IN = {
    "vote": ("replaced_at", "struck_at"),
    "signoff": ("revoked_at", "revoked_by_id", "revoked_why"),
    "determination": ("ended_at", "ended_why", "kept_for"),
    "safeguardsdecision": ("ended_at", "ended_why"),
    "releasedecision": ("ended_at", "ended_why"),
    "applicabilitystatement": ("replaced_at",),
    "applicabilityline": (),
    "implementationevidence": ("withdrawn_at",),
    "caserevision": (),
    "comment": (),
    "recusal": (),
    "gateanswer": (),
}

FUNCTION = """
CREATE FUNCTION reviews_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed text[] := COALESCE(TG_ARGV, '{}');
    name text;
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - allowed = to_jsonb(OLD) - allowed THEN
        FOREACH name IN ARRAY allowed LOOP
            -- Which later finding a determination was kept for moves on; everything else is filled in once.
            IF name <> 'kept_for' AND COALESCE(to_jsonb(OLD) ->> name, '') <> ''
                AND to_jsonb(OLD) -> name IS DISTINCT FROM to_jsonb(NEW) -> name THEN
                RAISE EXCEPTION '% of % is filled in once', name, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
            END IF;
        END LOOP;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is never changed: write a row that follows it', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def _guard(table: str, columns: tuple[str, ...]) -> migrations.RunSQL:
    arguments = ", ".join(f"'{column}'" for column in columns)
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON reviews_{table} FOR EACH ROW EXECUTE FUNCTION reviews_refuse_change({arguments});",
        f"DROP TRIGGER {table}_stays ON reviews_{table};",
    )


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION reviews_refuse_change();"),
        *(_guard(table, columns) for table, columns in MAY_STILL_BE_FILLED_IN.items()),
    ]
