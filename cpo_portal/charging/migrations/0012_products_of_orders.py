"""What an order buys of products is held in stock, as what offers give is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("charging", "0011_list_changes")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="products",
            field=models.JSONField(
                db_default=models.Value([], output_field=models.JSONField()), default=list, editable=False
            ),
        ),
    ]
