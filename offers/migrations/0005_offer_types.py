"""Offers of more types, each held to the template by the database."""

import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models

import offers.models.types


class Migration(migrations.Migration):
    blocks = "the versions of offers are a small table: some thousands of rows, checked in milliseconds"

    dependencies = [
        ("offers", "0004_labels"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="offer_percent_at_most_100",
        ),
        migrations.AddField(
            model_name="offerversion",
            name="finance_terms",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], output_field=models.JSONField()),
                default=list,
                verbose_name="ways to pay over time",
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="qualifier_item_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=100),
                blank=True,
                db_default=models.Value(
                    [],
                    output_field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), size=None
                    ),
                ),
                default=list,
                size=None,
                verbose_name="together with",
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="slabs",
            field=models.JSONField(
                blank=True, db_default=models.Value([], output_field=models.JSONField()), default=list
            ),
        ),
        migrations.AlterField(
            model_name="offerversion",
            name="benefit_kind",
            field=models.CharField(
                choices=[
                    ("discount", "Discount"),
                    ("slab", "Slabs of kWh"),
                    ("combo", "Combination"),
                    ("delivery", "Off the fee"),
                    ("exchange", "Exchange"),
                    ("financing", "Financing"),
                ],
                default="discount",
                max_length=12,
                verbose_name="type",
            ),
        ),
        migrations.AlterField(
            model_name="offerversion",
            name="value",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=14,
                null=True,
                validators=[django.core.validators.MinValueValidator(0.01)],
            ),
        ),
        migrations.AlterField(
            model_name="offerversion",
            name="value_type",
            field=models.CharField(
                blank=True,
                choices=[("percent", "Percent"), ("amount", "Amount"), ("per_kwh", "Amount per kWh")],
                default="percent",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("value", None),
                    models.Q(
                        ("value__gt", 0),
                        models.Q(
                            models.Q(("value_type", "percent"), _negated=True), ("value__lte", 100), _connector="OR"
                        ),
                    ),
                    _connector="OR",
                ),
                name="offer_percent_in_bounds",
                violation_error_message="A percentage lies above 0 and is at most 100.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("benefit_kind__in", ["combo"]),
                        models.Q(
                            (
                                "qualifier_item_ids",
                                models.Value(
                                    [],
                                    django.contrib.postgres.fields.ArrayField(
                                        base_field=models.CharField(max_length=100), size=None
                                    ),
                                ),
                            ),
                            _negated=True,
                        ),
                    ),
                    models.Q(
                        ("benefit_kind__in", ["discount", "slab", "delivery", "exchange", "financing"]),
                        (
                            "qualifier_item_ids",
                            models.Value(
                                [],
                                django.contrib.postgres.fields.ArrayField(
                                    base_field=models.CharField(max_length=100), size=None
                                ),
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="offer_qualifier_item_ids_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("benefit_kind__in", ["discount", "combo", "delivery"]),
                        models.Q(("value", None), _negated=True),
                    ),
                    models.Q(("benefit_kind__in", ["slab", "exchange", "financing"]), ("value", None)),
                    _connector="OR",
                ),
                name="offer_value_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("benefit_kind__in", ["discount", "combo", "delivery"]),
                        models.Q(("value_type", ""), _negated=True),
                    ),
                    models.Q(("benefit_kind__in", ["slab", "exchange", "financing"]), ("value_type", "")),
                    _connector="OR",
                ),
                name="offer_value_type_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("benefit_kind__in", ["combo"]), models.Q(("value_cap", None), _negated=True)),
                    models.Q(("benefit_kind__in", ["slab", "exchange", "financing"]), ("value_cap", None)),
                    ("benefit_kind__in", ["discount", "delivery"]),
                    _connector="OR",
                ),
                name="offer_value_cap_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("benefit_kind__in", ["slab", "combo", "delivery", "exchange", "financing"]), ("base", "ITEMS")
                    ),
                    ("benefit_kind__in", ["discount"]),
                    _connector="OR",
                ),
                name="offer_base_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("benefit_kind__in", ["slab"]),
                        models.Q(("slabs", models.Value([], models.JSONField())), _negated=True),
                    ),
                    models.Q(
                        ("benefit_kind__in", ["discount", "combo", "delivery", "exchange", "financing"]),
                        ("slabs", models.Value([], models.JSONField())),
                    ),
                    _connector="OR",
                ),
                name="offer_slabs_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("benefit_kind__in", ["financing"]),
                        models.Q(("finance_terms", models.Value([], models.JSONField())), _negated=True),
                    ),
                    models.Q(
                        ("benefit_kind__in", ["discount", "slab", "combo", "delivery", "exchange"]),
                        ("finance_terms", models.Value([], models.JSONField())),
                    ),
                    _connector="OR",
                ),
                name="offer_finance_terms_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    offers.models.types.HasPath(
                        models.F("slabs"),
                        models.Value(
                            "$[*]?(!exists(@.item_count)||!exists(@.item_count_upper)||!exists(@.value)||!exists(@.value_type)||!exists(@.value_cap))"
                        ),
                    ),
                    _negated=True,
                ),
                name="offer_slabs_are_whole",
                violation_error_message="A slab says from which kWh to which, what it takes off, and its cap.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    offers.models.types.HasPath(
                        models.F("finance_terms"),
                        models.Value(
                            "$[*]?(!exists(@.provider)||!exists(@.method)||!exists(@.months)||!exists(@.annual_percent)||!exists(@.subvention_percent))"
                        ),
                    ),
                    _negated=True,
                ),
                name="offer_finance_terms_are_whole",
                violation_error_message="A way to pay says who lends, how, how long, and what it costs.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("benefit_kind", "discount"), models.Q(("value_type", "per_kwh"), _negated=True), _connector="OR"
                ),
                name="offer_per_kwh_is_a_discount",
                violation_error_message="Only a discount is counted per kWh: choose percent or amount.",
            ),
        ),
    ]
