"""What drivers agreed to before a sale with a surge; written with the order and never changed."""

import django.db.models.deletion
from django.db import migrations, models

from cpo_portal.database.operations import append_only, rows_of_one_cpo


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0008_void_payments"),
        ("offers", "0020_bill_tax"),
    ]

    operations = [
        migrations.CreateModel(
            name="SurgeConsent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bap_id", models.CharField(max_length=255)),
                ("channel", models.CharField(choices=[("BECKN", "Buyer app")], max_length=10)),
                ("required", models.BooleanField()),
                ("quote_id", models.UUIDField()),
                ("parts", models.JSONField()),
                ("text_hash", models.CharField(max_length=64)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("currency", models.CharField(max_length=3)),
                ("at", models.DateTimeField()),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="charging.customer"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="surge_consents", to="charging.order"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "quote_id"), name="surge_consent_once_per_quote")
                ],
            },
        ),
        append_only("offers_surgeconsent"),
        rows_of_one_cpo("offers_surgeconsent"),
    ]
