"""What runs from a second stack is reported beside what runs from the first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0012_engine_4_assesses_everyone_anew")]

    operations = [
        migrations.RemoveConstraint(model_name="deployment", name="one_running_deployment_per_artefact_and_scope"),
        migrations.AddConstraint(
            model_name="deployment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None)),
                fields=("snapshot", "scope", "stack_digest"),
                name="one_running_deployment_per_artefact_scope_and_stack",
            ),
        ),
    ]
