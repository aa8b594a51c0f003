"""Since when a location has the tags that were added to it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("network", "0003_reserved_stock"),
    ]

    operations = [
        migrations.AddField(
            model_name="location",
            name="tags_since",
            field=models.JSONField(db_default={}, default=dict, editable=False),
        ),
    ]
