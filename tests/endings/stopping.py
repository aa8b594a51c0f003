"""Endings at the stop: more, less, nothing, too much, reported again, or after new terms were published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.endings.row import Outcome, Row
from tests.endings.stage import Stage

TITLE = "stop and bill"
INTRO = """₹91.45 were paid for 5 kWh with 25 % off from ₹50. The bill goes by the readings."""


def begun(minutes: int) -> Callable[[Stage], Any]:
    """Return: a session that began so many minutes ago and has sent no reading."""

    def arrange(stage: Stage) -> None:
        stage.charging()
        stage.later(minutes=minutes)

    return arrange


def stopped_by_the_app(stage: Stage) -> None:
    stage.update("stop-charging")
    stage.later(minutes=10)
    stage.report_stop(2000)


def held(stage: Stage) -> None:
    begun(20)(stage)
    stage.report_stop(52_000)


def billed(stage: Stage) -> None:
    begun(20)(stage)
    stage.report_stop(5200)


def again(stage: Stage) -> None:
    session = stage.session()
    assert session.stopped_at is not None
    body = {"at": session.stopped_at.isoformat(), "register_wh": session.last_register_wh}
    stage.report(f"sessions/{session.session_id}/stop", body)


def withdrawn(stage: Stage) -> None:
    stage.charging(4000)
    stage.move_offer("withdraw")
    stage.later(minutes=10)


def republished(stage: Stage) -> None:
    stage.charging()
    stage.publish_offer(10)
    stage.publish_tariff("20")
    stage.later(minutes=20)


ROWS = [
    Row(
        "stop-more",
        "charging",
        "it stops at 5.2 kWh",
        begun(20),
        lambda s: s.report_stop(5200),
        Outcome(
            message="HTTP 200; on_update 94.64, SHORTFALL 3.19 DUE",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "stop-less",
        "charging",
        "it stops at 4 kWh",
        begun(20),
        lambda s: s.report_stop(4000),
        Outcome(
            message="HTTP 200; on_update 75.52, REFUND 15.93 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 18.00 (0 held, 1 used)",
            refund="SETTLEMENT 15.93 INR DUE",
        ),
    ),
    Row(
        "stop-exact",
        "charging; no reading was ever sent",
        "it stops at 5 kWh",
        begun(20),
        lambda s: s.report_stop(5000),
        Outcome(
            message="HTTP 200; on_update 91.45",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "stop-below-minimum",
        "charging",
        "it stops at 2 kWh: ₹36 are below the offer's minimum",
        begun(20),
        lambda s: s.report_stop(2000),
        Outcome(
            message="HTTP 200; on_update 54.28, REFUND 37.17 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="SETTLEMENT 37.17 INR DUE",
        ),
    ),
    Row(
        "stop-by-the-app",
        "charging",
        "the app sends stop-charging; the charger stops at 2 kWh",
        lambda s: s.charging(),
        stopped_by_the_app,
        Outcome(
            message="HTTP 200; on_update 11.80; on_update 54.28, REFUND 37.17 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="SETTLEMENT 37.17 INR DUE",
        ),
    ),
    Row(
        "stop-nothing",
        "charging",
        "the driver stops before any energy flowed",
        begun(2),
        lambda s: s.report_stop(0, "Local"),
        Outcome(
            message="HTTP 200; on_update 11.80, REFUND 79.65 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="SETTLEMENT 79.65 INR DUE",
        ),
    ),
    Row(
        "stop-power-loss-nothing",
        "charging",
        "the power fails before any energy flowed",
        begun(2),
        lambda s: s.report_stop(0, "PowerLoss"),
        Outcome(
            message="HTTP 200; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, COMPLETED, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "stop-power-loss",
        "charging",
        "the power fails at 4 kWh",
        begun(20),
        lambda s: s.report_stop(4000, "PowerLoss"),
        Outcome(
            message="HTTP 200; on_update 75.52, REFUND 15.93 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 18.00 (0 held, 1 used)",
            refund="SETTLEMENT 15.93 INR DUE",
        ),
    ),
    Row(
        "stop-too-much",
        "charging for 20 minutes at 30 kW at most",
        "it stops at 52 kWh",
        begun(20),
        lambda s: s.report_stop(52000),
        Outcome(
            message="HTTP 200",
            state="ACTIVE, COMPLETED, PAID, held for review",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "stop-too-much-reviewed",
        "held: 52 kWh in 20 minutes",
        "staff bill it as metered",
        held,
        lambda s: s.press_on_order("bill_held"),
        Outcome(
            message="“The session is billed: ₹998.28.”; on_update 998.28, SHORTFALL 906.83 DUE",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 100.00 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "stop-twice",
        "billed",
        "the stop is reported again",
        billed,
        again,
        Outcome(
            message="HTTP 200",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "stop-changed",
        "billed",
        "another stop is reported",
        billed,
        lambda s: s.report_stop(9000),
        Outcome(
            message="HTTP 409 SESSION_STOPPED",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "withdrawn-while-charging",
        "charging, 4 kWh; the offer is withdrawn",
        "it stops at 5 kWh",
        withdrawn,
        lambda s: s.report_stop(5000),
        Outcome(
            message="HTTP 200; on_update 91.45",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "new-version-while-charging",
        "charging; new versions of offer and tariff are published",
        "it stops at 5 kWh",
        republished,
        lambda s: s.report_stop(5000),
        Outcome(
            message="HTTP 200; on_update 91.45",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50 (0 held, 1 used)",
            refund="–",
        ),
    ),
]
