"""Files of offers that are taken in, and more kinds of campaign."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("offers", "0014_after_the_bill"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                    ("OTHER", "Other"),
                ],
                default="OTHER",
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="OfferImport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("QUEUED", "Waiting"),
                            ("RUNNING", "Running"),
                            ("CHECKED", "Checked"),
                            ("DONE", "Imported"),
                            ("REFUSED", "Refused"),
                            ("FAILED", "Failed"),
                        ],
                        default="QUEUED",
                        max_length=10,
                    ),
                ),
                ("dry_run", models.BooleanField(default=False, verbose_name="checked only")),
                ("file", models.BinaryField(null=True)),
                ("done", models.PositiveIntegerField(default=0, verbose_name="rows checked")),
                ("total", models.PositiveIntegerField(verbose_name="rows")),
                ("faults", models.JSONField(default=list)),
                ("fault_count", models.PositiveIntegerField(default=0, verbose_name="faults")),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_owner", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("by_token", models.CharField(blank=True, max_length=12)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="taken in"),
                ),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
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
            ],
            options={
                "verbose_name": "import of offers",
                "verbose_name_plural": "imports of offers",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["QUEUED", "RUNNING"])),
                        fields=["created_at"],
                        name="offer_import_to_run",
                    )
                ],
            },
        ),
    ]
