"""The reason of a sign-off may hold hazardous detail, which goes to cleared people only. What was written before is shown as it was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0021_what_is_said_may_be_hazardous")]

    operations = [migrations.AddField(model_name="signoff", name="hazard", field=models.BooleanField(default=False))]
