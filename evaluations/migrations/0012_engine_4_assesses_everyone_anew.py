"""What came before its indicator answers to each version since, and so does what a quorum admitted: every assessment is due again."""

from typing import Any

from django.db import migrations
from django.db.models import F


def mark_due(apps: Any, schema_editor: Any) -> None:
    assessment, due = apps.get_model("evaluations", "Assessment"), apps.get_model("evaluations", "AssessmentDue")
    made = assessment.objects.exclude(engine_version="4").order_by().values_list("subject_id", "framework_name").distinct()
    for subject, name in made:
        latest = assessment.objects.filter(subject=subject, framework_name=name).order_by("-seq").first()
        row, _ = due.objects.get_or_create(
            subject_id=subject, framework_name=name, defaults={"reason": "engine", "marked_at": latest.made_at, "state": "waiting"}
        )
        due.objects.filter(pk=row.pk).exclude(state="working").update(mark=F("mark") + 1, state="waiting", reason="engine", attempts=0)


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0011_engine_3_assesses_everyone_anew")]

    # Nothing is taken back: an assessment asked for once more says the same.
    operations = [migrations.RunPython(mark_due, migrations.RunPython.noop)]
