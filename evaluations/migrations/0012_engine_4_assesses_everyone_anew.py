"""What came before its indicator answers to each version since, and so does what a quorum admitted: every assessment is due again."""

from django.db import migrations

from evaluations.migrations._anew import assess_anew


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0011_engine_3_assesses_everyone_anew")]

    operations = [assess_anew("4")]
