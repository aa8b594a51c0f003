"""What an order does with its customer's prepaid balances of money and of energy, as buyer apps are told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from beckn.protocol.order_views import PoolView, PrepaidView
from cpo_portal.charging.balances.holds import taken_by
from cpo_portal.charging.balances.units import ENERGY, in_words
from cpo_portal.charging.models import Balance, BalanceHold, EventKind, HoldState, Order
from pricing.engine.money import Money

_KWH = Decimal("0.001")


def prepaid_views(order: Order) -> tuple[tuple[PrepaidView, ...], tuple[PoolView, ...]]:
    """Return the balances that the order holds or has drawn on, of money and of energy, as they came to it."""
    found: dict[Balance, list[BalanceHold]] = {}
    for hold in BalanceHold.objects.filter(order=order).select_related("balance"):
        if hold.state == HoldState.HELD or hold.taken:
            found.setdefault(hold.balance, []).append(hold)
    money = (_view(balance, holds) for balance, holds in found.items() if balance.currency != ENERGY)
    pools = (_pool(balance, holds) for balance, holds in found.items() if balance.currency == ENERGY)
    return tuple(money), tuple(pools)


def gave_back(order: Order) -> str:
    """Return the sentence of a cancelled order that nothing but a balance had paid; "" where that is not so."""
    credit = _of_cancellation(order).get("prepaid", "")
    if credit:
        return f"{Money(Decimal(credit), order.currency)} went back to the prepaid balance."
    return "By the refund terms nothing comes back." if taken_by(order) else ""


def energy_back(order: Order) -> str:
    """Return the sentence of the energy that a cancelled order gave back; "" where it had none."""
    energy = _of_cancellation(order).get("energy_wh", 0)
    return f"{in_words(energy, ENERGY)} went back to the subscription." if energy else ""


def _of_cancellation(order: Order) -> dict[str, Any]:
    event = order.events.filter(kind=EventKind.CANCELLED).first()
    return event.detail if event else {}


def _view(balance: Balance, holds: list[BalanceHold]) -> PrepaidView:
    held, drawn = _figures(holds)
    return PrepaidView(
        id=str(balance.pk),
        name=balance.name,
        left=Money(balance.amount, balance.currency),
        held=None if held is None else Money(held, balance.currency),
        drawn=None if drawn is None else Money(drawn, balance.currency),
        expires_at=balance.expires_at,
    )


def _pool(balance: Balance, holds: list[BalanceHold]) -> PoolView:
    held, drawn = _figures(holds)
    return PoolView(
        id=str(balance.pk),
        name=balance.name,
        left=_kwh(balance.amount),
        held=None if held is None else _kwh(held),
        drawn=None if drawn is None else _kwh(drawn),
        expires_at=balance.expires_at,
    )


def _figures(holds: list[BalanceHold]) -> tuple[Decimal | None, Decimal | None]:
    """Return what is held, or where nothing is, what was drawn."""
    held = [hold.amount for hold in holds if hold.state == HoldState.HELD]
    if held:
        return sum(held, Decimal(0)), None
    return None, sum((hold.taken for hold in holds), Decimal(0))


def _kwh(watt_hours: Decimal) -> Decimal:
    return watt_hours.scaleb(-3).quantize(_KWH)
