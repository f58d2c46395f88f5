"""A dossier is closed by filling in who did and when, once; opening it again is another row."""

import django.db.models.deletion
from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION evaluations_refuse_change_but_closing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closing text[] := ARRAY['closed_at', 'closed_by_id'];
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.seq IS NULL OR (OLD.closed_at IS NULL AND to_jsonb(NEW) - closing = to_jsonb(OLD) - closing)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is never changed: write a row that supersedes it', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER dossier_stays ON evaluations_dossier;
CREATE TRIGGER dossier_stays BEFORE UPDATE OR DELETE ON evaluations_dossier
    FOR EACH ROW EXECUTE FUNCTION evaluations_refuse_change_but_closing();
"""

BACK = """
DROP TRIGGER dossier_stays ON evaluations_dossier;
CREATE TRIGGER dossier_stays BEFORE UPDATE OR DELETE ON evaluations_dossier
    FOR EACH ROW EXECUTE FUNCTION evaluations_refuse_change_once_sealed();
DROP FUNCTION evaluations_refuse_change_but_closing();
"""


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0002_facts_do_not_change"), ("people", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("dossier", "one_dossier_per_subject_and_person"),
        migrations.AddField("dossier", "closed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "dossier",
            "closed_by",
            models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"),
        ),
        migrations.AddConstraint(
            "dossier",
            models.UniqueConstraint(
                condition=models.Q(("closed_at", None)), fields=("subject", "person"), name="one_unclosed_dossier_per_subject_and_person"
            ),
        ),
        migrations.RunSQL(FUNCTION, BACK),
    ]
