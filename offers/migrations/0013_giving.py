"""What offers give for what is bought, and what redemptions hold of products."""

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    blocks = "the versions of offers are a small table: some thousands of rows, checked in milliseconds"

    dependencies = [
        ("accounts", "0002_message_retention"),
        ("offers", "0012_backtests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="offer_qualifier_item_ids_fits_its_type",
        ),
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="offer_value_fits_its_type",
        ),
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="offer_value_type_fits_its_type",
        ),
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="offer_value_cap_fits_its_type",
        ),
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="offer_base_fits_its_type",
        ),
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="offer_slabs_fits_its_type",
        ),
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="offer_finance_terms_fits_its_type",
        ),
        migrations.AddField(
            model_name="offerversion",
            name="benefit_item_count",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="this many more"),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="benefit_item_id",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=100, verbose_name="of this product"
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="item_unit",
            field=models.CharField(
                blank=True,
                choices=[
                    ("KWH", "kWh of the session"),
                    ("SESSION", "Sessions of the customer"),
                    ("PRODUCT", "Products"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="what is counted",
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="item_value",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="at this price each"
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="qualifier_item_count",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="for every"),
        ),
        migrations.AddField(
            model_name="redemption",
            name="items",
            field=models.JSONField(db_default=models.Value([], output_field=models.JSONField()), default=list),
        ),
        migrations.AlterField(
            model_name="offerversion",
            name="benefit_kind",
            field=models.CharField(
                choices=[
                    ("discount", "Discount"),
                    ("buyXgetY", "Buy X, get Y more"),
                    ("freebie", "Free product"),
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
                        (
                            "benefit_kind__in",
                            ["discount", "buyXgetY", "freebie", "slab", "delivery", "exchange", "financing"],
                        ),
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
                    models.Q(
                        ("benefit_kind__in", ["buyXgetY", "freebie", "slab", "exchange", "financing"]), ("value", None)
                    ),
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
                    models.Q(
                        ("benefit_kind__in", ["buyXgetY", "freebie", "slab", "exchange", "financing"]),
                        ("value_type", ""),
                    ),
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
                    models.Q(
                        ("benefit_kind__in", ["buyXgetY", "freebie", "slab", "exchange", "financing"]),
                        ("value_cap", None),
                    ),
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
                        (
                            "benefit_kind__in",
                            ["buyXgetY", "freebie", "slab", "combo", "delivery", "exchange", "financing"],
                        ),
                        ("base", "ITEMS"),
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
                        (
                            "benefit_kind__in",
                            ["discount", "buyXgetY", "freebie", "combo", "delivery", "exchange", "financing"],
                        ),
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
                        (
                            "benefit_kind__in",
                            ["discount", "buyXgetY", "freebie", "slab", "combo", "delivery", "exchange"],
                        ),
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
                    models.Q(("benefit_kind__in", ["buyXgetY"]), models.Q(("item_unit", ""), _negated=True)),
                    models.Q(
                        (
                            "benefit_kind__in",
                            ["discount", "freebie", "slab", "combo", "delivery", "exchange", "financing"],
                        ),
                        ("item_unit", ""),
                    ),
                    _connector="OR",
                ),
                name="offer_item_unit_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("benefit_kind__in", ["buyXgetY"]), models.Q(("qualifier_item_count", None), _negated=True)
                    ),
                    models.Q(
                        (
                            "benefit_kind__in",
                            ["discount", "freebie", "slab", "combo", "delivery", "exchange", "financing"],
                        ),
                        ("qualifier_item_count", None),
                    ),
                    _connector="OR",
                ),
                name="offer_qualifier_item_count_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("benefit_kind__in", ["buyXgetY", "freebie"]),
                        models.Q(("benefit_item_count", None), _negated=True),
                    ),
                    models.Q(
                        ("benefit_kind__in", ["discount", "slab", "combo", "delivery", "exchange", "financing"]),
                        ("benefit_item_count", None),
                    ),
                    _connector="OR",
                ),
                name="offer_benefit_item_count_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("benefit_kind__in", ["freebie"]), models.Q(("benefit_item_id", ""), _negated=True)),
                    models.Q(
                        ("benefit_kind__in", ["discount", "slab", "combo", "delivery", "exchange", "financing"]),
                        ("benefit_item_id", ""),
                    ),
                    ("benefit_kind__in", ["buyXgetY"]),
                    _connector="OR",
                ),
                name="offer_benefit_item_id_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("benefit_kind__in", ["buyXgetY"]), models.Q(("item_value", None), _negated=True)),
                    models.Q(
                        (
                            "benefit_kind__in",
                            ["discount", "freebie", "slab", "combo", "delivery", "exchange", "financing"],
                        ),
                        ("item_value", None),
                    ),
                    _connector="OR",
                ),
                name="offer_item_value_fits_its_type",
                violation_error_message="The type of the offer and what it says do not fit.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("qualifier_item_count", None), ("qualifier_item_count__gt", 0), _connector="OR"),
                    models.Q(("benefit_item_count", None), ("benefit_item_count__gt", 0), _connector="OR"),
                ),
                name="offer_item_counts_in_range",
                violation_error_message="Give numbers from 1 on.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("item_value", None), ("item_value__gte", 0), _connector="OR"),
                name="offer_item_value_not_negative",
                violation_error_message="A price cannot be negative: write 0 for nothing.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("item_unit__in", ["", "PRODUCT"]), ("additive", False), _connector="OR"),
                name="offer_given_session_stands_alone",
                violation_error_message="An offer of kWh or sessions stands alone: let it combine with no other.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("item_unit__in", ["KWH", "SESSION"]), _negated=True),
                    ("benefit_item_id", ""),
                    _connector="OR",
                ),
                name="offer_given_item_is_a_product",
                violation_error_message="Only products may be given as another item: leave the product empty.",
            ),
        ),
    ]
