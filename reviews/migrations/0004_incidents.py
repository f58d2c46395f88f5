"""A deployment nobody authorised leaves a row that is never changed."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_outlets_and_deliveries"), ("evaluations", "0002_facts_do_not_change")]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("no_authorisation", "No authorisation was named"),
                            ("not_valid", "The authorisation named does not cover these weights, this scope, this stack and this moment"),
                        ],
                        max_length=20,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                (
                    "deployment",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="incident", to="evaluations.deployment"),
                ),
                (
                    "subject",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="incidents", to="evaluations.subject"),
                ),
            ],
            options={"ordering": ["-found_at", "id"]},
        ),
        migrations.RunSQL(
            "CREATE TRIGGER incident_stays BEFORE UPDATE OR DELETE ON reviews_incident FOR EACH ROW EXECUTE FUNCTION reviews_refuse_change();",
            "DROP TRIGGER incident_stays ON reviews_incident;",
        ),
    ]
