"""Prepaid balances with their movements, what orders hold of them, and the groups that share one."""

import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from cpo_portal.database import operations

#: A person who is forgotten takes the notes of staff with them.
FORGETTABLE = ("note",)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0005_segments"),
        ("database", "0002_rows_of_one_cpo"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="For example Rao family, or Acme Logistics.", max_length=100)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "name",
                    models.CharField(help_text="What the driver reads, for example Prepaid credit.", max_length=100),
                ),
                ("currency", models.CharField(editable=False, max_length=3)),
                ("amount", models.DecimalField(decimal_places=4, default=0, editable=False, max_digits=14)),
                ("held", models.DecimalField(decimal_places=4, default=0, editable=False, max_digits=14)),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                (
                    "valid_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Each top-up lets the whole balance live so long; empty: until the date above.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="days after a top-up",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balances",
                        to="charging.customer",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balances",
                        to="charging.customergroup",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="CustomerGroupMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="charging.customer"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="charging.customergroup"
                    ),
                ),
            ],
            options={
                "verbose_name": "member",
                "ordering": ["added_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="BalanceEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("TOP_UP", "Topped up"),
                            ("HOLD", "Held for an order"),
                            ("TAKE", "Drawn by an order"),
                            ("RETURN", "Given back by an order"),
                            ("EXPIRE", "Expired"),
                            ("REFUND", "Paid back"),
                        ],
                        max_length=6,
                    ),
                ),
                ("reference", models.CharField(max_length=100)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=14)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "balance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="charging.balance"
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balance_entries",
                        to="charging.order",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "balance entries",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("balance", "kind", "reference"), name="balance_entry_once"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="balance_entry_moves_something"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BalanceHold",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(choices=[("HELD", "Held"), ("ENDED", "Ended")], default="HELD", max_length=5),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=14)),
                ("taken", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("held_until", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "balance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="charging.balance"
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="balance_holds", to="charging.order"
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "HELD")), fields=["held_until"], name="balance_hold_due")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "HELD")),
                        fields=("order", "balance"),
                        name="one_hold_per_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("taken__gte", 0), ("taken__lte", models.F("amount"))),
                        name="taken_within_hold",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="customergroup",
            constraint=models.UniqueConstraint(fields=("cpo", "name"), name="customer_group_name"),
        ),
        migrations.AddIndex(
            model_name="balance",
            index=models.Index(condition=models.Q(("amount__gt", 0)), fields=["expires_at"], name="balance_due"),
        ),
        migrations.AddConstraint(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("customer", None), ("group__isnull", False)),
                    models.Q(("customer__isnull", False), ("group", None)),
                    _connector="OR",
                ),
                name="balance_of_customer_or_group",
                violation_error_message="Choose a customer or a group, and not both.",
            ),
        ),
        migrations.AddConstraint(
            model_name="balance",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="balance_never_below_zero"),
        ),
        migrations.AddConstraint(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=models.Q(("held__gte", 0)), name="balance_held_never_below_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="customergroupmember",
            constraint=models.UniqueConstraint(fields=("group", "customer"), name="one_membership_per_group"),
        ),
        operations.append_only("charging_balanceentry", mutable=FORGETTABLE),
        operations.rows_of_one_cpo("charging_balance"),
        operations.rows_of_one_cpo("charging_balanceentry"),
        operations.rows_of_one_cpo("charging_balancehold"),
        operations.rows_of_one_cpo("charging_customergroup"),
        operations.rows_of_one_cpo("charging_customergroupmember"),
    ]
