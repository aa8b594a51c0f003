"""The hold on callbacks after a restore, and how far the worker's offer books were behind."""

import django.db.models.functions.datetime
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("beckn", "0003_bodies_sealed_and_dropped")]
    operations = [
        migrations.CreateModel(
            name="DeliveryHold",
            fields=[
                ("name", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=300)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"ordering": ["since"]},
        ),
        migrations.AddField(
            model_name="workerheartbeat",
            name="book_lag",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddIndexConcurrently(
            model_name="outboundcallback",
            index=models.Index(fields=["finished_at"], name="callback_expired", condition=models.Q(state="EXPIRED")),
        ),
    ]
