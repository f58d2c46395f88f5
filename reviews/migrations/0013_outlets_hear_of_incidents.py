"""Outlets may be told of incidents; what they were told of before stays."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

TOPICS = [
    ("cases", "Cases opened, changed and ended"),
    ("decisions", "Decisions, and decisions that left force"),
    ("gate", "The gate: opened, shut, halted"),
    ("incidents", "Incidents: in service without a valid authorisation"),
    ("signoffs", "Safeguards signed off and revoked"),
    ("frameworks", "Framework versions adopted"),
]


class Migration(migrations.Migration):
    dependencies = [("reviews", "0012_what_the_evidence_says_may_move")]

    operations = [
        migrations.AlterField("outlet", "topics", ArrayField(models.CharField(choices=TOPICS, max_length=16), size=None)),
    ]
