"""What orders hold of products that offers give: one guarded UPDATE per product, in the order of their ids.

Every function runs in the ledger's transaction, after it has locked the order, its redemptions and its codes. What a
stock row calls reserved is promised and still on the shelf; nobody counts a product without a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    """Units of a product that an offer gives an order; `counted` where they are held in stock.

    So many of them were `returned` after the bill.
    """

    product_id: str
    units: int
    counted: bool = False
    returned: int = 0

    @property
    def left(self) -> int:
        return self.units - self.returned

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"product_id": self.product_id, "units": self.units, "counted": self.counted}
        return row | ({"returned": self.returned} if self.returned else {})


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


def after_return(redemption: Redemption, units: Mapping[str, int], *, whole: bool) -> list[HeldItem]:
    """Return what a redemption gives once so many more units of it, or with `whole` all, have come back."""
    return [
        replace(x, returned=x.units if whole else min(x.units, x.returned + units.get(x.product_id, 0)))
        for x in items_of(redemption)
    ]


def put_back(parts: Sequence[tuple[Redemption, Sequence[HeldItem]]]) -> None:
    """Put on the shelf what has come back of redemptions, that are as they were before; each with what it is now."""
    found: dict[str, int] = {}
    for redemption, items in parts:
        for before, after in zip(items_of(redemption), items, strict=True):
            if before.counted and (more := after.returned - before.returned):
                found[before.product_id] = found.get(before.product_id, 0) + more
    if not found:
        return
    cpo = parts[0][0].cpo_id
    with connection.cursor() as cursor:
        for product in sorted(found):
            cursor.execute(_PUT_BACK, {"cpo": cpo, "product": product, "units": found[product]})


def _add(found: dict[str, int], items: Iterable[HeldItem]) -> None:
    for item in items:
        if item.counted:
            found[item.product_id] = found.get(item.product_id, 0) + item.units
