from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0002_facts_do_not_change"),
        ("people", "0002_signatures_are_append_only"),
        ("reviews", "0004_incidents"),
    ]

    operations = [
        migrations.AddField(
            model_name="applicabilitystatement",
            name="environment",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="applicabilitystatement",
            name="stack_digest",
            field=models.CharField(blank=True, default="", max_length=71),
        ),
        migrations.AddConstraint(
            model_name="applicabilitystatement",
            constraint=models.CheckConstraint(
                condition=models.Q(("stack_digest", ""), models.Q(("stack", ""), _negated=True), _connector="OR"),
                name="a_stack_digest_goes_with_a_name",
            ),
        ),
    ]
