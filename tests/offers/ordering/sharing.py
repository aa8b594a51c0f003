"""What tests of shared limits share: an offer that groups use up together, and what is counted."""

from __future__ import annotations

from typing import Any

from cpo_portal.charging.models import Order
from offers.models import (
    CustomerCounter,
    GroupCounter,
    Offer,
)
from tests.offers.holds import SATURDAY, new_order
from tests.prepaid import customer
from tests.world import World, make_offer

SARAH, RAVI, MEERA = "+919000000001", "+919000000002", "+919000000003"


def shared(world: World, period: str = "", limit: int = 3, **said: Any) -> Offer:
    return make_offer(world.cpo, **{f"uses_per_customer{period}": limit}, shared_in_groups=True, **said)


def order_of(world: World, phone: str, name: str) -> Order:
    return new_order(world, customer(world.cpo, phone), name, SATURDAY)


def uses() -> tuple[dict[str, int], dict[str, int]]:
    """Return what is counted of all time: by phone's customer, and by the group's name."""
    return (
        {f"{row.customer_id}": row.uses for row in CustomerCounter.objects.all()},
        {row.group.name: row.uses for row in GroupCounter.objects.select_related("group")},
    )
