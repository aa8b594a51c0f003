"""The energy of a subscription that an order draws on: held at init, taken by the bill, the rest given back.

It stands in the price: the terms say how much is included, so the quote, the cost so far and the bill go by it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from cpo_portal.charging.balances import holds as balance_holds
from cpo_portal.charging.balances.moves import NOTHING
from cpo_portal.charging.balances.units import ENERGY, Means
from cpo_portal.charging.models import Order
from offers import holdings
from offers.ordering.orders import LockedQuote
from offers.subscriptions import included_now, pool_of
from pricing.engine.metering import metered_supply
from pricing.engine.values import ChargingRequest, PriceTerms, Quote


class EnergyChanged(Exception):
    """Another order took or gave back energy since the price was made: it is made again."""


def hold_energy(order: Order, quote: Quote, *, held_until: datetime, now: datetime) -> None:
    """Hold the included energy of a quote, in place of what the order held; raises EnergyChanged, changing nothing.

    All balances that the order may draw on are locked here, money as well, which is held next.
    """
    holdings.lock_held(order)
    balance_holds.lock_all_of(order, now=now)
    terms, wanted = quote.terms, Decimal(0)
    if terms.included_wh is not None and order.customer_id is not None:
        found = included_now(terms, quote.request, order.customer_id, order_id=order.pk, now=now)
        if found != terms.included_wh:
            raise EnergyChanged
        wanted = Decimal(min(terms.included_wh, quote.energy_wh))
    held = balance_holds.hold(order, wanted, held_until=held_until, now=now, means=pool_of(terms))
    if held != wanted:
        raise RuntimeError(f"the quote of order {order.pk} includes {wanted} Wh, of which {held} could be held")


def covers(order: Order, quote: LockedQuote) -> bool:
    """Return whether the order still holds the energy that its quote includes."""
    included = min(quote.terms.included_wh or 0, quote.row.energy_wh)
    return not included or balance_holds.held_by(order, ENERGY) >= included


def as_drawn(terms: PriceTerms, order: Order, request: ChargingRequest, *, now: datetime) -> PriceTerms:
    """Return the terms with what the order can draw: what it holds, and of the same pools what is metered beyond it."""
    if terms.included_wh is None or request.delivery is None:
        return terms
    held, more = int(balance_holds.held_by(order, ENERGY)), 0
    delivered = metered_supply(request.delivery, request.max_power_w).energy_wh
    if held < delivered:
        more = int(balance_holds.left_of_held(order, pool_of(terms), now=now))
    return replace(terms, included_wh=min(max(held, delivered), held + more) or None)


def lock_held(order: Order, *, now: datetime) -> bool:
    """Lock all that the order may draw on where it holds energy, and say whether it does.

    The caller has locked the order, and its redemptions.
    """
    if not balance_holds.held_by(order, ENERGY):
        return False
    balance_holds.lock_all_of(order, now=now)
    return True


def draw_for_bill(order: Order, bill: Quote, *, now: datetime) -> int:
    """Take the Wh that the bill includes, of balances that the caller has locked; give the rest back."""
    held = balance_holds.held_by(order, ENERGY)
    if not held:
        return 0
    used = Decimal(min(bill.terms.included_wh or 0, bill.energy_wh))
    more = max(used - held, NOTHING)
    taken = balance_holds.draw(order, min(held, used), now=now, more=more, means=pool_of(bill.terms))
    if taken != used:
        raise RuntimeError(f"the bill of order {order.pk} includes {used} Wh, of which {taken} could be taken")
    return int(taken)


def give_back(order: Order, *, now: datetime) -> int:
    """Give back all energy that a cancelled order holds; return how many Wh that is."""
    held = balance_holds.held_by(order, ENERGY)
    if held:
        # Money is given back next: all is locked at once, by id.
        balance_holds.lock_all_of(order, now=now)
        balance_holds.draw(order, NOTHING, now=now, means=Means(ENERGY))
    return int(held)
