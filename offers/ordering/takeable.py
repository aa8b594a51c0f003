"""What of an order's offers can still be taken back, and what that would do to its bill."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from cpo_portal.charging.models import Order
from cpo_portal.network.models import Product
from offers.models import AdjustmentKind, Quote, Redemption, RedemptionState
from offers.ordering.recovering import Units, Wanted, part_of
from offers.ordering.reverse import change_of
from offers.stock import items_of


@dataclass(frozen=True, slots=True)
class Takeable:
    """What is left of an offer: an amount that it saved, or units of one product that it gave.

    `change` is by how much the bill rises, with its tax, where all of it is taken back; below 0 it falls.
    """

    redemption: Redemption
    amount: Decimal
    change: Decimal
    item_id: str = ""
    product: str = ""
    units: int = 0

    @property
    def key(self) -> str:
        """Return what names it in a form."""
        return f"{self.redemption.pk}/{self.item_id}" if self.item_id else str(self.redemption.pk)


def takeable_of(order: Order) -> list[Takeable]:
    """Return all that can be taken back of a billed order, as its offers were reserved; empty before its bill."""
    bill = Quote.objects.select_related("tariff_version").filter(order=order, is_bill=True).first()
    rows = given_of(order).select_related("version", "offer") if bill is not None else ()
    return [x for row in rows if bill is not None for x in _of(order, bill, row)]


def given_of(order: Order) -> QuerySet[Redemption]:
    """Return what the order was given and still has, but for exchanges that were valued."""
    rows = Redemption.objects.filter(order=order, state=RedemptionState.COMMITTED)
    return rows.exclude(adjustments__kind=AdjustmentKind.EXCHANGE_VALUED).order_by("created_at", "pk")


def _of(order: Order, bill: Quote, row: Redemption) -> list[Takeable]:
    left = {item.product_id: item.left for item in items_of(row) if item.left}
    if not left:
        return [_one(order, bill, row, None)]
    return [_one(order, bill, row, Units(count, item_id)) for item_id, count in left.items()]


def _one(order: Order, bill: Quote, row: Redemption, wanted: Wanted) -> Takeable:
    part = part_of(row, bill, wanted)
    change = change_of(order, bill, row.offer.offer_id, part)
    if not isinstance(wanted, Units):
        return Takeable(row, part.amount, change)
    name = Product.objects.filter(product_id=wanted.item_id).values_list("name", flat=True).first()
    return Takeable(row, part.amount, change, wanted.item_id, name or wanted.item_id, wanted.count or 0)
