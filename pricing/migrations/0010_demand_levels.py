"""Surcharges that follow demand: policies, where each location stands, decisions, and back-tests."""

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from cpo_portal.database import operations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("network", "0003_reserved_stock"),
        ("pricing", "0009_subscriptions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DemandPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "policy_id",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._:-]*$",
                                "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
                            )
                        ],
                        verbose_name="policy id",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Drivers read it on the bill, for example Busy station fee.", max_length=100
                    ),
                ),
                (
                    "explanation",
                    models.CharField(
                        blank=True, help_text="Why it is charged, as buyer apps are told.", max_length=300
                    ),
                ),
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
                    "stacking_group",
                    models.CharField(
                        blank=True,
                        help_text="Of the surges of one group the largest counts; empty: it is added.",
                        max_length=40,
                    ),
                ),
                ("rules", models.JSONField()),
                ("number", models.PositiveIntegerField(default=1, editable=False)),
                ("is_active", models.BooleanField(default=False, editable=False, verbose_name="switched on")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "demand policies",
                "ordering": ["name"],
            },
        ),
        operations.CreatePartitionedModel(
            partition_by="at",
            name="DemandDecision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("location_id", models.CharField(max_length=100)),
                ("at", models.DateTimeField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("HOLD", "Held"),
                            ("CAPPED", "Held, capped"),
                            ("RISE", "Rise decided"),
                            ("STARTED", "Announced rise began"),
                            ("NOTICE", "Rise announced"),
                            ("WITHDRAWN", "Announced rise withdrawn"),
                            ("DWELL", "Too soon for a change"),
                            ("FALL", "Fell"),
                            ("STALE", "Nothing recent is known"),
                            ("TOO_FEW", "Too few connectors report"),
                            ("BUDGET_MINUTES", "The day's minutes are used"),
                            ("BUDGET_CHANGES", "The day's changes are used"),
                            ("SWITCHED_ON", "Switched on"),
                            ("SWITCHED_OFF", "Switched off"),
                            ("CHANGED", "Rules changed"),
                            ("OUT_OF_SCOPE", "Not in the scope any more"),
                        ],
                        max_length=14,
                    ),
                ),
                ("before", models.PositiveSmallIntegerField()),
                ("level", models.PositiveSmallIntegerField()),
                ("percent", models.DecimalField(decimal_places=4, max_digits=8)),
                ("announced_level", models.PositiveSmallIntegerField(null=True)),
                ("announced_percent", models.DecimalField(decimal_places=4, max_digits=8, null=True)),
                ("starts_at", models.DateTimeField(null=True)),
                ("load", models.DecimalField(decimal_places=12, max_digits=13, null=True)),
                ("busy", models.PositiveIntegerField(null=True)),
                ("reporting", models.PositiveIntegerField(null=True)),
                ("numbers", models.JSONField(default=dict)),
                ("words", models.CharField(max_length=500)),
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
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="pricing.demandpolicy"
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="DemandReplay",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("rules", models.JSONField()),
                (
                    "location_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), size=None),
                ),
                ("static", models.JSONField(null=True)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("QUEUED", "Waiting"), ("RUNNING", "Running"), ("DONE", "Done"), ("FAILED", "Failed")],
                        default="QUEUED",
                        max_length=10,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0, verbose_name="locations replayed")),
                ("total", models.PositiveIntegerField(default=0, verbose_name="locations to replay")),
                ("result", models.JSONField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_owner", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                (
                    "requested_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="asked for"
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="replays", to="pricing.demandpolicy"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "back-test of demand levels",
                "verbose_name_plural": "back-tests of demand levels",
                "ordering": ["-requested_at"],
            },
        ),
        migrations.CreateModel(
            name="DemandState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("document", models.JSONField()),
                ("level", models.PositiveSmallIntegerField(default=0)),
                ("percent", models.DecimalField(decimal_places=4, default=0, max_digits=8)),
                ("announced_level", models.PositiveSmallIntegerField(null=True)),
                ("announced_percent", models.DecimalField(decimal_places=4, max_digits=8, null=True)),
                ("decided_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="network.location"
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="states", to="pricing.demandpolicy"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="demandpolicy",
            constraint=models.UniqueConstraint(fields=("cpo", "policy_id"), name="demand_policy_id_per_cpo"),
        ),
        migrations.AddIndex(
            model_name="demanddecision",
            index=models.Index(fields=["policy", "location_id", "at"], name="demand_decision_course"),
        ),
        migrations.AddIndex(
            model_name="demandreplay",
            index=models.Index(
                condition=models.Q(("state__in", ["QUEUED", "RUNNING"])),
                fields=["requested_at"],
                name="demand_replay_to_run",
            ),
        ),
        migrations.AddIndex(
            model_name="demandstate",
            index=models.Index(fields=["due_at"], name="demand_state_due"),
        ),
        migrations.AddIndex(
            model_name="demandstate",
            index=models.Index(
                condition=models.Q(
                    models.Q(("level", 0), _negated=True), ("announced_level__isnull", False), _connector="OR"
                ),
                fields=["cpo"],
                name="demand_state_pricing",
            ),
        ),
        migrations.AddConstraint(
            model_name="demandstate",
            constraint=models.UniqueConstraint(fields=("policy", "location"), name="one_demand_state_per_location"),
        ),
        operations.append_only("pricing_demanddecision"),
    ]
