"""Groups and exclusions of offers, the largest stack and the largest discount of a CPO, and the latter in a quote."""

from decimal import Decimal

import django.contrib.postgres.fields
import django.core.validators
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


# What is there already has the defaults, which the constraints allow: nothing needs to be read again.
class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0005_offer_types"),
    ]

    operations = [
        migrations.AddField(
            model_name="offerpolicy",
            name="max_discount_percent",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Of energy, time and products before fees, surge and tax. What offers give beyond it is cut.",
                max_digits=5,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(
                        Decimal("0.01"), "Give a percentage above 0, or leave it empty for no limit."
                    ),
                    django.core.validators.MaxValueValidator(Decimal("100"), "A percentage is at most 100: lower it."),
                ],
                verbose_name="all discounts together, at most (%)",
            ),
        ),
        migrations.AddField(
            model_name="offerpolicy",
            name="max_stack",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="How many offers may be combined; empty means any number.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1, "Give 1 or more, or leave it empty for no limit.")
                ],
                verbose_name="offers in one session, at most",
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="excludes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                blank=True,
                db_default=models.Value(
                    [],
                    output_field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), size=None
                    ),
                ),
                default=list,
                help_text="Offer ids; it holds both ways.",
                size=None,
                verbose_name="never together with",
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="exclusivity_group",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="At most one offer of a group is applied; any name, such as night-offers.",
                max_length=40,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[a-z0-9]+(-[a-z0-9]+)*$",
                        "Name the group with small letters, digits and single hyphens, such as night-offers.",
                    )
                ],
            ),
        ),
        migrations.AddField(
            model_name="quote",
            name="max_discount_percent",
            field=models.DecimalField(decimal_places=2, max_digits=5, null=True),
        ),
        AddConstraintNotValid(
            model_name="offerpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_stack", None), ("max_stack__gte", 1), _connector="OR"),
                name="policy_stack_of_at_least_one",
                violation_error_message="Give 1 or more, or leave it empty for no limit.",
            ),
        ),
        AddConstraintNotValid(
            model_name="offerpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_discount_percent", None),
                    models.Q(("max_discount_percent__gt", 0), ("max_discount_percent__lte", 100)),
                    _connector="OR",
                ),
                name="policy_discount_at_most_100",
                violation_error_message="A percentage lies above 0 and is at most 100.",
            ),
        ),
        AddConstraintNotValid(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("exclusivity_group", ""), ("exclusivity_group__regex", "^[a-z0-9]+(-[a-z0-9]+)*$"), _connector="OR"
                ),
                name="exclusivity_group_is_a_name",
                violation_error_message="Name the group with small letters, digits and single hyphens, such as night-offers.",  # noqa: E501
            ),
        ),
    ]
