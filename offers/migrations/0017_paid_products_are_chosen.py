"""More products at a price are given to drivers who chose them: such an offer is not applied automatically."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0016_shared_limits"),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(("item_unit", "PRODUCT"), _negated=True),
                    ("item_value", None),
                    ("item_value", 0),
                    ("auto", False),
                    _connector="OR",
                ),
                name="offer_paid_product_is_chosen",
                violation_error_message="A driver who pays for the product chooses it: switch “applied automatically” "
                "off, or give it at 0.",
            ),
        ),
        ValidateConstraint(model_name="offerversion", name="offer_paid_product_is_chosen"),
    ]
