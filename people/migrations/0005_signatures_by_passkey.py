from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0004_saved_views")]

    operations = [
        migrations.AddField(model_name="signature", name="passkey_proof", field=models.JSONField(blank=True, null=True)),
    ]
