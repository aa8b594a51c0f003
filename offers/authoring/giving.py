"""What is refused of what an offer gives: numbers, prices, products and what it would have to combine with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from cpo_portal.network.catalogue import units_left
from cpo_portal.network.models import Product
from offers.authoring.amounts import is_amount
from offers.authoring.unread import Finding, partly, readable, told
from offers.engine.values import ItemUnit, OfferLimits
from offers.models import ItemUnitChoice, Offer
from offers.models.giving import OWN_ITEM, PAID_IS_CHOSEN, STANDS_ALONE
from pricing.engine.wording import money_text

if TYPE_CHECKING:
    from offers.authoring.content import OfferContent

OWN_FIELDS = ("item_unit", "qualifier_item_count", "benefit_item_count", "benefit_item_id", "item_value")
MOST_KWH = 2000
MOST_UNITS = 1000
_Findings = Iterable[Finding]


def check_giving(offer: Offer, content: OfferContent) -> _Findings:
    """Yield each fault as (field, sentence); what a type must say and may not say is the matrix's. In the scope."""
    if readable(content, ["item_unit"]) and content.item_unit not in {"", *ItemUnitChoice.values}:
        yield "item_unit", "Choose KWH, SESSION or PRODUCT."
        content = partly(content, ["item_unit"])
    value = content.item_value if readable(content, ["item_value"]) else None
    if value is not None and not is_amount(value):
        yield "item_value", "Use a number with at most two decimals."
        content = partly(content, ["item_value"])
    yield from told((_numbers, _price, _kept_apart, _chosen, _product), content)


def _numbers(content: OfferContent) -> _Findings:
    most, unit = (MOST_KWH, "number of kWh") if content.item_unit == ItemUnit.KWH else (MOST_UNITS, "number")
    for name in readable(content, ("qualifier_item_count", "benefit_item_count")):
        number = getattr(content, name)
        if number is not None and not 1 <= number <= most:
            yield name, f"Give a {unit} from 1 to {most}."


def _kept_apart(content: OfferContent) -> _Findings:
    """What is counted in kWh or sessions stands alone, and is given as what was bought."""
    if content.item_unit not in (ItemUnit.KWH, ItemUnit.SESSION):
        return
    read = readable(content, ("additive", "benefit_item_id"))
    if "additive" in read and content.additive:
        yield "additive", STANDS_ALONE
    if "benefit_item_id" in read and content.benefit_item_id:
        yield "benefit_item_id", OWN_ITEM


def _chosen(content: OfferContent) -> _Findings:
    if content.auto and _is_paid_product(content):
        yield "auto", PAID_IS_CHOSEN


def lock_products(content: OfferContent) -> None:
    """Keep the products that the content names until the transaction ends; the offer's row is locked.

    Who deletes a product locks its row first: it waits, and then finds the offer.
    """
    named = {content.benefit_item_id, content.stock_product_id, *content.item_ids, *content.qualifier_item_ids} - {""}
    if named:
        rows = Product.objects.filter(product_id__in=named).order_by("pk")
        list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def check_turns(item_unit: str, limits: OfferLimits) -> None:
    """Refuse an offer of sessions that a customer could take twice before the first one counts."""
    if item_unit == ItemUnit.SESSION.value and limits.uses_per_customer_day != 1:
        raise ValidationError(
            {"uses_per_customer_day": "An offer of sessions is given once a day to a customer: set it to 1."}
        )


def _price(content: OfferContent) -> _Findings:
    if content.item_value is not None and content.item_value < 0:
        yield "item_value", "A price cannot be negative: write 0 for nothing."


def _is_paid_product(content: OfferContent) -> bool:
    """Say whether the driver pays for products that come on top of what is bought."""
    value = content.item_value
    return content.item_unit == ItemUnit.PRODUCT and value is not None and value > 0


def _product(content: OfferContent) -> _Findings:
    name = content.benefit_item_id
    if not name or content.item_unit in (ItemUnit.KWH, ItemUnit.SESSION):
        return
    product = Product.objects.select_related("stock_row").filter(product_id=name).first()
    if product is None:
        yield "benefit_item_id", f"You have no product “{name}”: give the id of one of yours."
    elif not product.is_published:
        yield "benefit_item_id", f"“{name}” is not sold: publish the product first, or choose another."
    else:
        yield from told((_cheaper, _in_stock), content, product)


def _cheaper(content: OfferContent, product: Product) -> _Findings:
    if content.item_value is not None and content.item_value >= product.price:
        yield "item_value", _too_dear(product)


def _in_stock(content: OfferContent, product: Product) -> _Findings:
    left = units_left(product)
    if left is not None and left < (content.benefit_item_count or 0):
        name = product.product_id
        are_left = "none is left" if not left else "1 is left" if left == 1 else f"{left} are left"
        yield "benefit_item_id", f"“{name}” is out of stock, {are_left}: raise its stock, or give fewer."


def _too_dear(product: Product) -> str:
    price = money_text(product.price, product.currency)
    if not product.price:
        return f"“{product.product_id}” costs nothing itself: give it a price first, or choose another product."
    return f"“{product.product_id}” costs {price}: give a lower price."
