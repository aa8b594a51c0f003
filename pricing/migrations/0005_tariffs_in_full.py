"""Versions say how charging is bounded, what wheeling costs and when they hold; assignments hold for a time."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    blocks = "The assignments of tariffs are some thousands of rows: their new unique index is made in milliseconds."
    dependencies = [("pricing", "0004_holidays")]

    operations = [
        *(
            migrations.AddField("tariffversion", name, field)
            for name, field in (
                ("minimum_price", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("maximum_price", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("wheeling", models.JSONField(blank=True, null=True)),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("valid_until", models.DateTimeField(blank=True, null=True)),
            )
        ),
        migrations.AlterField(
            "tariffversion",
            "model",
            models.CharField(
                choices=[
                    ("PER_KWH", "Per kWh"),
                    ("TIME_OF_DAY", "By time of day"),
                    ("FIXED", "Fixed price per session"),
                ],
                default="PER_KWH",
                max_length=12,
            ),
        ),
        *(
            operation
            for constraint in (
                models.CheckConstraint(
                    condition=Q(("valid_from", None), ("valid_until", None), _connector="OR")
                    | Q(("valid_from__lt", F("valid_until"))),
                    name="tariff_ends_after_it_begins",
                ),
                models.CheckConstraint(
                    condition=Q(("minimum_price", None), ("maximum_price", None), _connector="OR")
                    | Q(("minimum_price__lte", F("maximum_price"))),
                    name="tariff_least_price_up_to_highest",
                ),
            )
            for operation in (
                AddConstraintNotValid("tariffversion", constraint),
                ValidateConstraint("tariffversion", constraint.name),
            )
        ),
        migrations.AddField("tariffassignment", "valid_from", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("tariffassignment", "valid_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "tariffassignment",
            "version",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="pricing.tariffversion",
            ),
        ),
        migrations.AddConstraint(
            "tariffassignment",
            models.UniqueConstraint(
                fields=("cpo", "location", "connector", "connector_type", "valid_from"),
                name="one_tariff_per_place_and_time",
                nulls_distinct=False,
                violation_error_message="Another tariff is already assigned there.",
            ),
        ),
        migrations.RemoveConstraint("tariffassignment", "one_tariff_per_place"),
    ]
