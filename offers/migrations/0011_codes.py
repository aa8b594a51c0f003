"""Codes that each open an offer once, and the guesses of buyer apps."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from cpo_portal.database import operations


class Migration(migrations.Migration):
    blocks = "Offers' versions are thousands of rows: the new conditions on them are read in milliseconds."
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0004_labels"),
        ("offers", "0010_governance"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CodeBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="what it is for")),
                (
                    "count",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1, "Ask for at least one code."),
                            django.core.validators.MaxValueValidator(
                                1000000, "An offer has at most 1,000,000 codes: ask for fewer."
                            ),
                        ],
                        verbose_name="how many",
                    ),
                ),
                (
                    "prefix",
                    models.CharField(
                        blank=True,
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z0-9]+(-[A-Z0-9]+)*-?\\Z",
                                "Use letters, digits and hyphens, such as DIWALI-, or leave it empty.",
                            )
                        ],
                    ),
                ),
                ("length", models.PositiveSmallIntegerField(default=14, verbose_name="random characters")),
                (
                    "alphabet",
                    models.CharField(
                        choices=[
                            ("MIXED", "Letters and digits"),
                            ("LETTERS", "Letters alone"),
                            ("DIGITS", "Digits alone"),
                        ],
                        default="MIXED",
                        max_length=8,
                    ),
                ),
                ("made", models.PositiveIntegerField(default=0, editable=False)),
                ("by_token", models.CharField(blank=True, editable=False, max_length=12)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("cancelled_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "batch of codes",
                "verbose_name_plural": "batches of codes",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="CodeGuess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bap_id", models.CharField(max_length=255)),
                ("transaction_id", models.CharField(max_length=255)),
                ("digest", models.BinaryField(max_length=8)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="SingleUseCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(db_collation="C", max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("FREE", "Free"),
                            ("HELD", "Held by an order"),
                            ("USED", "Used"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="FREE",
                        max_length=9,
                    ),
                ),
                ("taken_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "single-use code",
                "verbose_name_plural": "single-use codes",
                "ordering": ["id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="offerversion",
            name="required_code_is_given",
        ),
        migrations.AddField(
            model_name="offerversion",
            name="single_use_codes",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="each buyer must send a code of their own"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("requires_code", False),
                    models.Q(("display_code", ""), _negated=True),
                    ("single_use_codes", True),
                    _connector="OR",
                ),
                name="required_code_is_given",
                violation_error_message="Give the code that the buyer must send.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("single_use_codes", False),
                    models.Q(("display_code", ""), ("requires_code", True)),
                    _connector="OR",
                ),
                name="single_use_codes_alone",
                violation_error_message="Each buyer sends a code of their own: leave the display code empty.",
            ),
        ),
        migrations.AddField(
            model_name="codebatch",
            name="cpo",
            field=models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
            ),
        ),
        migrations.AddField(
            model_name="codebatch",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="codebatch",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="code_batches", to="offers.offer"
            ),
        ),
        migrations.AddIndex(
            model_name="codeguess",
            index=models.Index(fields=["bap_id", "at"], name="code_guess_subscriber"),
        ),
        migrations.AddConstraint(
            model_name="codeguess",
            constraint=models.UniqueConstraint(fields=("bap_id", "transaction_id", "digest"), name="code_guess_once"),
        ),
        migrations.AddField(
            model_name="singleusecode",
            name="batch",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="codes", to="offers.codebatch"
            ),
        ),
        migrations.AddField(
            model_name="singleusecode",
            name="cpo",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.cpo",
            ),
        ),
        migrations.AddField(
            model_name="singleusecode",
            name="order",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="single_use_codes",
                to="charging.order",
            ),
        ),
        migrations.AddIndex(
            model_name="codebatch",
            index=models.Index(
                condition=models.Q(("cancelled_at", None), ("finished_at", None)),
                fields=["id"],
                name="code_batch_unfinished",
            ),
        ),
        migrations.AddConstraint(
            model_name="codebatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("made__lte", models.F("count"))), name="no_more_codes_than_asked"
            ),
        ),
        migrations.AddIndex(
            model_name="singleusecode",
            index=models.Index(fields=["batch", "state"], name="code_batch_state"),
        ),
        migrations.AddIndex(
            model_name="singleusecode",
            index=models.Index(condition=models.Q(("order__isnull", False)), fields=["order"], name="code_of_order"),
        ),
        migrations.AddConstraint(
            model_name="singleusecode",
            constraint=models.UniqueConstraint(fields=("cpo", "code"), name="code_once_per_cpo"),
        ),
        migrations.AddConstraint(
            model_name="singleusecode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("order", None), ("state__in", ["FREE", "CANCELLED"])),
                    models.Q(("order__isnull", False), ("state__in", ["HELD", "USED"])),
                    _connector="OR",
                ),
                name="code_taken_by_an_order",
            ),
        ),
        operations.rows_of_one_cpo("offers_singleusecode"),
    ]
