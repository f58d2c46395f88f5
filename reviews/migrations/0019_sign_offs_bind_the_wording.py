"""A sign-off names what the framework said of its safeguard. Nothing is invented for those given before: they count under no wording and are given anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0018_observed_scopes")]

    operations = [
        migrations.AddField(model_name="signoff", name="wording_digest", field=models.CharField(default="", max_length=71)),
    ]
