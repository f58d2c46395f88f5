import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0005_signatures_by_passkey")]

    operations = [
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("issuer", models.CharField(max_length=500)),
                ("subject", models.CharField(max_length=255)),
                ("linked_at", models.DateTimeField()),
                ("last_word_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="identities", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "verbose_name_plural": "identities",
                "ordering": ["linked_at", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("issuer", "subject"), name="one_account_per_identity"),
                    models.UniqueConstraint(fields=("user", "issuer"), name="one_identity_per_account_and_issuer"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("issuer", ""), _negated=True), models.Q(("subject", ""), _negated=True)),
                        name="an_identity_is_somebody_somewhere",
                    ),
                ],
            },
        ),
    ]
