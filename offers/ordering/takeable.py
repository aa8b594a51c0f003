"""What of an order's offers can still be taken back, and what that would do to its bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from cpo_portal.charging.models import Order
from offers.models import AdjustmentKind, Quote, Redemption, RedemptionState
from offers.names import product_names
from offers.ordering.recovering import Units, part_of
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
    if bill is None:
        return []
    rows = list(given_of(order).select_related("version", "offer"))
    names = product_names(item.product_id for row in rows for item in items_of(row))
    return [_one(order, bill, row, units, names) for row in rows for units in _units_of(row)]


def given_of(order: Order) -> QuerySet[Redemption]:
    """Return what the order was given and still has, but for exchanges that were valued."""
    rows = Redemption.objects.filter(order=order, state=RedemptionState.COMMITTED)
    return rows.exclude(adjustments__kind=AdjustmentKind.EXCHANGE_VALUED).order_by("created_at", "pk")


def _units_of(row: Redemption) -> list[Units] | list[None]:
    """Return what is left of each product that the offer gave, None alone where it gave an amount."""
    left = {item.product_id: item.left for item in items_of(row) if item.left}
    return [Units(count, item_id) for item_id, count in left.items()] or [None]


def _one(order: Order, bill: Quote, row: Redemption, wanted: Units | None, names: Mapping[str, str]) -> Takeable:
    part = part_of(row, bill, wanted)
    change = change_of(order, bill, row.offer.offer_id, part)
    if wanted is None:
        return Takeable(row, part.amount, change)
    name = names.get(wanted.item_id, wanted.item_id)
    return Takeable(row, part.amount, change, wanted.item_id, name, wanted.count or 0)
