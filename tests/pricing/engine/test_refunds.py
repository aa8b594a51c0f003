"""What comes back: refund terms applied to what was paid, and the bill against the prepayment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from pricing.engine.money import CurrencyMismatch, Money
from pricing.engine.refunds import RefundTerm, decide_refund
from pricing.engine.settle import SettlementKind, settlement


def inr(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


EARLY = RefundTerm("PENDING", 240, True, Decimal(85), None, timedelta(days=5), "85 % up to four hours before")
LATE = RefundTerm("PENDING", 30, True, None, Decimal(20), None, "₹20 up to half an hour before")
NONE = RefundTerm("ACTIVE", -100_000, False, None, None, None, "nothing once charging has begun")
WHOLE = RefundTerm("CREATED", 0, True, None, None, None, "all of it")
TERMS = (LATE, NONE, EARLY, WHOLE)


@pytest.mark.parametrize(
    ("state", "minutes", "paid", "refund", "term"),
    [
        pytest.param("PENDING", 240, "118.00", "100.30", EARLY, id="85-percent-of-118"),
        pytest.param("PENDING", 239, "118.00", "20.00", LATE, id="a-minute-late-for-the-first-tier"),
        pytest.param("PENDING", 30, "118.00", "20.00", LATE, id="the-second-tier-itself"),
        pytest.param("PENDING", 29, "118.00", "0.00", None, id="too-late-for-any"),
        pytest.param("PENDING", 30, "15.00", "15.00", LATE, id="never-more-than-was-paid"),
        pytest.param("PENDING", 240, "0.01", "0.01", EARLY, id="half-a-paisa-rounds-up"),
        pytest.param("PENDING", 240, "0.00", "0.00", EARLY, id="nothing-was-paid"),
        pytest.param("ACTIVE", -10, "118.00", "0.00", NONE, id="not-eligible"),
        pytest.param("CREATED", 0, "118.00", "118.00", WHOLE, id="no-percent-and-no-amount-is-all"),
        pytest.param("COMPLETED", 500, "118.00", "0.00", None, id="a-state-without-terms"),
    ],
)
def test_a_cancellation_refunds(state, minutes, paid, refund, term):
    decision = decide_refund(TERMS, paid=inr(paid), state=state, notice=timedelta(minutes=minutes))
    assert (decision.amount, decision.term) == (inr(refund), term)
    assert decide_refund(TERMS[::-1], paid=inr(paid), state=state, notice=timedelta(minutes=minutes)) == decision


@pytest.mark.parametrize(
    ("billed", "paid", "kind", "amount"),
    [
        pytest.param("94.64", "91.45", SettlementKind.SHORTFALL, "3.19", id="billed-more"),
        pytest.param("91.45", "94.64", SettlementKind.REFUND, "3.19", id="billed-less"),
        pytest.param("91.45", "91.46", SettlementKind.REFUND, "0.01", id="a-paisa-less"),
        pytest.param("91.46", "91.45", SettlementKind.SHORTFALL, "0.01", id="a-paisa-more"),
        pytest.param("91.45", "91.45", SettlementKind.NONE, "0.00", id="even"),
    ],
)
def test_bill_and_prepayment_differ_by(billed, paid, kind, amount):
    found = settlement(billed=inr(billed), paid=inr(paid))
    assert (found.kind, found.amount) == (kind, inr(amount))


def test_currencies_never_meet():
    with pytest.raises(CurrencyMismatch):
        settlement(billed=inr("1"), paid=Money(Decimal(1), "EUR"))
