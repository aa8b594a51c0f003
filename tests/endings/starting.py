"""Endings at the start of charging: wrong codes, wrong times, wrong connectors, chargers that fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.endings.row import Outcome, Row
from tests.endings.stage import Stage, neighbour

TITLE = "start"
INTRO = """The driver's app sends the OTP; the charging system then reports the start. A charger that is out of order
for 5 minutes is given up."""


def ahead(hours: int) -> Callable[[Stage], Any]:
    """Return: a confirmed order of a session that many hours from now."""
    return lambda stage: stage.sold(start=timezone.now() + timedelta(hours=hours))


def send_otp(stage: Stage) -> None:
    stage.update("start-charging", stage.otp)


def wrong_otp(stage: Stage) -> None:
    stage.update("start-charging", f"{(int(stage.otp) + 1) % 1_000_000:06d}")


def start_before_the_otp(stage: Stage) -> None:
    stage.report_start(started_at=(timezone.now() - timedelta(minutes=5)).isoformat())


def start_in_the_future(stage: Stage) -> None:
    stage.report_start(started_at=(timezone.now() + timedelta(minutes=5)).isoformat())


def withdrawn(stage: Stage) -> None:
    stage.sold()
    stage.move_offer("withdraw")


def missed(stage: Stage) -> None:
    stage.sold()
    stage.turn_clock(timezone.now() + timedelta(minutes=31))


def cancelled(stage: Stage) -> None:
    stage.authorised()
    stage.press_on_order("cancel_order", reason="The site is closed.")


def breaks_down(stage: Stage) -> None:
    stage.report_status("OUTOFORDER")
    stage.later(minutes=6)


def broken_as_the_slot_ends(stage: Stage) -> None:
    """The slot is over 30 minutes after the start, and the charger is given up after 5."""
    stage.later(minutes=28)
    stage.report_status("OUTOFORDER")
    stage.later(minutes=3)


def broken_while_nobody_looked(stage: Stage) -> None:
    stage.report_status_unseen("OUTOFORDER")
    stage.later(minutes=31)


def broken_at_the_start(stage: Stage) -> None:
    stage.authorised()
    stage.report_status("OUTOFORDER")


def charges_all_the_same(stage: Stage) -> None:
    stage.later(minutes=1)
    stage.report_start()
    stage.later(minutes=20)
    stage.report_stop(5000)


def repaired(stage: Stage) -> None:
    stage.report_status("OUTOFORDER")
    stage.later(minutes=3)
    stage.report_status("AVAILABLE")
    stage.later(minutes=6)


ROWS = [
    Row(
        "start-wrong-otp",
        "confirmed",
        "the app sends a wrong OTP",
        lambda s: s.sold(),
        wrong_otp,
        Outcome(
            message="on_update 50002",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-early",
        "confirmed, 2 hours before the start",
        "the app sends the OTP",
        ahead(2),
        send_otp,
        Outcome(
            message="on_update 50002",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-late",
        "confirmed; the slot was missed, the sweep has not come yet",
        "the app sends the OTP",
        missed,
        send_otp,
        Outcome(
            message="on_update 50002",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start",
        "the OTP was sent",
        "the charging system reports the start",
        lambda s: s.authorised(),
        lambda s: s.report_start(),
        Outcome(
            message="HTTP 201; on_update 11.80",
            state="ACTIVE, ACTIVE, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-not-authorised",
        "confirmed",
        "the charging system reports a start that nobody asked for",
        lambda s: s.sold(),
        lambda s: s.report_start(),
        Outcome(
            message="HTTP 409 START_NOT_AUTHORIZED",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-before-the-otp",
        "the OTP was sent",
        "the start is reported as of 5 minutes before it",
        lambda s: s.authorised(),
        start_before_the_otp,
        Outcome(
            message="HTTP 409 BEFORE_START",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-in-the-future",
        "the OTP was sent",
        "the start is reported as of in 5 minutes",
        lambda s: s.authorised(),
        start_in_the_future,
        Outcome(
            message="HTTP 400 IN_THE_FUTURE",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-withdrawn",
        "confirmed; the offer is withdrawn",
        "the app sends the OTP",
        withdrawn,
        send_otp,
        Outcome(
            message="on_update 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-cancelled",
        "the OTP was sent; the CPO cancelled",
        "the charging system reports the start",
        cancelled,
        lambda s: s.report_start(),
        Outcome(
            message="HTTP 409 ORDER_NOT_ACTIVE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "start-other-connector",
        "the OTP was sent",
        "the start is reported on another connector",
        lambda s: s.authorised(),
        lambda s: s.report_start(item_id="pe-charging-02"),
        Outcome(
            message="HTTP 409 OTHER_CONNECTOR",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-busy-charger",
        "the OTP was sent; another connector of the charger charges",
        "the start is reported",
        neighbour,
        lambda s: s.report_start(),
        Outcome(
            message="HTTP 409 CONNECTOR_BUSY",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50, RESERVE 22.50 (2 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-never",
        "the OTP was sent",
        "the charger does not start for 30 minutes",
        lambda s: s.authorised(),
        lambda s: s.later(minutes=31),
        Outcome(
            message="on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "start-broken",
        "confirmed",
        "the charger is reported out of order and stays so for 5 minutes",
        lambda s: s.sold(),
        breaks_down,
        Outcome(
            message="HTTP 200; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "start-broken-repaired",
        "confirmed",
        "the charger is reported out of order, and available 3 minutes later",
        lambda s: s.sold(),
        repaired,
        Outcome(
            message="HTTP 200; HTTP 200",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "start-broken-as-the-slot-ends",
        "confirmed",
        "the charger is reported out of order 2 minutes before the slot is over; the driver could not start",
        lambda s: s.sold(),
        broken_as_the_slot_ends,
        Outcome(
            message="HTTP 200; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "start-broken-unseen",
        "confirmed",
        "the charger is out of order for the whole slot, and the scheduler stands still",
        lambda s: s.sold(),
        broken_while_nobody_looked,
        Outcome(
            message="HTTP 200; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "start-although-broken",
        "the OTP was sent; the charger was reported out of order",
        "it starts all the same, charges for 20 minutes and stops at 5 kWh",
        broken_at_the_start,
        charges_all_the_same,
        Outcome(
            message="HTTP 201; HTTP 200; on_update 11.80; on_update 91.45",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "start-broken-early",
        "confirmed, 2 hours before the start",
        "the charger is reported out of order for 5 minutes",
        ahead(2),
        breaks_down,
        Outcome(
            message="HTTP 200",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
]
