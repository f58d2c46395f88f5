"""A rationale and the chair's note may hold hazardous detail, which goes to cleared people only. What was written before is shown as it was."""

from django.db import migrations, models


def _marked(model: str, name: str = "hazard") -> migrations.AddField:
    return migrations.AddField(model_name=model, name=name, field=models.BooleanField(default=False))


class Migration(migrations.Migration):
    dependencies = [("reviews", "0020_motions")]

    operations = [
        _marked("vote"),
        *(_marked(model) for model in ("determination", "safeguardsdecision", "releasedecision")),
        _marked("question", "declaration_hazard"),
    ]
