"""What comes back to balances, or is given to them, after a sale: drawn money of a refunded bill, and earned credit."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from cpo_portal.charging.balances import Moved, credit, lock_all
from cpo_portal.charging.models import BalanceHold, Order


def give_back_drawn(order: Order, *, reference: str) -> Decimal:
    """Credit each balance with what the order drew on it, once per reference; return how much that is in all.

    The caller has locked the order, and its redemptions. What comes back to a balance that is over expires with it.
    """
    drawn: dict[UUID, Decimal] = {}
    holds = list(BalanceHold.objects.filter(order=order, taken__gt=0).select_related("balance"))
    for each in holds:
        drawn[each.balance_id] = drawn.get(each.balance_id, Decimal(0)) + each.taken
    lock_all(drawn)
    for balance in {each.balance_id: each.balance for each in holds}.values():
        credit(balance, Moved(drawn[balance.pk], reference), order)
    return sum(drawn.values(), Decimal(0))
