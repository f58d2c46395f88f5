"""A file that was sent under the wrong weights is moved to the right ones by two people. A correction is signed once and never changed."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

GUARD = """
CREATE FUNCTION evaluations_refuse_recorrecting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.signed_seq IS NULL
        AND (OLD.proposed_seq IS NULL OR OLD.proposed_seq = NEW.proposed_seq) AND (OLD.signature_id IS NULL OR OLD.signature_id = NEW.signature_id)
        AND (NEW.id, NEW.upload_id, NEW.snapshot_id, NEW.sent_again_id, NEW.reason, NEW.proposed_by_id, NEW.proposed_at)
        IS NOT DISTINCT FROM (OLD.id, OLD.upload_id, OLD.snapshot_id, OLD.sent_again_id, OLD.reason, OLD.proposed_by_id, OLD.proposed_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a correction is never changed: propose another' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER correction_stays BEFORE UPDATE OR DELETE ON evaluations_correction
    FOR EACH ROW EXECUTE FUNCTION evaluations_refuse_recorrecting();
"""

UNGUARD = """
DROP TRIGGER correction_stays ON evaluations_correction;
DROP FUNCTION evaluations_refuse_recorrecting();
"""


def _to(model: str, *, null: bool = False, related_name: str = "+") -> models.ForeignKey:
    return models.ForeignKey(blank=null, null=null, on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=model)


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0007_engine_2_assesses_everyone_anew"),
        ("people", "0002_signatures_are_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason", models.TextField()),
                ("proposed_at", models.DateTimeField()),
                ("proposed_seq", models.BigIntegerField(null=True)),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("signed_seq", models.BigIntegerField(blank=True, null=True)),
                ("proposed_by", _to("people.person")),
                ("sent_again", _to("evaluations.upload", null=True)),
                (
                    "signature",
                    models.OneToOneField(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.signature"
                    ),
                ),
                ("signed_by", _to("people.person", null=True)),
                ("snapshot", _to("evaluations.snapshot")),
                ("upload", _to("evaluations.upload", related_name="corrections")),
            ],
            options={
                "ordering": ["proposed_seq", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("signature", None)),
                        fields=("upload", "snapshot"),
                        name="one_waiting_correction_per_upload_and_snapshot",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("signed_by", None), models.Q(("signed_by", models.F("proposed_by")), _negated=True), _connector="OR"
                        ),
                        name="a_correction_is_signed_by_another_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signature", None), ("signed_at", None), ("signed_by", None)),
                            models.Q(("signature__isnull", False), ("signed_at__isnull", False), ("signed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_correction_is_signed_wholly_or_not_at_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sent_again", models.F("upload")), _negated=True), name="a_file_is_not_sent_again_by_itself"
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="a_correction_has_a_reason"),
                ],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
