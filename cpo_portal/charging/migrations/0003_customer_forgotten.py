"""It is kept when a customer was forgotten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    blocks = "It belongs to the first release: no installation has rows yet."
    dependencies = [
        ("charging", "0002_endings"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="forgotten_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
