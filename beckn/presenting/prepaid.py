"""What an order does with its customer's prepaid balances, as buyer apps are told."""

from __future__ import annotations

from decimal import Decimal

from beckn.protocol.order_views import PrepaidView
from cpo_portal.charging.balance_holds import taken_by
from cpo_portal.charging.models import Balance, BalanceHold, EventKind, HoldState, Order
from pricing.engine.money import Money


def prepaid_views(order: Order) -> tuple[PrepaidView, ...]:
    """Return the balances that the order holds or has drawn on, in the order in which it came to them."""
    found: dict[Balance, list[BalanceHold]] = {}
    for hold in BalanceHold.objects.filter(order=order).select_related("balance"):
        if hold.state == HoldState.HELD or hold.taken:
            found.setdefault(hold.balance, []).append(hold)
    return tuple(_view(balance, holds) for balance, holds in found.items())


def gave_back(order: Order) -> str:
    """Return the sentence of a cancelled order that nothing but a balance had paid; "" where that is not so."""
    event = order.events.filter(kind=EventKind.CANCELLED).first()
    credit = event.detail.get("prepaid", "") if event else ""
    if credit:
        return f"{Money(Decimal(credit), order.currency)} went back to the prepaid balance."
    return "By the refund terms nothing comes back." if taken_by(order) else ""


def _view(balance: Balance, holds: list[BalanceHold]) -> PrepaidView:
    held = [hold.amount for hold in holds if hold.state == HoldState.HELD]
    return PrepaidView(
        id=str(balance.pk),
        name=balance.name,
        left=Money(balance.amount, balance.currency),
        held=Money(sum(held, Decimal(0)), balance.currency) if held else None,
        drawn=None if held else Money(sum((hold.taken for hold in holds), Decimal(0)), balance.currency),
        expires_at=balance.expires_at,
    )
