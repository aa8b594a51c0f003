"""Which replay a callback waits by, and who stopped a replay."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("beckn", "0004_delivery_hold")]
    operations = [
        migrations.AddField(
            model_name="replay",
            name="stopped_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="replay",
            name="stopped_by",
            field=models.CharField(db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="outboundcallback",
            name="replay",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="callbacks",
                to="beckn.replay",
            ),
        ),
    ]
