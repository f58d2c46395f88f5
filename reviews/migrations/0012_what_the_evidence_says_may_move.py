"""Of a determination the database also lets move what the evidence says of it: like the finding it was kept for, that follows the evidence."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("reviews.migrations.0002_decisions_do_not_change")
# Only what moves on with the evidence is written more than once; everything else is filled in once.
MOVES = BEFORE.FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "name <> 'kept_for'", "name NOT IN ('kept_for', 'contradicted_for')"
)
STAYED = BEFORE.FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


def _guard(*columns: str) -> str:
    arguments = ", ".join(f"'{column}'" for column in columns)
    return (
        "DROP TRIGGER determination_stays ON reviews_determination; "
        "CREATE TRIGGER determination_stays BEFORE UPDATE OR DELETE ON reviews_determination FOR EACH ROW "
        f"EXECUTE FUNCTION reviews_refuse_change({arguments});"
    )


class Migration(migrations.Migration):
    dependencies = [("reviews", "0011_evidence_may_say_otherwise")]

    operations = [
        migrations.RunSQL(MOVES, STAYED),
        migrations.RunSQL(_guard("ended_at", "ended_why", "kept_for", "contradicted_for"), _guard("ended_at", "ended_why", "kept_for")),
    ]
