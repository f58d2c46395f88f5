"""What an earlier engine found does not say which weights each finding speaks for: every assessment is due again."""

from django.db import migrations

from evaluations.migrations._anew import assess_anew


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0006_coverage_is_per_threshold")]

    operations = [assess_anew("2")]
