"""What a version gives for what is bought, as columns."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from offers.engine.values import ItemUnit
from offers.models.columns import MONEY

STANDS_ALONE = "An offer of kWh or sessions stands alone: let it combine with no other."
PAID_IS_CHOSEN = "A driver who pays for the product chooses it: switch “applied automatically” off, or give it at 0."
OWN_ITEM = "Only products may be given as another item: leave the product empty."


class ItemUnitChoice(models.TextChoices):
    KWH = ItemUnit.KWH.value, "kWh of the session"
    SESSION = ItemUnit.SESSION.value, "Sessions of the customer"
    PRODUCT = ItemUnit.PRODUCT.value, "Products"


class Giving(models.Model):
    """So many are bought, so many more are given at a value each: of the product named, else of what is bought."""

    item_unit = models.CharField(
        "what is counted", max_length=10, choices=ItemUnitChoice, blank=True, default="", db_default=""
    )
    qualifier_item_count = models.PositiveIntegerField("for every", null=True, blank=True)
    benefit_item_count = models.PositiveIntegerField("this many more", null=True, blank=True)
    benefit_item_id = models.CharField("of this product", max_length=100, blank=True, default="", db_default="")
    item_value = models.DecimalField("at this price each", **MONEY, null=True, blank=True)

    class Meta:
        abstract = True


GIVING_CONSTRAINTS = (
    models.CheckConstraint(
        condition=(Q(qualifier_item_count=None) | Q(qualifier_item_count__gt=0))
        & (Q(benefit_item_count=None) | Q(benefit_item_count__gt=0)),
        name="offer_item_counts_in_range",
        violation_error_message="Give numbers from 1 on.",
    ),
    models.CheckConstraint(
        condition=Q(item_value=None) | Q(item_value__gte=0),
        name="offer_item_value_not_negative",
        violation_error_message="A price cannot be negative: write 0 for nothing.",
    ),
    models.CheckConstraint(
        condition=Q(item_unit__in=["", ItemUnit.PRODUCT.value]) | Q(additive=False),
        name="offer_given_session_stands_alone",
        violation_error_message=STANDS_ALONE,
    ),
    models.CheckConstraint(
        condition=~Q(item_unit__in=[ItemUnit.KWH.value, ItemUnit.SESSION.value]) | Q(benefit_item_id=""),
        name="offer_given_item_is_a_product",
        violation_error_message=OWN_ITEM,
    ),
    models.CheckConstraint(
        condition=~Q(item_unit=ItemUnit.PRODUCT.value) | Q(item_value=None) | Q(item_value=0) | Q(auto=False),
        name="offer_paid_product_is_chosen",
        violation_error_message=PAID_IS_CHOSEN,
    ),
)
