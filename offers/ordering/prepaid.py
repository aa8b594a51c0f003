"""Prepaid money as a means of payment beside the quote: held at init, drawn by the bill, the rest given back.

The balance pays first and the gateway the rest, at init and in the bill alike. The price, and the tax in it, knows
nothing of it: ADR 0028 says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cpo_portal.charging.balances import holds as balance_holds
from cpo_portal.charging.models import Order, PaymentType
from offers import holdings
from offers.ordering import pools
from offers.ordering.orders import paid_for
from pricing.engine.money import Money

NOTHING = Decimal(0)


class Uncovered(Exception):
    """What the balance and the gateway have paid falls short of the price by `missing`."""

    def __init__(self, missing: Money) -> None:
        super().__init__(str(missing))
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Returned:
    """How a cancellation divides what comes back: by the gateway, to the balance, and so many Wh to the pools."""

    cash: Money
    credit: Money
    energy: int


def hold_for(order: Order, total: Decimal, *, wanted: bool, held_until: datetime, now: datetime) -> Decimal:
    """Hold of the customer's balances what is still to be paid, as far as they have it; return how much that is.

    Comes before any counter is taken, as the lock order has it; not `wanted`, what the order holds is given back.
    """
    holdings.lock_held(order)
    missing = total - paid_for(order).amount
    return balance_holds.hold(order, max(missing, NOTHING) if wanted else NOTHING, held_until=held_until, now=now)


def hold_again(order: Order, total: Decimal, *, wanted: bool, held_until: datetime, now: datetime) -> None:
    """Hold anew what an ended reservation had given back; raises Uncovered where the balances have it no more."""
    held = hold_for(order, total, wanted=wanted, held_until=held_until, now=now)
    missing = total - paid_for(order).amount - held
    if missing > 0:
        raise Uncovered(Money(missing, order.currency).rounded())


def covers(order: Order) -> bool:
    """Return whether the order still holds what its payment left to the balance."""
    asked = order.payments.filter(type=PaymentType.PRE_FULFILLMENT).values_list("amount", flat=True).first()
    return asked is None or balance_holds.held_by(order) >= order.quoted_amount - asked


def paid_in_all(order: Order) -> Money:
    """Return what the gateway reported as paid and what the balance holds for it."""
    return paid_for(order) + Money(balance_holds.held_by(order), order.currency).rounded()


def draw_for_bill(order: Order, billed: Money, *, now: datetime) -> Money:
    """Take the bill from what is held, and what is short from the balances that it holds; give the rest back."""
    held = balance_holds.held_by(order)
    short = billed.amount - held - paid_for(order).amount
    # A driver who declined the balance at init is not charged by it in the end.
    more = max(short, NOTHING) if held else NOTHING
    taken = balance_holds.draw(order, min(held, billed.amount), now=now, more=more)
    return Money(taken, order.currency).rounded()


def give_back(order: Order, kept: Money, *, now: datetime) -> Returned:
    """End the holds of a cancelled order of which the CPO keeps so much: the balance pays that first.

    Energy comes back whole: nothing of it was delivered.
    """
    holdings.lock_held(order)
    energy = pools.give_back(order, now=now)
    held = Money(balance_holds.held_by(order), order.currency).rounded()
    taken = Money(balance_holds.draw(order, kept.amount, now=now), order.currency).rounded()
    return Returned(cash=paid_for(order) - (kept - taken), credit=held - taken, energy=energy)
