"""Limits that begin anew with each day, week or month, and the policy of giving a use back."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q

from cpo_portal.database.operations import rows_of_one_cpo

AT_LEAST_ONE = [django.core.validators.MinValueValidator(1)]


def uses_per(period: str) -> migrations.AddField:
    column = models.PositiveIntegerField(
        blank=True, null=True, validators=AT_LEAST_ONE, verbose_name=f"uses per customer and {period}"
    )
    return migrations.AddField("offer", f"uses_per_customer_{period}", column)


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0006_stacking"),
        ("charging", "0004_labels"),
        ("database", "0002_rows_of_one_cpo"),
    ]

    operations = [
        uses_per("day"),
        uses_per("week"),
        uses_per("month"),
        migrations.AddField(
            model_name="offer",
            name="budget_per_day",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=14,
                null=True,
                validators=[django.core.validators.MinValueValidator(0.01)],
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="give_use_back",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="give the use back when it is reversed"
            ),
        ),
        AddConstraintNotValid(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=Q(("budget_per_day", None), ("redemption_cap__isnull", False), _connector="OR"),
                name="day_budget_needs_redemption_cap",
                violation_error_message="A budget needs a limit per redemption: set “most per redemption”.",
            ),
        ),
        ValidateConstraint(model_name="offer", name="day_budget_needs_redemption_cap"),
        migrations.AddField(
            model_name="redemption",
            name="reserved_on",
            field=models.DateField(help_text="The day of the reservation on the CPO's calendar.", null=True),
        ),
        migrations.AddField(
            model_name="redemption",
            name="counted_day",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="redemption",
            name="counted_periods",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=5), db_default=[], default=list, size=None
            ),
        ),
        migrations.CreateModel(
            name="CustomerPeriodCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "period",
                    models.CharField(choices=[("DAY", "Day"), ("WEEK", "Week"), ("MONTH", "Month")], max_length=5),
                ),
                ("starts_on", models.DateField()),
                ("uses", models.PositiveIntegerField(default=0)),
                ("limit_uses", models.PositiveIntegerField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="charging.customer"
                    ),
                ),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="period_counters", to="offers.offer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("offer", "customer", "period", "starts_on"), name="one_counter_per_customer_and_period"
                    ),
                    models.CheckConstraint(condition=Q(uses__lte=F("limit_uses")), name="period_uses_within_limit"),
                ]
            },
        ),
        migrations.CreateModel(
            name="DayCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("limit_budget", models.DecimalField(decimal_places=2, max_digits=14)),
                ("paused", models.BooleanField(default=False)),
                ("budget_reserved", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("budget_committed", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="day_counters", to="offers.offer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("offer", "day"), name="one_counter_per_offer_and_day"),
                    models.CheckConstraint(
                        condition=Q(limit_budget__gte=F("budget_reserved") + F("budget_committed")),
                        name="day_budget_within_limit",
                    ),
                    models.CheckConstraint(
                        condition=Q(budget_committed__gte=0, budget_reserved__gte=0), name="day_budget_not_negative"
                    ),
                ]
            },
        ),
        rows_of_one_cpo("offers_customerperiodcounter", through=("offer_id", "offers_offer")),
    ]
