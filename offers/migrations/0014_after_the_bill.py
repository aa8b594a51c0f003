"""What staff change of a sale after its bill, and referrals with their rewards."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from cpo_portal.database import operations

#: A person who is forgotten takes the words of staff with them.
FORGETTABLE = ("reason",)


class Migration(migrations.Migration):
    blocks = "A CPO has one policy: the condition on both rewards is read in no time."
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0007_after_the_bill"),
        ("database", "0002_rows_of_one_cpo"),
        ("offers", "0013_giving"),
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
        migrations.AddField(
            model_name="offerpolicy",
            name="referrer_reward",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Credited to their balance once the friend's first session is billed; empty: no referrals.",
                max_digits=14,
                null=True,
                verbose_name="for who refers",
            ),
        ),
        migrations.AddField(
            model_name="offerpolicy",
            name="friend_reward",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Credited at the same moment.",
                max_digits=14,
                null=True,
                verbose_name="for the new customer",
            ),
        ),
        migrations.AddField(
            model_name="offerpolicy",
            name="referrals_per_customer",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Empty means any number.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1, "Give 1 or more, or leave it empty for any number.")
                ],
                verbose_name="friends of one customer, at most",
            ),
        ),
        migrations.AddField(
            model_name="offerpolicy",
            name="referral_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Empty: they never expire.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1, "Give 1 or more, or leave it empty: they never expire.")
                ],
                verbose_name="rewards live (days)",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("friend_reward", None), ("referrer_reward", None)),
                    models.Q(("friend_reward__gt", 0), ("referrer_reward__gt", 0)),
                    _connector="OR",
                ),
                name="policy_rewards_both_sides",
                violation_error_message="A referral rewards both sides: give both rewards an amount above 0, or "
                "neither.",
            ),
        ),
        migrations.CreateModel(
            name="ReferralCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(db_collation="C", max_length=20)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referral_code",
                        to="charging.customer",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [models.UniqueConstraint(fields=("cpo", "code"), name="referral_code_once")],
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("WAITING", "Waiting for the first session"), ("REWARDED", "Rewarded")],
                        default="WAITING",
                        max_length=8,
                    ),
                ),
                ("referrer_reward", models.DecimalField(decimal_places=4, max_digits=14)),
                ("friend_reward", models.DecimalField(decimal_places=4, max_digits=14)),
                ("currency", models.CharField(max_length=3)),
                ("reward_days", models.PositiveSmallIntegerField(null=True)),
                ("expires_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("rewarded_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="offers.referralcode",
                    ),
                ),
                (
                    "friend",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="referred_by", to="charging.customer"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        help_text="It sent the code.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="charging.order",
                    ),
                ),
                (
                    "earned_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="charging.order"
                    ),
                ),
                (
                    "referrer_balance",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="charging.balance"
                    ),
                ),
                (
                    "friend_balance",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="charging.balance"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False), ("state", "WAITING")),
                        fields=["due_at"],
                        name="referral_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("friend_reward__gt", 0), ("referrer_reward__gt", 0)),
                        name="referral_rewards_both_sides",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rewarded_at__isnull", False), ("state", "REWARDED")),
                            models.Q(models.Q(("state", "REWARDED"), _negated=True), ("rewarded_at", None)),
                            _connector="OR",
                        ),
                        name="referral_rewarded_with_its_time",
                    ),
                ],
            },
        ),
        operations.rows_of_one_cpo("offers_referralcode"),
        operations.rows_of_one_cpo("offers_referral"),
    ]
