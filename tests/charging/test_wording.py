"""What the order's page says of the codes that are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.charging.models import EventKind, Order, Payment
from cpo_portal.charging.wording import cancelled_by, event_in_words, payment_state, refund_reason, stop_reason
from offers.ordering.cancel import CancelledBy

STOPPED = {"session_id": "s-1", "register_wh": 41305200, "delivered_wh": 5200}
EVENTS: dict[str, tuple[EventKind, dict[str, Any], str]] = {
    "placed": (EventKind.PLACED, {"quote": "q-1"}, "quote q-1"),
    "paid": (
        EventKind.PAYMENT_REPORTED,
        {"payment_id": "p-1", "amount": "91.4500", "currency": "INR", "late": False},
        "₹91.45",
    ),
    "paid too late": (
        EventKind.PAYMENT_REPORTED,
        {"payment_id": "p-1", "amount": "91.4500", "currency": "INR", "late": True},
        "₹91.45, too late for the order",
    ),
    "unasked money": (
        EventKind.PAYMENT_UNASKED,
        {"notice": 1, "outcome": "WRONG_CURRENCY", "amount": "5.00", "currency": "USD"},
        "$5.00: another currency was paid",
    ),
    "confirmed": (EventKind.CONFIRMED, {}, "–"),
    "started": (EventKind.CHARGING_STARTED, {"session_id": "s-1", "register_wh": 41300000}, "meter at 41,300.000 kWh"),
    "stopped by the system": (
        EventKind.CHARGING_STOPPED,
        STOPPED | {"reason": "Remote"},
        "5.200 kWh delivered; meter at 41,305.200 kWh; Remote",
    ),
    "ended by staff": (
        EventKind.CHARGING_STOPPED,
        STOPPED | {"reason": "EndedByStaff", "given_up": True},
        "5.200 kWh delivered; meter at 41,305.200 kWh; ended by staff",
    ),
    "stopped oddly": (
        EventKind.CHARGING_STOPPED,
        STOPPED | {"reason": "", "register_backwards": True},
        "5.200 kWh delivered; meter at 41,305.200 kWh; the register went backwards",
    ),
    "owes the driver": (
        EventKind.SETTLED,
        {"settlement": "REFUND", "amount": "31.86"},
        "₹31.86 comes back to the driver",
    ),
    "is owed": (EventKind.SETTLED, {"settlement": "SHORTFALL", "amount": "3.19"}, "₹3.19 is still to be paid"),
    "even": (EventKind.SETTLED, {"settlement": "NONE", "amount": "0"}, "nothing is owed"),
    "even with energy of a subscription": (
        EventKind.SETTLED,
        {"settlement": "NONE", "amount": "0", "energy_wh": 5200},
        "nothing is owed; 5.2 kWh drawn from the subscription",
    ),
    "cancelled with energy of a subscription": (
        EventKind.CANCELLED,
        {"by": "CONSUMER", "reason_id": "5", "refund": "77.73", "energy_wh": 5000},
        "by the driver; ₹77.73 comes back; 5 kWh back to the subscription",
    ),
    "bill with energy of a subscription refunded": (
        EventKind.BILL_REFUNDED,
        {"amount": "11.80", "reference": "case 8", "energy_wh": 1},
        "₹11.80 comes back, 0.001 kWh back to the subscription, case 8",
    ),
    "cancelled": (
        EventKind.CANCELLED,
        {"by": "CONSUMER", "reason_id": "5", "refund": "77.73"},
        "by the driver; ₹77.73 comes back",
    ),
    "refund due": (
        EventKind.REFUNDED,
        {"reason": "SETTLEMENT", "amount": "31.86", "currency": "INR"},
        "₹31.86: paid more than billed",
    ),
    "paid back": (
        EventKind.REFUND_PAID,
        {"reason": "CANCELLATION", "amount": "77.73", "currency": "INR", "reference": "UTR1"},
        "₹77.73: order cancelled, reference UTR1",
    ),
    "reversed": (
        EventKind.REVERSED,
        {"offer": "weekend25", "amount": "22.50", "reference": "case 7"},
        "weekend25: ₹22.50 taken back, case 7",
    ),
    "units reversed": (
        EventKind.REVERSED,
        {"offer": "coffee", "amount": "60.00", "units": "1 × coffee", "reference": "case 7"},
        "coffee: 1 × coffee taken back, case 7",
    ),
    "bill refunded": (
        EventKind.BILL_REFUNDED,
        {"amount": "51.45", "prepaid": "40.0000", "reference": "case 8"},
        "₹51.45 comes back, ₹40.00 to the prepaid balance, case 8",
    ),
    "bill of a forgotten driver refunded": (
        EventKind.BILL_REFUNDED,
        {"amount": "91.45", "ownerless": "40.00", "reference": "case 8"},
        "₹91.45 comes back (₹40.00 of a balance that nobody has any more), case 8",
    ),
    "exchanged for credit": (
        EventKind.EXCHANGED,
        {"offer": "old-cable", "amount": "300", "to": "BALANCE", "reference": "case 9"},
        "old-cable: ₹300.00 credited to the prepaid balance, case 9",
    ),
    "exchanged for money": (
        EventKind.EXCHANGED,
        {"offer": "old-cable", "amount": "300", "to": "REFUND", "reference": "case 9"},
        "old-cable: ₹300.00 paid back, case 9",
    ),
    "a second exchange": (
        EventKind.REFUNDED,
        {"reason": "EXCHANGE 2", "amount": "5.00", "currency": "INR"},
        "₹5.00: exchange returned",
    ),
    "referral rewarded": (
        EventKind.REFERRED,
        {"code": "K7RH3XPA", "amount": "50", "referrer": "100"},
        "₹50.00 credited to the driver, ₹100.00 to who sent them",
    ),
    "held for a reason": (EventKind.HELD, {"reason": "No tariff."}, "No tariff."),
    "held for its power": (
        EventKind.HELD,
        {"flags": ["REVIEW_POWER"]},
        "more power was metered than the connector gives",
    ),
    "of an earlier release": (EventKind.SETTLED, {"amount": "3.19"}, "amount: 3.19"),
    "without words": (EventKind.INTERRUPTED, {"session_id": "s-1"}, "session id: s-1"),
}


@pytest.mark.parametrize(("kind", "detail", "words"), EVENTS.values(), ids=EVENTS.keys())
def test_an_event_is_told_in_words(kind: EventKind, detail: dict[str, Any], words: str) -> None:
    assert event_in_words(kind, detail, "INR") == words


def test_who_cancelled_is_told_of_everyone_who_can() -> None:
    assert [cancelled_by(by.value) for by in CancelledBy] == ["the driver", "the CPO"]


def test_codes_without_words_stand_as_they_are_kept() -> None:
    assert (refund_reason("GOODWILL"), stop_reason("EVDisconnected")) == ("GOODWILL", "EVDisconnected")


PAID_AT = datetime(2026, 11, 1, tzinfo=UTC)
#: type, status, amount, when it was paid, the order's state → words, and whether it is asked for no more unpaid
PAYMENTS: dict[str, tuple[str, str, int, datetime | None, str, str, bool]] = {
    "asked-for": ("PRE-FULFILLMENT", "NOT-PAID", 90, None, "INITIALISED", "Not paid", False),
    "of-a-cancelled-order": ("PRE-FULFILLMENT", "NOT-PAID", 90, None, "CANCELLED", "Not asked for any more", False),
    "paid": ("RECOVERY", "PAID", 12, PAID_AT, "COMPLETE", "Paid", False),
    "paid-at-an-unknown-time": ("RECOVERY", "PAID", 12, None, "COMPLETE", "Paid", False),
    "void": ("RECOVERY", "VOID", 12, None, "COMPLETE", "Not asked for any more", True),
    "nothing-to-ask-for": ("PRE-FULFILLMENT", "PAID", 0, None, "ACTIVE", "Nothing to pay", False),
    "void-before-there-was-a-status": ("RECOVERY", "PAID", 0, None, "COMPLETE", "Not asked for any more", True),
    "a-shortfall-so": ("POST-FULFILLMENT", "PAID", 0, None, "COMPLETE", "Not asked for any more", True),
}


@pytest.mark.parametrize("case", PAYMENTS.values(), ids=PAYMENTS.keys())
def test_what_became_of_a_request_for_money(case: tuple[str, str, int, datetime | None, str, str, bool]) -> None:
    kind, status, amount, at, state, words, void = case
    payment = Payment(type=kind, status=status, amount=Decimal(amount), paid_at=at, order=Order(state=state))
    assert (payment_state(payment), payment.is_void) == (words, void)
