"""Spreads that are nothing but rounding count no more, and a replacement is never older than what it replaces: every assessment is due again."""

from django.db import migrations

from evaluations.migrations._anew import assess_anew


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0010_attestations")]

    operations = [assess_anew("3")]
