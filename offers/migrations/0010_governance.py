"""What quotes are proven with, the limits in the history of offers, and the review of drafts."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

from cpo_portal.database import operations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_message_retention"), ("offers", "0009_segments")]
    operations = [
        migrations.AddField(
            model_name="offerpolicy",
            name="review_required",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Four eyes: somebody else than who wrote or submitted a draft approves it.",
                verbose_name="offers are reviewed before they are published",
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="authors",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), blank=True, editable=False, null=True, size=None
            ),
        ),
        migrations.AddField(
            model_name="offerversion", name="submitted_at", field=models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddField(
            model_name="offerversion",
            name="submitted_by",
            field=models.CharField(db_default="", default="", editable=False, max_length=40),
        ),
        migrations.AddField(model_name="offerstatechange", name="limits", field=models.JSONField(null=True)),
        migrations.AddField(
            model_name="offerstatechange",
            name="move",
            field=models.CharField(db_default="", default="", max_length=10),
        ),
        migrations.AddField(model_name="quote", name="proof", field=models.JSONField(null=True)),
        migrations.CreateModel(
            name="OfferSnapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hash", models.CharField(max_length=64)),
                ("terms", models.JSONField()),
                ("kept_at", models.DateTimeField(db_default=Now())),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.cpo",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["cpo", "hash"], name="offer_snapshot_hash")]},
        ),
        operations.append_only("offers_offersnapshot"),
    ]
