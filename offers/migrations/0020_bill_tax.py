"""How the GST of a bill is divided; written once with the bill."""

import django.db.models.deletion
from django.db import migrations, models

from cpo_portal.database.operations import append_only, rows_of_one_cpo


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0008_void_payments"),
        ("offers", "0019_near_times"),
    ]

    operations = [
        migrations.CreateModel(
            name="BillTax",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gstin", models.CharField(max_length=15)),
                ("sac_code", models.CharField(blank=True, max_length=10)),
                ("place_of_supply", models.CharField(max_length=2)),
                ("is_business", models.BooleanField(db_default=False)),
                ("taxable", models.DecimalField(decimal_places=2, max_digits=14)),
                ("rate", models.DecimalField(decimal_places=3, max_digits=6)),
                ("cgst", models.DecimalField(decimal_places=2, max_digits=14)),
                ("sgst", models.DecimalField(decimal_places=2, max_digits=14)),
                ("igst", models.DecimalField(decimal_places=2, max_digits=14)),
                ("round_off", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bill_tax", to="charging.order"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        append_only("offers_billtax"),
        rows_of_one_cpo("offers_billtax"),
    ]
