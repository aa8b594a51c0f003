"""What tests of given things share: products, offers that give them, and what is on the shelf."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from cpo_portal.network.models import Product, ProductStock
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import Offer, Redemption
from offers.tasks import release_expired, settle_stopped
from pricing.engine.values import EnergyMeasure
from tests.offers.ordering.sale import Sale
from tests.people import WEEKEND
from tests.world import World, ask_for

FREE = {"benefit_kind": "freebie", "benefit_item_count": 2, "benefit_item_id": "coffee"}
MORE = {"benefit_kind": "buyXgetY", "item_unit": "PRODUCT", "qualifier_item_count": 2, "benefit_item_count": 1}
KWH = MORE | {"item_unit": "KWH", "qualifier_item_count": 4, "item_value": Decimal(5), "additive": False}


def make_product(world: World, units: int | None = 20, name: str = "coffee", price: str = "60") -> Product:
    with cpo_scope(world.cpo):
        product = Product.objects.create(cpo=world.cpo, product_id=name, name=name.title(), price=Decimal(price))
        if units is not None:
            ProductStock.objects.create(product=product, units=units)
    return product


def live(world: World, offer_id: str = "given", *, limits: OfferLimits | None = None, **said: Any) -> Offer:
    none: dict[str, Any] = {
        "value": None,
        "value_cap": None,
        "value_type": "",
        "weekly_windows": (),
        "display_code": "",
        "additive": True,
    }
    content = replace(WEEKEND, **(none | said))
    made = authoring.create_offer(world.cpo, offer_id, content, limits=limits or OfferLimits())
    return authoring.publish(made) or made


def stock(world: World, product: str = "coffee") -> tuple[int, int]:
    """Return what is on the shelf, and how much of it is held."""
    with cpo_scope(world.cpo):
        row = ProductStock.objects.get(product__product_id=product)
    return row.units, row.reserved


def forget_all(world: World) -> None:
    """Let the time of every reservation be over."""
    with cpo_scope(world.cpo):
        over = timezone.now() - timedelta(seconds=1)
        Redemption.objects.update(reserved_until=over)
        Order.objects.update(payment_until=over)
    release_expired()


def sold(sale: Sale, wh: int, amount: str) -> None:
    sale.pay(amount)
    sale.start(sale.confirm())
    sale.charge(wh)
    settle_stopped()


def chosen(**said: Any) -> Any:
    return replace(ask_for(), **{"opted_in": ("given",), "measure": EnergyMeasure(5000)} | said)
