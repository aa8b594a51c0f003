"""What the ledgers say of a sale, in the words of the table: the offer's in ₹, and a subscription's pool in kWh."""

from __future__ import annotations

from decimal import Decimal

from cpo_portal.charging.balances.units import ENERGY, in_words
from cpo_portal.charging.models import Balance, BalanceEntry, EntryKind, Order
from offers.models import LedgerEntry, OfferCounter


def ledger_of(order: Order | None) -> str:
    """Return the pool's movements where the CPO has one, else the offer's."""
    pool = Balance.objects.filter(currency=ENERGY).first()
    return _offers() if pool is None else _pools(pool, order)


def _offers() -> str:
    entries = [f"{entry.kind} {entry.amount:.2f}" for entry in LedgerEntry.objects.order_by("id")]
    counter = OfferCounter.objects.get()
    return f"{', '.join(entries) or '–'} ({counter.uses_reserved} held, {counter.uses_committed} used)"


def _pools(pool: Balance, order: Order | None) -> str:
    """What other sales move is seen in what is left alone; what no sale moves, but the first top-up, is said too."""
    rows = BalanceEntry.objects.filter(balance=pool).exclude(kind=EntryKind.TOP_UP).order_by("id")
    entries = [f"{row.kind} {_kwh(row.amount)}" for row in rows if row.order_id in {None, order and order.pk}]
    return f"{', '.join(entries) or '–'} ({_kwh(pool.amount)} left, {_kwh(pool.held)} held)"


def _kwh(wh: Decimal) -> str:
    return in_words(wh, ENERGY).removesuffix(" kWh")
