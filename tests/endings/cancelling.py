"""Endings by a cancel: of the buyer, by state and notice, and of the CPO."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import RefundTerm
from tests.endings.row import Outcome, Row
from tests.endings.stage import Stage

TITLE = "cancel"
INTRO = """The CPO's terms here: 85 % at least 4 hours before the start, nothing later, nothing once the charger was
told to start."""


def ahead(hours: int) -> Callable[[Stage], Any]:
    """Return: a confirmed order of a session that many hours from now."""
    return lambda stage: stage.sold(start=timezone.now() + timedelta(hours=hours))


def authorised_with_terms(stage: Stage) -> None:
    stage.authorised()
    with cpo_scope(stage.world.cpo):
        RefundTerm.objects.filter(fulfillment_state="ACTIVE").update(refund_eligible=True, percent=Decimal(50))


def cancelled(stage: Stage) -> None:
    ahead(5)(stage)
    stage.cancel()


def interrupted(stage: Stage) -> None:
    stage.charging(2600)
    stage.report_moment("interrupt")


def billed(stage: Stage) -> None:
    stage.charging()
    stage.later(minutes=20)
    stage.report_stop(5200)


def broken(stage: Stage) -> None:
    stage.sold()
    stage.report_status("OUTOFORDER")


def by_the_cpo(stage: Stage) -> None:
    stage.press_on_order("cancel_order", reason="The site is closed.")


def cancelled_by_the_cpo(stage: Stage) -> None:
    stage.sold()
    by_the_cpo(stage)


def paid_back(stage: Stage) -> None:
    stage.press(f"refund/{stage.refund().pk}", "mark_paid_back", reference="UTR-77")


def paid_back_before(stage: Stage) -> None:
    cancelled_by_the_cpo(stage)
    paid_back(stage)


ROWS = [
    Row(
        "cancel-unpaid",
        "placed, not paid",
        "the buyer cancels",
        lambda s: s.placed(),
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 91.45, REFUND 0.00",
            state="CANCELLED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "cancel-paid",
        "paid, not confirmed",
        "the buyer cancels",
        lambda s: s.paid(),
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "cancel-5-hours-before",
        "confirmed, 5 hours before the start",
        "the buyer cancels",
        ahead(5),
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 91.45, REFUND 77.73 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 77.73 INR DUE",
        ),
    ),
    Row(
        "cancel-1-hour-before",
        "confirmed, an hour before the start",
        "the buyer cancels",
        ahead(1),
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 91.45, REFUND 0.00",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "cancel-again",
        "cancelled 5 hours before the start",
        "the buyer cancels again",
        cancelled,
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 91.45, REFUND 77.73 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 77.73 INR DUE",
        ),
    ),
    Row(
        "cancel-authorised",
        "the OTP was sent, the charger has not started",
        "the buyer cancels",
        lambda s: s.authorised(),
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 91.45, REFUND 0.00",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "cancel-authorised-half",
        "the OTP was sent, the charger has not started; this CPO gives 50 % then",
        "the buyer cancels",
        authorised_with_terms,
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 91.45, REFUND 45.73 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 45.73 INR DUE",
        ),
    ),
    Row(
        "cancel-charging",
        "charging",
        "the buyer cancels",
        lambda s: s.charging(2600),
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 50001",
            state="ACTIVE, ACTIVE, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "cancel-interrupted",
        "charging, interrupted",
        "the buyer cancels",
        interrupted,
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 50001",
            state="ACTIVE, CONNECTION-INTERRUPTED, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "cancel-completed",
        "billed",
        "the buyer cancels",
        billed,
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 50001",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "cancel-charger-out-of-order",
        "confirmed, the charger was reported out of order",
        "the buyer cancels",
        broken,
        lambda s: s.cancel(),
        Outcome(
            message="on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "cpo-cancels-paid",
        "paid, not confirmed",
        "the CPO cancels on the order's page",
        lambda s: s.paid(),
        by_the_cpo,
        Outcome(
            message="“The order is cancelled; ₹91.45 comes back to the driver.”; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "cpo-cancels-confirmed",
        "confirmed, an hour before the start",
        "the CPO cancels on the order's page",
        ahead(1),
        by_the_cpo,
        Outcome(
            message="“The order is cancelled; ₹91.45 comes back to the driver.”; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "cpo-cancels-charging",
        "charging",
        "the CPO cancels on the order's page",
        lambda s: s.charging(2600),
        by_the_cpo,
        Outcome(
            message="“The session is running. End it instead: it is billed by what was delivered.”",
            state="ACTIVE, ACTIVE, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "no-show",
        "confirmed",
        "the driver does not come within 30 minutes of the start",
        lambda s: s.sold(),
        lambda s: s.later(minutes=31),
        Outcome(
            message="on_cancel 91.45, REFUND 0.00",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "cpo-pays-back",
        "cancelled by the CPO; the refund is due",
        "staff mark the refund as paid back",
        cancelled_by_the_cpo,
        paid_back,
        Outcome(
            message="“₹91.45 is noted as paid back.”; on_status 91.45, REFUND 91.45 PAID",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR PAID",
        ),
    ),
    Row(
        "cpo-pays-back-twice",
        "the refund was paid back",
        "staff mark it again",
        paid_back_before,
        paid_back,
        Outcome(
            message="“This refund was paid back before, under the reference UTR-77.”",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR PAID",
        ),
    ),
]
