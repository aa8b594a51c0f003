"""What every movement of a prepaid balance is made of: the lock, the guarded figures, the entry. None goes below zero.

Every movement locks its balances by id, is one guarded UPDATE whose row count is checked, and writes one append-only
entry, once per reference. A caller that has an order has locked it, and its redemptions, before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q

from cpo_portal.accounts.models import User
from cpo_portal.charging.balances.units import in_words
from cpo_portal.charging.models import Balance, BalanceEntry, EntryKind, Order

NOTHING = Decimal(0)

#: What a movement of 1 does to (amount, held).
EFFECTS: Mapping[EntryKind, tuple[int, int]] = {
    EntryKind.TOP_UP: (1, 0),
    EntryKind.HOLD: (-1, 1),
    EntryKind.TAKE: (0, -1),
    EntryKind.RETURN: (1, -1),
    EntryKind.EXPIRE: (-1, 0),
    EntryKind.REFUND: (-1, 0),
    EntryKind.CREDIT: (1, 0),
}


class BalanceRefused(Exception):
    """A movement that cannot be; nothing was moved. `field` is the input at fault; the message says what to do."""

    def __init__(self, message: str, field: str = "amount") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Moved:
    """A movement by staff: how much, under which reference of the books, by whom and why."""

    amount: Decimal
    reference: str
    by: User | None = None
    note: str = ""


def is_over(balance: Balance, now: datetime) -> bool:
    """Tell whether the balance may not be used any more."""
    return balance.expires_at is not None and balance.expires_at <= now


def lock_all(balance_ids: Iterable[UUID]) -> None:
    """Lock many balances in the order of their ids, before they are moved in any other."""
    lock(Q(pk__in=list(balance_ids)))


def lock(condition: Q) -> list[Balance]:
    """Lock balances in the order of their ids, which is everybody's order."""
    rows = Balance.objects.select_for_update(no_key=True, of=("self",)).filter(condition).order_by("pk")
    return list(rows)


def move(balance: Balance, kind: EntryKind, moved: Moved, order: Order | None = None) -> BalanceEntry:
    """Change the two figures and write the entry; raises BalanceRefused where a figure would fall below zero."""
    amount, held = (moved.amount * factor for factor in EFFECTS[kind])
    changed = Balance.objects.filter(pk=balance.pk, amount__gte=-amount, held__gte=-held).update(
        amount=F("amount") + amount, held=F("held") + held
    )
    if changed != 1:
        left = in_words(balance.amount, balance.currency)
        raise BalanceRefused(f"Only {left} of this balance is held by no order: give that much or less.")
    balance.amount, balance.held = balance.amount + amount, balance.held + held
    return BalanceEntry.objects.create(
        cpo_id=balance.cpo_id,
        balance=balance,
        kind=kind,
        reference=moved.reference,
        amount=moved.amount,
        order=order,
        by=moved.by,
        note=moved.note,
    )
