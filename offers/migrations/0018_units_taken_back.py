"""What offers gave of products is taken back by units."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0017_paid_products_are_chosen"),
    ]

    operations = [
        migrations.AddField(
            model_name="adjustment",
            name="items",
            field=models.JSONField(db_default=models.Value([], output_field=models.JSONField()), default=list),
        ),
    ]
