"""Endings of a session that does not simply stop: interrupted, broken down, silent, endless, ended by staff."""

from __future__ import annotations

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import OfferPolicy
from tests.endings.row import Outcome, Row
from tests.endings.stage import Stage

TITLE = "while it charges"
INTRO = """A session that nobody ends goes by the last reading; nothing is extrapolated."""


def interrupted(stage: Stage) -> None:
    stage.charging(2600)
    stage.report_moment("interrupt")


def interrupted_at_4(stage: Stage) -> None:
    stage.charging(4000)
    stage.report_moment("interrupt")


def resumed_and_stopped(stage: Stage) -> None:
    stage.later(minutes=10)
    stage.report_moment("resume")
    stage.later(minutes=10)
    stage.report_stop(5000)


def breaks_down(stage: Stage) -> None:
    stage.report_status("OUTOFORDER")
    stage.later(minutes=6)


def broken(stage: Stage) -> None:
    stage.charging(4000)
    stage.report_status("OUTOFORDER")


def back_and_stopped(stage: Stage) -> None:
    stage.later(minutes=3)
    stage.report_moment("resume")
    stage.later(minutes=10)
    stage.report_stop(5000)


def given_up(stage: Stage) -> None:
    stage.charging(4000)
    stage.later(minutes=61)


def asked_to_stop(stage: Stage) -> None:
    stage.charging(4000)
    stage.update("stop-charging")


def goes_on(stage: Stage) -> None:
    for _ in range(2):
        stage.later(minutes=31)
        stage.report_reading(4000)


def endless_at_a_strict_cpo(stage: Stage) -> None:
    with cpo_scope(stage.world.cpo):
        OfferPolicy.objects.create(cpo=stage.world.cpo, longest_hours=2)
    stage.charging()


def endless(stage: Stage) -> None:
    for hour in (1, 2):
        stage.later(minutes=55)
        stage.report_reading(2000 * hour)
    stage.later(minutes=15)
    stage.heard += stage.commands()


ROWS = [
    Row(
        "interrupted",
        "charging, 2.6 kWh",
        "the connection is interrupted",
        lambda s: s.charging(2600),
        lambda s: s.report_moment("interrupt"),
        Outcome(
            message="HTTP 200; on_status 67.02",
            state="ACTIVE, CONNECTION-INTERRUPTED, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "interrupted-and-back",
        "charging, interrupted at 2.6 kWh",
        "it charges again and stops at 5 kWh",
        interrupted,
        resumed_and_stopped,
        Outcome(
            message="HTTP 200; HTTP 200; on_status 67.02; on_update 91.45",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "interrupted-for-good",
        "charging, interrupted at 4 kWh",
        "nothing is heard for an hour",
        interrupted_at_4,
        lambda s: s.later(minutes=61),
        Outcome(
            message="on_update 75.52, REFUND 15.93 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 18.00 (0 held, 1 used)",
            refund="SETTLEMENT 15.93 INR DUE",
        ),
    ),
    Row(
        "broken",
        "charging, 4 kWh",
        "the charger is reported out of order",
        lambda s: s.charging(4000),
        lambda s: s.report_status("OUTOFORDER"),
        Outcome(
            message="HTTP 200; on_status 75.52",
            state="ACTIVE, CONNECTION-INTERRUPTED, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "broken-for-good",
        "charging, 4 kWh",
        "the charger is out of order for 5 minutes",
        lambda s: s.charging(4000),
        breaks_down,
        Outcome(
            message="HTTP 200; on_status 75.52; on_update 75.52, REFUND 15.93 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 18.00 (0 held, 1 used)",
            refund="SETTLEMENT 15.93 INR DUE",
        ),
    ),
    Row(
        "broken-and-back",
        "charging, 4 kWh, out of order",
        "it charges again within 5 minutes and stops at 5 kWh",
        broken,
        back_and_stopped,
        Outcome(
            message="HTTP 200; HTTP 200; on_status 75.52; on_update 91.45",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "broken-before-any-energy",
        "charging, nothing delivered yet",
        "the charger is out of order for 5 minutes",
        lambda s: s.charging(),
        breaks_down,
        Outcome(
            message="HTTP 200; on_status 11.80; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, COMPLETED, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "silent",
        "charging, 4 kWh",
        "nothing is heard for an hour",
        lambda s: s.charging(4000),
        lambda s: s.later(minutes=61),
        Outcome(
            message="on_update 75.52, REFUND 15.93 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 18.00 (0 held, 1 used)",
            refund="SETTLEMENT 15.93 INR DUE",
        ),
    ),
    Row(
        "silent-late-stop",
        "given up at 4 kWh after an hour's silence",
        "the charger reports its stop at 6 kWh",
        given_up,
        lambda s: s.report_stop(6000),
        Outcome(
            message="HTTP 200",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 18.00 (0 held, 1 used)",
            refund="SETTLEMENT 15.93 INR DUE",
        ),
    ),
    Row(
        "stop-ignored",
        "charging, 4 kWh; the app asked for the stop",
        "the charger goes on reporting for an hour",
        asked_to_stop,
        goes_on,
        Outcome(
            message="HTTP 200; HTTP 409 SESSION_STOPPED; on_update 75.52, REFUND 15.93 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 18.00 (0 held, 1 used)",
            refund="SETTLEMENT 15.93 INR DUE",
        ),
    ),
    Row(
        "endless",
        "charging; this CPO stops a session after 2 hours",
        "it charges for longer: the charger is asked to stop",
        endless_at_a_strict_cpo,
        endless,
        Outcome(
            message="HTTP 200; HTTP 200; STOP",
            state="ACTIVE, ACTIVE, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "staff-end",
        "charging, 4 kWh",
        "staff end the session on the order's page",
        lambda s: s.charging(4000),
        lambda s: s.press_on_order("end_session"),
        Outcome(
            message="“The session is ended; its bill follows.”; on_update 75.52, REFUND 15.93 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 18.00 (0 held, 1 used)",
            refund="SETTLEMENT 15.93 INR DUE",
        ),
    ),
]
