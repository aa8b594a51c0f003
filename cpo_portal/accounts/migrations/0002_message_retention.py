"""A CPO may say how long bodies of messages are kept."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="cpo",
            name="message_retention_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Bodies of messages hold names and phone numbers. Empty: as long as the platform keeps them.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(30),
                    django.core.validators.MaxValueValidator(3650),
                ],
                verbose_name="keep messages (days)",
            ),
        ),
    ]
