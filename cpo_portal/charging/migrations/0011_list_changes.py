"""Who was on a named list before staff filled it anew, by which surges still let drivers off."""

import django.db.models.deletion
from django.db import migrations, models

from cpo_portal.database.operations import rows_of_one_cpo


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0010_former_rules"),
        ("database", "0002_rows_of_one_cpo"),
    ]

    operations = [
        migrations.CreateModel(
            name="NamedListChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hmac_key_id", models.CharField(max_length=20)),
                ("hmac", models.BinaryField(max_length=32)),
                ("was_on", models.BooleanField()),
                ("until", models.DateTimeField()),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "named_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="charging.namedlist"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["cpo", "hmac"], name="list_change_of_contact"),
                    models.Index(fields=["until"], name="list_change_until"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("named_list", "hmac", "was_on"), name="list_change_once")
                ],
            },
        ),
        rows_of_one_cpo("charging_namedlistchange"),
    ]
