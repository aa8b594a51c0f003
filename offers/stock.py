"""What orders hold of products that they buy and that offers give: one guarded UPDATE per product, by their ids.

Every function runs in the ledger's transaction, after it has locked the order, its redemptions and its codes. What a
stock row calls reserved is promised and still on the shelf; nobody counts a product without a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.db import connection

from cpo_portal.charging.models import Order
from offers.models import Redemption, RedemptionState
from pricing.engine.values import ProductOrder

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


#: An order that buys no products.
NOTHING_BOUGHT: Mapping[str, int] = MappingProxyType({})


class OutOfStock(Exception):
    """Fewer units of a product are left than an order buys of it; nothing was held."""


@dataclass(frozen=True, slots=True)
class HeldItem:
    """Units of a product that an order buys or that an offer gives it; `counted` where they are held in stock.

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


def bought_by(order: Order) -> list[HeldItem]:
    """Return what an order holds, or was sold, of products that it buys."""
    return [HeldItem(**row) for row in order.products]


def units_bought(products: Iterable[ProductOrder]) -> dict[str, int]:
    """Return how many units are bought of each product, by its id."""
    found: dict[str, int] = {}
    for each in products:
        found[each.product_id] = found.get(each.product_id, 0) + each.count
    return found


def covers(order: Order, products: Iterable[ProductOrder]) -> bool:
    """Return whether the order still holds what it buys; a test holds nothing."""
    return order.sandbox or units_bought(products) == {x.product_id: x.units for x in bought_by(order)}


def own_units(order: Order) -> dict[str, int]:
    """Return what this order itself holds in stock, so that a new price does not count it against it."""
    found: dict[str, int] = {}
    _add(found, bought_by(order))
    for redemption in Redemption.objects.filter(order=order, state=RedemptionState.RESERVED).exclude(items=[]):
        _add(found, items_of(redemption))
    return found


def move(order: Order, old: Sequence[Redemption], wanted: Mapping[str, int]) -> dict[str, bool] | str:
    """Hold these units (by product) instead of those that the order buys and those of the redemptions.

    Return which of the products are counted, or the first product of which there are too few.
    """
    given: dict[str, int] = {}
    _add(given, bought_by(order))
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


def take_up(order: Order, products: Iterable[ProductOrder]) -> None:
    """Hold what the order buys, whatever its offers give it; raise OutOfStock in a transaction to be rolled back."""
    bought = units_bought(products)
    counted = move(order, (), bought)
    if isinstance(counted, str):
        raise OutOfStock(counted)
    keep(order, bought, counted)


def keep(order: Order, bought: Mapping[str, int], counted: Mapping[str, bool]) -> None:
    """Write down what the order buys, as it is held now."""
    rows = [HeldItem(x, units, counted.get(x, False)).to_json() for x, units in sorted(bought.items())]
    if rows != order.products:
        order.products = rows
        Order.objects.filter(pk=order.pk).update(products=rows)


def settle(order: Order, outcomes: Sequence[tuple[Redemption, Decimal | None]], *, is_sold: bool) -> None:
    """Take what was sold and given off the shelf, and give back what was released (None), or all that is not sold."""
    drawn: dict[str, int] = {}
    freed: dict[str, int] = {}
    _add(drawn if is_sold else freed, bought_by(order))
    if not is_sold:
        keep(order, {}, {})
    for redemption, amount in outcomes:
        _add(freed if amount is None else drawn, items_of(redemption))
    if not drawn and not freed:
        return
    with connection.cursor() as cursor:
        for product in sorted({*drawn, *freed}):
            for statement, units in ((_DRAW, drawn.get(product)), (_GIVE, freed.get(product))):
                if units:
                    cursor.execute(statement, {"cpo": order.cpo_id, "product": product, "units": units})


def after_return(redemption: Redemption, units: Mapping[str, int], *, whole: bool) -> list[HeldItem]:
    """Return what a redemption gives once so many more units of it, or with `whole` all, have come back."""
    return [
        replace(x, returned=x.units if whole else min(x.units, x.returned + units.get(x.product_id, 0)))
        for x in items_of(redemption)
    ]


def put_back(parts: Sequence[tuple[Redemption, Sequence[HeldItem]]], sold: Order | None = None) -> None:
    """Put on the shelf what has come back of redemptions, that are as they were before; each with what it is now.

    And all that the order `sold` has bought.
    """
    found: dict[str, int] = {}
    if sold is not None:
        _add(found, bought_by(sold))
    for redemption, items in parts:
        for before, after in zip(items_of(redemption), items, strict=True):
            if before.counted and (more := after.returned - before.returned):
                found[before.product_id] = found.get(before.product_id, 0) + more
    if not found:
        return
    cpo = sold.cpo_id if sold is not None else parts[0][0].cpo_id
    with connection.cursor() as cursor:
        for product in sorted(found):
            cursor.execute(_PUT_BACK, {"cpo": cpo, "product": product, "units": found[product]})


def _add(found: dict[str, int], items: Iterable[HeldItem]) -> None:
    for item in items:
        if item.counted:
            found[item.product_id] = found.get(item.product_id, 0) + item.units
