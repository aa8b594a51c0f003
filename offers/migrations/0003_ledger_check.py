"""What the comparisons of counters with the ledger have found."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("offers", "0002_endings")]
    operations = [
        migrations.CreateModel(
            name="LedgerCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("counters", models.PositiveIntegerField()),
                ("drifting", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("drifted", models.JSONField(default=list)),
            ],
            options={"ordering": ["-id"]},
        ),
    ]
