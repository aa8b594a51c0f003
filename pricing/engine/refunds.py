"""What comes back when an order is cancelled: the CPO's refund terms applied to what was paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pricing.engine.money import Money, zero


@dataclass(frozen=True, slots=True)
class RefundTerm:
    """One tier: cancelled in this fulfillment state with at least so many minutes' notice before the start.

    `percent` is of what was paid, `amount` is in its currency; with neither, all of it. `within` is how long
    the refund may take. Not `eligible` means nothing comes back.
    """

    fulfillment_state: str
    notice_minutes: int
    eligible: bool
    percent: Decimal | None
    amount: Decimal | None
    within: timedelta | None
    description: str


@dataclass(frozen=True, slots=True)
class RefundDecision:
    """The refund and the tier it came from; `term` is None where no tier was met, and then nothing comes back."""

    amount: Money
    term: RefundTerm | None


def decide_refund(terms: Iterable[RefundTerm], *, paid: Money, state: str, notice: timedelta) -> RefundDecision:
    """Return the refund of the tier with the longest notice that is met; never more than was paid.

    `notice` is the time from the cancellation to the planned start, negative after it.
    """
    met = [x for x in terms if x.fulfillment_state == state and notice >= timedelta(minutes=x.notice_minutes)]
    if not met:
        return RefundDecision(zero(paid.currency), None)
    term = max(met, key=lambda x: x.notice_minutes)
    return RefundDecision(_refund(term, paid), term)


def _refund(term: RefundTerm, paid: Money) -> Money:
    if not term.eligible or paid.amount <= 0:
        return zero(paid.currency)
    if term.percent is not None:
        refund = (paid * (term.percent / 100)).rounded()
    elif term.amount is not None:
        refund = Money(term.amount, paid.currency).rounded()
    else:
        refund = paid.rounded()
    return min(refund, paid.rounded())
