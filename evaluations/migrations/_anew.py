"""What each raise of the engine's version does with what earlier engines found. It stands here once, for it is part of no migration alone."""

from collections.abc import Callable
from typing import Any

from django.db import migrations
from django.db.models import F


def assess_anew(engine: str) -> migrations.RunPython:
    """Every model that was assessed by another engine is due again. Nothing is taken back: an assessment asked for once more says the same."""
    return migrations.RunPython(_marking(engine), migrations.RunPython.noop)


def _marking(engine: str) -> Callable[[Any, Any], None]:
    def mark_due(apps: Any, schema_editor: Any) -> None:
        assessment, due = apps.get_model("evaluations", "Assessment"), apps.get_model("evaluations", "AssessmentDue")
        made = assessment.objects.exclude(engine_version=engine).order_by().values_list("subject_id", "framework_name").distinct()
        for subject, name in made:
            latest = assessment.objects.filter(subject=subject, framework_name=name).order_by("-seq").first()
            row, _ = due.objects.get_or_create(
                subject_id=subject, framework_name=name, defaults={"reason": "engine", "marked_at": latest.made_at, "state": "waiting"}
            )
            mine = due.objects.filter(pk=row.pk)
            mine.exclude(state="working").update(mark=F("mark") + 1, state="waiting", reason="engine", attempts=0)
            # What a worker of the earlier version has in hand is asked for once more when that is done.
            mine.filter(state="working").update(mark=F("mark") + 1)

    return mark_due
