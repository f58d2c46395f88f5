"""A coverage is for one threshold and ends with its determination.

Rows from before say no threshold, and so cover none: their weights need their own results until the board decides anew.
"""

from django.db import migrations, models

GUARD = """
CREATE FUNCTION evaluations_refuse_change_but_its_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.seq IS NULL OR (
        OLD.ended_seq IS NULL AND (OLD.ended_at IS NULL OR OLD.ended_at = NEW.ended_at) AND NEW.ended_at IS NOT NULL
        AND (NEW.id, NEW.snapshot_id, NEW.covered_by_id, NEW.framework_name, NEW.threshold, NEW.decision, NEW.recorded_at, NEW.expires_at, NEW.seq)
        IS NOT DISTINCT FROM
            (OLD.id, OLD.snapshot_id, OLD.covered_by_id, OLD.framework_name, OLD.threshold, OLD.decision, OLD.recorded_at, OLD.expires_at, OLD.seq)
    )) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is never changed but for its end: decide anew', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER coverage_stays ON evaluations_coverage;
CREATE TRIGGER coverage_stays BEFORE UPDATE OR DELETE ON evaluations_coverage
    FOR EACH ROW EXECUTE FUNCTION evaluations_refuse_change_but_its_end();
"""

UNGUARD = """
DROP TRIGGER coverage_stays ON evaluations_coverage;
CREATE TRIGGER coverage_stays BEFORE UPDATE OR DELETE ON evaluations_coverage
    FOR EACH ROW EXECUTE FUNCTION evaluations_refuse_change_once_sealed();
DROP FUNCTION evaluations_refuse_change_but_its_end();
"""


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0005_runs_are_found_by_task")]

    operations = [
        migrations.AddField(
            model_name="coverage",
            name="threshold",
            field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(model_name="coverage", name="ended_at", field=models.DateTimeField(blank=True, null=True)),
        migrations.AddField(model_name="coverage", name="ended_seq", field=models.BigIntegerField(blank=True, null=True)),
        migrations.AddConstraint(
            model_name="coverage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None), models.Q(("threshold", ""), _negated=True)),
                fields=("snapshot", "framework_name", "threshold"),
                name="one_coverage_in_force_per_snapshot_and_threshold",
            ),
        ),
        migrations.AddConstraint(
            model_name="coverage",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_seq", None), ("ended_at__isnull", False), _connector="OR"),
                name="a_coverage_that_ended_says_when",
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
