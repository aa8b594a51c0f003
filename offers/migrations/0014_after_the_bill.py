"""What staff change of a sale after its bill."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from cpo_portal.database import operations

#: A person who is forgotten takes the words of staff with them.
FORGETTABLE = ("reason",)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0007_after_the_bill"),
        ("database", "0002_rows_of_one_cpo"),
        ("offers", "0012_backtests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("TAKEN_BACK", "Offer taken back"),
                            ("BILL_REFUNDED", "Bill refunded"),
                            ("EXCHANGE_VALUED", "Exchange valued"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=14)),
                ("owed", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("currency", models.CharField(max_length=3)),
                ("reference", models.CharField(max_length=100)),
                ("reason", models.CharField(max_length=200)),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="The API token that asked, where no person did.", max_length=40
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "balance",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="charging.balance",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adjustments", to="charging.order"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="charging.payment"
                    ),
                ),
                (
                    "redemption",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adjustments",
                        to="offers.redemption",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="charging.refund"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "kind", "reference"), name="adjustment_once_per_reference"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "BILL_REFUNDED")), fields=("order",), name="bill_refunded_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "EXCHANGE_VALUED")),
                        fields=("redemption",),
                        name="exchange_valued_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0), ("owed__gte", 0)), name="adjustment_not_negative"
                    ),
                ],
            },
        ),
        operations.append_only("offers_adjustment", mutable=FORGETTABLE),
        operations.rows_of_one_cpo("offers_adjustment"),
    ]
