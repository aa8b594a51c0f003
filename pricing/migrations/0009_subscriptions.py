"""Tariffs whose first energy a driver has paid for ahead."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0008_surge_cap_announced"),
    ]

    operations = [
        migrations.AlterField(
            model_name="tariffversion",
            name="model",
            field=models.CharField(
                choices=[
                    ("PER_KWH", "Per kWh"),
                    ("TIME_OF_DAY", "By time of day"),
                    ("FIXED", "Fixed price per session"),
                    ("SUBSCRIPTION", "Subscription"),
                ],
                default="PER_KWH",
                max_length=12,
            ),
        ),
    ]
