"""Payments for offers taken back, credits to balances, and the events of a bill's refund and an exchange's return."""

from django.db import migrations, models

_KEY = "one_payment_per_type_but_recovery"


class Migration(migrations.Migration):
    #: The key of payments is made beside the traffic; the one in force goes when it is there.
    atomic = False

    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0006_balances"),
    ]

    operations = [
        migrations.AlterField(
            model_name="balanceentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("TOP_UP", "Topped up"),
                    ("HOLD", "Held for an order"),
                    ("TAKE", "Drawn by an order"),
                    ("RETURN", "Given back by an order"),
                    ("EXPIRE", "Expired"),
                    ("REFUND", "Paid back"),
                    ("CREDIT", "Credited"),
                ],
                max_length=6,
            ),
        ),
        migrations.AlterField(
            model_name="orderevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("PLACED", "Placed"),
                    ("PAYMENT_REPORTED", "Payment reported"),
                    ("PAYMENT_UNASKED", "Payment not asked for"),
                    ("CONFIRMED", "Confirmed"),
                    ("CHARGING_STARTED", "Charging started"),
                    ("INTERRUPTED", "Connection interrupted"),
                    ("RESUMED", "Resumed"),
                    ("CHARGER_FAILED", "Charger out of order"),
                    ("CHARGING_STOPPED", "Charging stopped"),
                    ("SETTLED", "Settled"),
                    ("CANCELLED", "Cancelled"),
                    ("REFUNDED", "Refund due"),
                    ("REFUND_PAID", "Paid back"),
                    ("REVERSED", "Offer reversed"),
                    ("HELD", "Held for review"),
                    ("BILL_REFUNDED", "Bill refunded"),
                    ("EXCHANGED", "Exchange valued"),
                    ("REFERRED", "Referral rewarded"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="type",
            field=models.CharField(
                choices=[
                    ("PRE-FULFILLMENT", "Before charging"),
                    ("POST-FULFILLMENT", "After charging"),
                    ("RECOVERY", "For an offer taken back"),
                ],
                default="PRE-FULFILLMENT",
                max_length=20,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="payment", name="one_payment_per_type"),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("type", "RECOVERY"), _negated=True), fields=("order", "type"), name=_KEY
                    ),
                ),
            ],
            database_operations=[
                # A try that was cut off leaves an index that nothing may rely on.
                migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {_KEY}", migrations.RunSQL.noop),
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {_KEY} ON charging_payment (order_id, type) "
                    "WHERE NOT (type = 'RECOVERY')",
                    f"DROP INDEX CONCURRENTLY {_KEY}",
                ),
                migrations.RunSQL(
                    "ALTER TABLE charging_payment DROP CONSTRAINT IF EXISTS one_payment_per_type",
                    "ALTER TABLE charging_payment ADD CONSTRAINT one_payment_per_type UNIQUE (order_id, type)",
                ),
            ],
        ),
    ]
