"""Surge schedules, what a CPO promises about them, and signals."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from cpo_portal.database import operations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("pricing", "0006_price_ceilings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SurgeSchedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "schedule_id",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._:-]*$",
                                "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
                            )
                        ],
                        verbose_name="schedule id",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Drivers read it on the bill, for example Congestion fee.", max_length=100
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("RUSH_HOURS", "Rush hours"),
                            ("GRID_STRESS", "Grid stress"),
                            ("WEATHER", "Weather"),
                            ("EVENT", "Event"),
                            ("HOLIDAY_DEMAND", "Holiday demand"),
                            ("PREMIUM_LOCATION", "Premium location"),
                            ("HIGH_COST_AREA", "High-cost area"),
                            ("REMOTE_LOCATION", "Remote location"),
                            ("SPECIAL_ZONE", "Special zone"),
                            ("PEAK_HOURS", "Peak hours"),
                            ("WEEKEND", "Weekend"),
                            ("HOLIDAY", "Holiday"),
                            ("NIGHT", "Night"),
                            ("FAST_CHARGING", "Fast charging"),
                            ("PRIORITY_ACCESS", "Priority access"),
                            ("ADDED_SERVICE", "Valet, cleaning and other services"),
                            ("EMERGENCY", "Emergency charging"),
                            ("CARBON_OFFSET", "Carbon offset"),
                            ("RENEWABLE_ENERGY", "Renewable energy"),
                            ("SUSTAINABILITY", "Sustainability"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("DRAFT", "Draft"),
                            ("APPROVED", "Published"),
                            ("PAUSED", "Paused"),
                            ("ENDED", "Ended"),
                            ("ARCHIVED", "Archived"),
                        ],
                        default="DRAFT",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("prices_from", models.DateTimeField(editable=False, null=True)),
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
            name="SurgeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("PERCENT", "Percent of the energy price"),
                            ("PER_KWH", "Amount per kWh"),
                            ("FIXED", "Amount per session"),
                        ],
                        max_length=7,
                    ),
                ),
                ("value", models.DecimalField(decimal_places=4, max_digits=14)),
                ("maximum_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("stacking_group", models.CharField(blank=True, max_length=40)),
                ("explanation", models.CharField(blank=True, max_length=300)),
                ("weekly_windows", models.JSONField(default=list)),
                ("holiday_calendar", models.CharField(blank=True, max_length=60)),
                (
                    "dates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "signal_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12), blank=True, default=list, size=None
                    ),
                ),
                ("scope", models.JSONField(default=dict)),
                ("exemptions", models.JSONField(default=dict)),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("valid_until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("effective_from", models.DateTimeField(null=True)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="pricing.surgeschedule"
                    ),
                ),
            ],
            options={
                "ordering": ["schedule", "-number"],
            },
        ),
        migrations.CreateModel(
            name="SurgeStateChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_state", models.CharField(max_length=10)),
                ("to_state", models.CharField(max_length=10)),
                ("prices_from", models.DateTimeField(null=True)),
                ("by_token", models.CharField(blank=True, max_length=12)),
                ("at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=300)),
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
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="state_changes",
                        to="pricing.surgeschedule",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pricing.surgeversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="surgeschedule",
            name="live_version",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pricing.surgeversion",
            ),
        ),
        migrations.CreateModel(
            name="Signal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "signal_id",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._:-]*$",
                                "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
                            )
                        ],
                        verbose_name="signal id",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("GRID_STRESS", "Grid stress"), ("WEATHER", "Weather"), ("EVENT", "Event")],
                        max_length=12,
                    ),
                ),
                (
                    "title",
                    models.CharField(help_text="What drivers read, for example Storm over Delhi.", max_length=100),
                ),
                ("source", models.CharField(help_text="Who says so, for example the grid operator.", max_length=100)),
                (
                    "location_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                    ),
                ),
                (
                    "location_tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), blank=True, default=list, size=None
                    ),
                ),
                (
                    "states",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                (
                    "stale_after",
                    models.DateTimeField(
                        blank=True,
                        help_text="It stops counting then, unless it is sent again; empty: when it ends.",
                        null=True,
                    ),
                ),
                ("counts_from", models.DateTimeField(editable=False)),
                ("withdrawn_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
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
            ],
            options={
                "ordering": ["-starts_at"],
                "indexes": [models.Index(fields=["cpo", "ends_at"], name="signal_ends")],
                "constraints": [
                    models.UniqueConstraint(fields=("cpo", "signal_id"), name="signal_id_per_cpo"),
                    models.CheckConstraint(
                        condition=models.Q(("starts_at__lt", models.F("ends_at"))), name="signal_ends_after_it_begins"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SurgePolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "notice_hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        help_text="A rise takes effect so long after its publication, a fall at once.",
                        validators=[django.core.validators.MaxValueValidator(2160)],
                        verbose_name="notice of a rise (hours)",
                    ),
                ),
                (
                    "signal_notice_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="A signal or a level of demand raises prices only so long after it became known.",
                        validators=[django.core.validators.MaxValueValidator(1440)],
                        verbose_name="notice of a signal (minutes)",
                    ),
                ),
                (
                    "cap_percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Of what the energy of a session costs; what goes beyond it is cut. Empty: no limit.",
                        max_digits=6,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="all surges together at most (%)",
                    ),
                ),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "surge policies",
                "constraints": [models.UniqueConstraint(fields=("cpo",), name="one_surge_policy_per_cpo")],
            },
        ),
        migrations.AddConstraint(
            model_name="surgeversion",
            constraint=models.UniqueConstraint(fields=("schedule", "number"), name="surge_version_number"),
        ),
        migrations.AddConstraint(
            model_name="surgeversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at", None)), fields=("schedule",), name="one_surge_draft_per_schedule"
            ),
        ),
        migrations.AddConstraint(
            model_name="surgeversion",
            constraint=models.CheckConstraint(condition=models.Q(("value__gt", 0)), name="surge_adds_something"),
        ),
        migrations.AddConstraint(
            model_name="surgeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from", None),
                    ("valid_until", None),
                    ("valid_from__lt", models.F("valid_until")),
                    _connector="OR",
                ),
                name="surge_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="surgeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("effective_from", None), ("published_at", None)),
                    models.Q(("effective_from__gte", models.F("published_at")), ("published_at__isnull", False)),
                    _connector="OR",
                ),
                name="surge_takes_effect_once_published",
            ),
        ),
        migrations.AddConstraint(
            model_name="surgeschedule",
            constraint=models.UniqueConstraint(fields=("cpo", "schedule_id"), name="surge_schedule_id_per_cpo"),
        ),
        operations.frozen_when("pricing_surgeversion", "published_at"),
        operations.append_only("pricing_surgestatechange"),
    ]
