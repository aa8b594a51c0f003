"""Limits per customer that the members of a group share, with the counters of groups, and one more kind of campaign."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q

from cpo_portal.database.operations import rows_of_one_cpo

PERIODS = [("DAY", "Day"), ("WEEK", "Week"), ("MONTH", "Month")]


def key() -> tuple[str, models.Field]:
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def owner(to: str, related_name: str) -> models.Field:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to)


class Migration(migrations.Migration):
    dependencies = [
        ("charging", "0007_after_the_bill"),
        ("database", "0002_rows_of_one_cpo"),
        ("offers", "0015_imports"),
    ]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="shared_in_groups",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="members of a group share these uses"
            ),
        ),
        AddConstraintNotValid(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("shared_in_groups", False),
                    ("uses_per_customer__isnull", False),
                    ("uses_per_customer_day__isnull", False),
                    ("uses_per_customer_week__isnull", False),
                    ("uses_per_customer_month__isnull", False),
                    _connector="OR",
                ),
                name="sharing_needs_limit_per_customer",
                violation_error_message="Only a limit per customer is shared: set one, or leave this off.",
            ),
        ),
        ValidateConstraint(model_name="offer", name="sharing_needs_limit_per_customer"),
        migrations.AddField(
            model_name="redemption",
            name="groups",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None),
        ),
        migrations.AddField(
            model_name="redemption",
            name="counted_groups",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="GroupCounter",
            fields=[
                key(),
                ("uses", models.PositiveIntegerField(default=0)),
                ("limit_uses", models.PositiveIntegerField()),
                ("group", owner("charging.customergroup", "+")),
                ("offer", owner("offers.offer", "group_counters")),
            ],
            options={
                "verbose_name": "shared uses",
                "verbose_name_plural": "shared uses",
                "constraints": [
                    models.UniqueConstraint(fields=("offer", "group"), name="one_counter_per_group"),
                    models.CheckConstraint(condition=Q(uses__lte=F("limit_uses")), name="group_uses_within_limit"),
                ],
            },
        ),
        migrations.CreateModel(
            name="GroupPeriodCounter",
            fields=[
                key(),
                ("period", models.CharField(choices=PERIODS, max_length=5)),
                ("starts_on", models.DateField()),
                ("uses", models.PositiveIntegerField(default=0)),
                ("limit_uses", models.PositiveIntegerField()),
                ("group", owner("charging.customergroup", "+")),
                ("offer", owner("offers.offer", "group_period_counters")),
            ],
            options={
                "verbose_name": "shared uses of a period",
                "verbose_name_plural": "shared uses of periods",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("offer", "group", "period", "starts_on"), name="one_counter_per_group_and_period"
                    ),
                    models.CheckConstraint(
                        condition=Q(uses__lte=F("limit_uses")), name="group_period_uses_within_limit"
                    ),
                ],
            },
        ),
        rows_of_one_cpo("offers_groupcounter", through=("offer_id", "offers_offer")),
        rows_of_one_cpo("offers_groupperiodcounter", through=("offer_id", "offers_offer")),
        migrations.AlterField(
            model_name="offerversion",
            name="campaign_kind",
            field=models.CharField(
                choices=[
                    ("HAPPY_HOUR", "Happy hour"),
                    ("WEEKEND_SPECIAL", "Weekend special"),
                    ("HOLIDAY_PROMOTION", "Holiday promotion"),
                    ("EARLY_BIRD", "Early bird"),
                    ("BULK_CHARGING", "Bulk charging"),
                    ("MONTHLY_PACKAGE", "Monthly package"),
                    ("MEMBER_EXCLUSIVE", "Member exclusive"),
                    ("TIER_PRICING", "Tier pricing"),
                    ("ANNIVERSARY", "Anniversary reward"),
                    ("NEW_STATION", "New station launch"),
                    ("HIGHWAY_SPECIAL", "Highway special"),
                    ("URBAN_RURAL", "Urban or rural pricing"),
                    ("REGIONAL", "Regional promotion"),
                    ("FAMILY_PLAN", "Family plan"),
                    ("OTHER", "Other"),
                ],
                default="OTHER",
                max_length=20,
            ),
        ),
    ]
