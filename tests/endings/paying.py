"""Endings of money: late, twice, too much, too little, in another currency, corrected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.endings.row import Outcome, Row
from tests.endings.stage import Stage

TITLE = "payment"
INTRO = """₹91.45 are asked for. Any other amount is no payment of the order: all of it comes back. A report under a
reference that is known is the same money."""


def pay(amount: str, **changes: str) -> Callable[[Stage], Any]:
    """Return: the gateway reports that amount."""
    return lambda stage: stage.notify(amount, **changes)


def failed(stage: Stage) -> None:
    stage.notify(status="FAILED")


def overdue(stage: Stage) -> None:
    stage.placed()
    stage.later(minutes=20)


def cancelled(stage: Stage) -> None:
    stage.placed()
    stage.cancel()


def billed(stage: Stage) -> None:
    stage.charging()
    stage.later(minutes=20)
    stage.report_stop(5200)


def shortfall_paid(stage: Stage) -> None:
    billed(stage)
    stage.notify()


def paid_with_reference(stage: Stage) -> None:
    stage.placed()
    stage.notify(reference="upi-1")


def same_reference(stage: Stage) -> None:
    stage.notify(reference="upi-1")


def paid_less(stage: Stage) -> None:
    stage.placed()
    stage.notify("50.00")


def misreported(stage: Stage) -> None:
    stage.placed()
    stage.notify("50.00", reference="upi-1")


def corrected(stage: Stage) -> None:
    stage.notify(reference="upi-1")


def dollars(stage: Stage) -> None:
    stage.notify(currency="USD")


def nonsense(stage: Stage) -> None:
    stage.notify(currency="points")


def nothing(stage: Stage) -> None:
    stage.notify("0.00")


def paid_twice(stage: Stage) -> None:
    stage.paid()
    stage.notify()


def pay_back(stage: Stage) -> None:
    stage.press(f"refund/{stage.refund().pk}", "mark_paid_back", reference="UTR-77")


ROWS = [
    Row(
        "pay",
        "placed",
        "₹91.45 are paid",
        lambda s: s.placed(),
        lambda s: s.notify(),
        Outcome(
            message="PAID; on_status 91.45",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "pay-failed",
        "placed",
        "the gateway reports FAILED",
        lambda s: s.placed(),
        failed,
        Outcome(
            message="NOT_PAID",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "pay-nothing",
        "paid",
        "the gateway reports that ₹0.00 are paid",
        lambda s: s.paid(),
        nothing,
        Outcome(
            message="NOT_PAID",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "pay-late",
        "placed; the 15 minutes to pay are over",
        "₹91.45 are paid",
        overdue,
        lambda s: s.notify(),
        Outcome(
            message="PAID; on_status 91.45",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "pay-cancelled",
        "cancelled by the buyer, unpaid",
        "₹91.45 are paid",
        cancelled,
        lambda s: s.notify(),
        Outcome(
            message="PAID; on_status 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="LATE_PAYMENT 91.45 INR DUE",
        ),
    ),
    Row(
        "pay-twice",
        "paid",
        "₹91.45 are paid again under another reference",
        lambda s: s.paid(),
        lambda s: s.notify(),
        Outcome(
            message="ALREADY_PAID; on_status 91.45, REFUND 91.45 DUE",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="ALREADY_PAID 91.45 INR DUE",
        ),
    ),
    Row(
        "pay-twice-completed",
        "billed at ₹94.64, the shortfall is paid",
        "₹3.19 are paid again",
        shortfall_paid,
        lambda s: s.notify(),
        Outcome(
            message="ALREADY_PAID; on_status 94.64, REFUND 3.19 DUE",
            state="COMPLETE, COMPLETED, PAID, PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="ALREADY_PAID 3.19 INR DUE",
        ),
    ),
    Row(
        "pay-same-reference",
        "paid",
        "the gateway reports the same reference under a new event",
        paid_with_reference,
        same_reference,
        Outcome(
            message="ALREADY_PAID",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "pay-less",
        "placed",
        "₹50.00 are paid",
        lambda s: s.placed(),
        pay("50.00"),
        Outcome(
            message="WRONG_AMOUNT; on_status 91.45, REFUND 50.00 DUE",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="WRONG_AMOUNT 50.00 INR DUE",
        ),
    ),
    Row(
        "pay-more",
        "placed",
        "₹100.00 are paid",
        lambda s: s.placed(),
        pay("100.00"),
        Outcome(
            message="WRONG_AMOUNT; on_status 91.45, REFUND 100.00 DUE",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="WRONG_AMOUNT 100.00 INR DUE",
        ),
    ),
    Row(
        "pay-rest",
        "placed; ₹50.00 were paid",
        "₹91.45 are paid",
        paid_less,
        lambda s: s.notify(),
        Outcome(
            message="PAID; on_status 91.45, REFUND 50.00 DUE",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="WRONG_AMOUNT 50.00 INR DUE",
        ),
    ),
    Row(
        "pay-corrected",
        "placed; ₹50.00 were reported",
        "the gateway reports the same reference with ₹91.45",
        misreported,
        corrected,
        Outcome(
            message="PAID; on_status 91.45",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="WRONG_AMOUNT 50.00 INR VOID",
        ),
    ),
    Row(
        "pay-other-currency",
        "placed",
        "USD 91.45 are paid",
        lambda s: s.placed(),
        dollars,
        Outcome(
            message="WRONG_CURRENCY; on_status 91.45, REFUND 91.45 USD DUE",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="WRONG_CURRENCY 91.45 USD DUE",
        ),
    ),
    Row(
        "pay-no-currency",
        "placed",
        "the gateway reports money in a currency that nobody knows",
        lambda s: s.placed(),
        nonsense,
        Outcome(
            message="WRONG_CURRENCY",
            state="INITIALISED, PENDING, NOT-PAID, held for review",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "pay-back-unasked",
        "paid twice; the refund is due",
        "staff mark the refund as paid back",
        paid_twice,
        pay_back,
        Outcome(
            message="“₹91.45 is noted as paid back.”; on_status 91.45, REFUND 91.45 PAID",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="ALREADY_PAID 91.45 INR PAID",
        ),
    ),
    Row(
        "pay-shortfall",
        "billed at ₹94.64",
        "the shortfall of ₹3.19 is paid",
        billed,
        lambda s: s.notify(),
        Outcome(
            message="PAID; on_status 94.64",
            state="COMPLETE, COMPLETED, PAID, PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "pay-while-charging",
        "charging",
        "₹91.45 are paid again",
        lambda s: s.charging(2600),
        pay("91.45"),
        Outcome(
            message="ALREADY_PAID; on_status 67.02, REFUND 91.45 DUE",
            state="ACTIVE, ACTIVE, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="ALREADY_PAID 91.45 INR DUE",
        ),
    ),
]
