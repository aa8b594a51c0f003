"""What is refused of what an offer gives: numbers, prices, products and what it would have to combine with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import connection

from cpo_portal.network.catalogue import units_left
from cpo_portal.network.models import Product
from offers.authoring.amounts import is_amount
from offers.engine.values import ItemUnit, OfferLimits
from offers.known import is_remembering
from offers.models import ItemUnitChoice, Offer
from offers.models.giving import OWN_ITEM, PAID_IS_CHOSEN, STANDS_ALONE
from pricing.engine.wording import money_text

if TYPE_CHECKING:
    from offers.authoring.content import OfferContent

OWN_FIELDS = ("item_unit", "qualifier_item_count", "benefit_item_count", "benefit_item_id", "item_value")
MOST_KWH = 2000
MOST_UNITS = 1000
_Findings = Iterable[tuple[str, str]]


def check_giving(offer: Offer, content: OfferContent) -> _Findings:
    """Yield each fault as (field, sentence); what a type must say and may not say is the matrix's. In the scope."""
    if content.item_unit and content.item_unit not in ItemUnitChoice.values:
        yield "item_unit", "Choose KWH, SESSION or PRODUCT."
        return
    most, unit = (MOST_KWH, "number of kWh") if content.item_unit == ItemUnit.KWH else (MOST_UNITS, "number")
    for name in ("qualifier_item_count", "benefit_item_count"):
        number = getattr(content, name)
        if number is not None and not 1 <= number <= most:
            yield name, f"Give a {unit} from 1 to {most}."
    yield from _value(content)
    if content.item_unit in (ItemUnit.KWH, ItemUnit.SESSION):
        if content.additive:
            yield "additive", STANDS_ALONE
        if content.benefit_item_id:
            yield "benefit_item_id", OWN_ITEM
        return
    if content.auto and _is_paid_product(content):
        yield "auto", PAID_IS_CHOSEN
    if content.benefit_item_id:
        yield from _product(offer, content)


def check_turns(item_unit: str, limits: OfferLimits) -> None:
    """Refuse an offer of sessions that a customer could take twice before the first one counts."""
    if item_unit == ItemUnit.SESSION.value and limits.uses_per_customer_day != 1:
        raise ValidationError(
            {"uses_per_customer_day": "An offer of sessions is given once a day to a customer: set it to 1."}
        )


def _value(content: OfferContent) -> _Findings:
    value = content.item_value
    if value is None:
        return
    if not is_amount(value):
        yield "item_value", "Use a number with at most two decimals."
    elif value < 0:
        yield "item_value", "A price cannot be negative: write 0 for nothing."


def _is_paid_product(content: OfferContent) -> bool:
    """Say whether the driver pays for products that come on top of what is bought."""
    value = content.item_value
    return content.item_unit == ItemUnit.PRODUCT and value is not None and value.is_finite() and value > 0


def _product(offer: Offer, content: OfferContent) -> _Findings:
    name = content.benefit_item_id
    rows = Product.objects.select_related("stock_row").filter(product_id=name)
    # Who deletes a product locks its row first: it waits, and then finds the offer.
    locks = connection.in_atomic_block and not is_remembering()
    product = (rows.select_for_update(no_key=True, of=("self",)) if locks else rows).first()
    if product is None:
        yield "benefit_item_id", f"You have no product “{name}”: choose one of yours."
    elif not product.is_published:
        yield "benefit_item_id", f"“{name}” is not sold: publish the product first, or choose another."
    elif content.item_value is not None and content.item_value >= product.price:
        yield "item_value", _too_dear(product)
    elif (left := units_left(product)) is not None and left < (content.benefit_item_count or 0):
        yield "benefit_item_id", f"“{name}” is out of stock, {left} are left: raise its stock, or give fewer."


def _too_dear(product: Product) -> str:
    price = money_text(product.price, product.currency)
    if not product.price:
        return f"“{product.product_id}” costs nothing itself: give it a price first, or choose another product."
    return f"“{product.product_id}” costs {price}: give a lower price."
