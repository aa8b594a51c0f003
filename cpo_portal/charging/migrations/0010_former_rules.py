"""The rules that segments had, by which surges still let drivers off."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("charging", "0009_energy_in_balances"),
    ]

    operations = [
        migrations.AddField(
            model_name="segment",
            name="former",
            field=models.JSONField(db_default=[], default=list, editable=False),
        ),
    ]
