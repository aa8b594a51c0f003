"""What orders hold of products that offers give: one guarded UPDATE per product, in the order of their ids.

Every function runs in the ledger's transaction, after it has locked the order, its redemptions and its codes. What a
stock row calls reserved is promised and still on the shelf; nobody counts a product without a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from cpo_portal.charging.models import Order
from offers.models import Redemption, RedemptionState

_ROW = "FROM network_product p WHERE p.id = k.product_id AND p.cpo_id = %(cpo)s AND p.product_id = %(product)s"
_TAKE = f"""
WITH taken AS (
    UPDATE network_productstock k SET reserved = k.reserved + %(units)s {_ROW}
    AND k.units - k.reserved >= %(units)s RETURNING 1
)
SELECT EXISTS (SELECT FROM taken), EXISTS (SELECT FROM network_productstock k, network_product p
    WHERE p.id = k.product_id AND p.cpo_id = %(cpo)s AND p.product_id = %(product)s)
"""  # noqa: S608
# Whoever stops counting and begins again has a row that knows of no promises: it never goes below nothing.
_GIVE = f"UPDATE network_productstock k SET reserved = GREATEST(k.reserved - %(units)s, 0) {_ROW}"  # noqa: S608
_DRAW = f"""
UPDATE network_productstock k SET units = GREATEST(k.units - %(units)s, 0),
    reserved = GREATEST(k.reserved - %(units)s, 0) {_ROW}
"""  # noqa: S608
_PUT_BACK = f"UPDATE network_productstock k SET units = k.units + %(units)s {_ROW}"  # noqa: S608


@dataclass(frozen=True, slots=True)
class HeldItem:
    """Units of a product that an offer gives an order; `counted` where they are held in stock."""

    product_id: str
    units: int
    counted: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"product_id": self.product_id, "units": self.units, "counted": self.counted}


def items_of(redemption: Redemption) -> list[HeldItem]:
    """Return what a redemption gives of products."""
    return [HeldItem(**row) for row in redemption.items]


def own_units(order: Order) -> dict[str, int]:
    """Return what this order itself holds in stock, so that a new price does not count it against it."""
    found: dict[str, int] = {}
    for redemption in Redemption.objects.filter(order=order, state=RedemptionState.RESERVED).exclude(items=[]):
        _add(found, items_of(redemption))
    return found


def move(order: Order, old: Sequence[Redemption], wanted: Mapping[str, int]) -> dict[str, bool] | str:
    """Hold these units (by product) instead of those of the redemptions.

    Return which of the products are counted, or the first product of which there are too few.
    """
    given: dict[str, int] = {}
    for redemption in old:
        _add(given, items_of(redemption))
    counted: dict[str, bool] = {}
    with connection.cursor() as cursor:
        for product in sorted({*given, *wanted}):
            before, after = given.get(product, 0), wanted.get(product, 0)
            values: dict[str, Any] = {"cpo": order.cpo_id, "product": product, "units": abs(after - before)}
            if after < before:
                cursor.execute(_GIVE, values)
            if after <= before:
                counted[product] = after > 0
                continue
            cursor.execute(_TAKE, values)
            taken, is_counted = cursor.fetchone()
            if is_counted and not taken:
                return product
            counted[product] = is_counted
    return counted


def settle(outcomes: Sequence[tuple[Redemption, Decimal | None]]) -> None:
    """Take what was given off the shelf, and give back what was released (None)."""
    drawn: dict[str, int] = {}
    freed: dict[str, int] = {}
    for redemption, amount in outcomes:
        _add(freed if amount is None else drawn, items_of(redemption))
    if not drawn and not freed:
        return
    cpo = outcomes[0][0].cpo_id
    with connection.cursor() as cursor:
        for product in sorted({*drawn, *freed}):
            for statement, units in ((_DRAW, drawn.get(product)), (_GIVE, freed.get(product))):
                if units:
                    cursor.execute(statement, {"cpo": cpo, "product": product, "units": units})


def put_back(parts: Sequence[tuple[Redemption, Decimal]]) -> None:
    """Put back what reversals of so much take back beyond what was taken back before: whole units, with the last all.

    The redemptions are as they were before.
    """
    found: dict[str, int] = {}
    for redemption, amount in parts:
        for item in items_of(redemption):
            units = _returned(item, redemption, redemption.reversed + amount)
            if item.counted and (more := units - (_returned(item, redemption, redemption.reversed))):
                found[item.product_id] = found.get(item.product_id, 0) + more
    if not found:
        return
    cpo = parts[0][0].cpo_id
    with connection.cursor() as cursor:
        for product in sorted(found):
            cursor.execute(_PUT_BACK, {"cpo": cpo, "product": product, "units": found[product]})


def _returned(item: HeldItem, redemption: Redemption, taken_back: Decimal) -> int:
    """Return the whole units that are back once so much of what the redemption gave is taken back."""
    if redemption.committed:
        return int(item.units * taken_back / redemption.committed)
    return 0  # what gave nothing in money gave nothing else either


def _add(found: dict[str, int], items: Iterable[HeldItem]) -> None:
    for item in items:
        if item.counted:
            found[item.product_id] = found.get(item.product_id, 0) + item.units
