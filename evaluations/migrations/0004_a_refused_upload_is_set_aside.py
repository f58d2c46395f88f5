import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0003_dossiers_are_closed"),
        ("people", "0002_signatures_are_append_only"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="supersession",
            name="a_supersession_is_about_one_thing",
        ),
        migrations.AddField(
            model_name="supersession",
            name="upload",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="set_aside", to="evaluations.upload"
            ),
        ),
        migrations.AddConstraint(
            model_name="supersession",
            constraint=models.UniqueConstraint(
                condition=models.Q(("upload__isnull", False)), fields=("upload",), name="an_upload_is_set_aside_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="supersession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("announced_run", None), ("measurement__isnull", False), ("run", None), ("upload", None)),
                    models.Q(
                        ("announced_run", None), ("measurement", None), ("replacement", None), ("run__isnull", False), ("upload", None)
                    ),
                    models.Q(
                        ("announced_run__isnull", False), ("measurement", None), ("replacement", None), ("run", None), ("upload", None)
                    ),
                    models.Q(
                        ("announced_run", None), ("measurement", None), ("replacement", None), ("run", None), ("upload__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="a_supersession_is_about_one_thing",
            ),
        ),
    ]
