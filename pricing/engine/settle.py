"""The difference between what was billed and what was paid: a value beside the quote, never a line of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pricing.engine.money import Money


class SettlementKind(StrEnum):
    """Who owes whom: the CPO the driver, the driver the CPO, or nobody."""

    REFUND = "REFUND"
    SHORTFALL = "SHORTFALL"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is still to be paid, always zero or more."""

    kind: SettlementKind
    amount: Money


def settlement(*, billed: Money, paid: Money) -> Settlement:
    """Compare a bill with the prepayment; raises CurrencyMismatch where they differ in currency."""
    difference = paid - billed
    if difference.amount > 0:
        return Settlement(SettlementKind.REFUND, difference)
    if difference.amount < 0:
        return Settlement(SettlementKind.SHORTFALL, -difference)
    return Settlement(SettlementKind.NONE, difference)
