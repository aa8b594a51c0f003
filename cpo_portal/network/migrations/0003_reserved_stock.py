"""How much of a stock orders hold."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("network", "0002_watts_and_degrees"),
    ]

    operations = [
        migrations.AddField(
            model_name="productstock",
            name="reserved",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
