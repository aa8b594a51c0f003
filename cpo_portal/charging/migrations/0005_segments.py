"""What a CPO keeps of its customers, named lists and segments."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from cpo_portal.database.operations import rows_of_one_cpo


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("charging", "0004_labels"),
        ("database", "0002_rows_of_one_cpo"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NamedList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "list_id",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._:-]*$",
                                "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
                            )
                        ],
                        verbose_name="list id",
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("filled_at", models.DateTimeField(editable=False, null=True)),
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
            name="ContactImport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("CUSTOMERS", "Customers"), ("LIST", "Named list")], max_length=10)),
                ("replaces", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("WAITING", "Waiting"), ("DONE", "Done"), ("FAILED", "Failed")],
                        default="WAITING",
                        max_length=8,
                    ),
                ),
                ("lines", models.PositiveIntegerField()),
                ("made", models.PositiveIntegerField(null=True)),
                ("changed", models.PositiveIntegerField(null=True)),
                ("rows", models.JSONField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("by_token", models.CharField(blank=True, max_length=12)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
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
                (
                    "named_list",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to="charging.namedlist",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="NamedListEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hmac_key_id", models.CharField(max_length=20)),
                ("hmac", models.BinaryField(max_length=32)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "named_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="charging.namedlist"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "segment_id",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._:-]*$",
                                "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
                            )
                        ],
                        verbose_name="segment id",
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("match_all", models.BooleanField(default=True, verbose_name="all conditions must hold")),
                ("conditions", models.JSONField(default=list)),
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
            name="CustomerRecord",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="record",
                        serialize=False,
                        to="charging.customer",
                    ),
                ),
                ("tier", models.CharField(blank=True, max_length=60)),
                ("organisation", models.CharField(blank=True, max_length=200)),
                ("joined_on", models.DateField(blank=True, null=True)),
                ("vehicle_make", models.CharField(blank=True, max_length=200)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["cpo", "tier"], name="record_cpo_tier")],
            },
        ),
        migrations.AddConstraint(
            model_name="namedlist",
            constraint=models.UniqueConstraint(fields=("cpo", "list_id"), name="list_id_per_cpo"),
        ),
        migrations.AddIndex(
            model_name="contactimport",
            index=models.Index(condition=models.Q(("state", "WAITING")), fields=["created_at"], name="import_waiting"),
        ),
        migrations.AddIndex(
            model_name="namedlistentry",
            index=models.Index(fields=["cpo", "hmac"], name="list_entry_of_contact"),
        ),
        migrations.AddConstraint(
            model_name="namedlistentry",
            constraint=models.UniqueConstraint(fields=("named_list", "hmac"), name="contact_once_per_list"),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.UniqueConstraint(fields=("cpo", "segment_id"), name="segment_id_per_cpo"),
        ),
        rows_of_one_cpo("charging_customerrecord"),
        rows_of_one_cpo("charging_namedlistentry"),
        rows_of_one_cpo("charging_contactimport"),
    ]
