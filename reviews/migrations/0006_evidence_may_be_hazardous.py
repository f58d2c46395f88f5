from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0005_statements_name_where_it_is_served"),
    ]

    operations = [
        migrations.AddField(
            model_name="implementationevidence",
            name="hazard",
            field=models.BooleanField(default=True),
        ),
    ]
