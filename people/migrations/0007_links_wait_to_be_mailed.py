from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("people", "0006_identities")]

    operations = [
        migrations.AddField(model_name="signinlink", name="sealed", field=models.TextField(blank=True, default="")),
        migrations.AddConstraint(
            model_name="signinlink",
            constraint=models.CheckConstraint(
                condition=Q(sealed="") | Q(digest__isnull=False, used_at__isnull=True, withdrawn_at__isnull=True),
                name="only_an_open_link_waits_to_be_mailed",
            ),
        ),
    ]
