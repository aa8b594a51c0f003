"""Bodies are encrypted, and it is kept when one was dropped."""

from django.db import migrations, models


class Migration(migrations.Migration):
    blocks = "It belongs to the first release: no installation has rows yet."
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("beckn", "0002_one_sick_buyer_app"),
    ]

    operations = [
        migrations.AddField(
            model_name="inboundmessage",
            name="body_dropped_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="outboundcallback",
            name="body_dropped_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="messagebody",
            name="codec",
            field=models.CharField(
                choices=[("raw", "Raw"), ("zlib", "zlib"), ("sealed", "Encrypted"), ("zlib-sealed", "zlib, encrypted")],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(condition=models.Q(("body_dropped_at", None)), fields=["body_at"], name="inbound_body"),
        ),
        migrations.AddIndex(
            model_name="outboundcallback",
            index=models.Index(condition=models.Q(("body_dropped_at", None)), fields=["body_at"], name="callback_body"),
        ),
    ]
