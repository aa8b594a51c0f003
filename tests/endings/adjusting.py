"""Endings after the bill: an offer taken back, a bill refunded, both again, and an exchange that is returned."""

from __future__ import annotations

from typing import Any

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Redemption
from tests.endings.row import Outcome, Row
from tests.endings.stage import Stage
from tests.world import make_offer

TITLE = "after the bill"
INTRO = """5 kWh were delivered for the ₹91.45 that were paid. The bill stays as it was printed; the app is sent it less
what was taken back."""


def billed(stage: Stage) -> None:
    stage.charging()
    stage.later(minutes=20)
    stage.report_stop(5000)


def take_back(stage: Stage, amount: str = "", reference: str = "case 7") -> None:
    with cpo_scope(stage.world.cpo):
        offer = str(Redemption.objects.get().pk)
    data: dict[str, Any] = {"offer": offer, "amount": amount, "reference": reference, "reason": "Used twice"}
    stage.press_on_order("take_offer_back", **data)


def refund(stage: Stage) -> None:
    stage.press_on_order("refund_order", reference="case 8", reason="The charger hummed")


def taken_back(stage: Stage) -> None:
    billed(stage)
    take_back(stage)


def refunded(stage: Stage) -> None:
    billed(stage)
    refund(stage)


def exchanging(stage: Stage) -> None:
    """Sell with an exchange instead of the discount, and bill it."""
    meta: dict[str, Any] = {"benefit_kind": "exchange", "value": None, "value_type": "", "display_code": ""}
    make_offer(stage.world.cpo, "old-cable", value_cap=None, min_value=None, **meta)
    stage.authorised("old-cable")
    stage.report_start()
    stage.later(minutes=20)
    stage.report_stop(5000)


def value(stage: Stage, to: str) -> None:
    with cpo_scope(stage.world.cpo):
        offer = str(Redemption.objects.get().pk)
    data: dict[str, Any] = {"offer": offer, "value": "300", "credit_to": to}
    stage.press_on_order("value_exchange", **data, reference="case 9", reason="The cable is here")


ROWS = [
    Row(
        "take-back-part",
        "billed",
        "staff take ₹10 of the offer back",
        billed,
        lambda s: take_back(s, "10"),
        Outcome(
            message="“₹10.00 was taken back; the driver owes ₹11.80.”; on_update 103.25, SHORTFALL 11.80 DUE",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 22.50, REVERSE 10.00 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "take-back-all",
        "billed",
        "staff take the offer back",
        billed,
        take_back,
        Outcome(
            message="“₹22.50 was taken back; the driver owes ₹26.55.”; on_update 118.00, SHORTFALL 26.55 DUE",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 22.50, REVERSE 22.50 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "take-back-paid",
        "the offer was taken back",
        "the driver pays for it",
        taken_back,
        lambda s: s.notify(),
        Outcome(
            message="PAID; on_status 118.00",
            state="COMPLETE, COMPLETED, PAID, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50, REVERSE 22.50 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "refund-bill",
        "billed",
        "staff refund the bill",
        billed,
        refund,
        Outcome(
            message="“₹91.45 is due to the driver.”; on_update 91.45, REFUND 91.45 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50, REVERSE 22.50 (0 held, 1 used)",
            refund="BILL 91.45 INR DUE",
        ),
    ),
    Row(
        "refund-bill-owed",
        "the offer was taken back, and not paid for",
        "staff refund the bill",
        taken_back,
        refund,
        Outcome(
            message="“₹91.45 is due to the driver.”; on_update 118.00, REFUND 91.45 DUE",
            state="COMPLETE, COMPLETED, PAID, VOID",
            ledger="RESERVE 22.50, COMMIT 22.50, REVERSE 22.50 (0 held, 1 used)",
            refund="BILL 91.45 INR DUE",
        ),
    ),
    Row(
        "refund-bill-again",
        "the bill was refunded",
        "staff refund it again under the same reference",
        refunded,
        refund,
        Outcome(
            message="“Nothing was changed: case 8 had been written before, ₹91.45.”",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 22.50, COMMIT 22.50, REVERSE 22.50 (0 held, 1 used)",
            refund="BILL 91.45 INR DUE",
        ),
    ),
    Row(
        "exchange-credited",
        "billed with an exchange of a cable, which is at order time named alone",
        "the cable is returned; staff value it at ₹300 and credit the driver",
        exchanging,
        lambda s: value(s, "BALANCE"),
        Outcome(
            message="“₹300.00 was credited to the driver's balance.”; on_update 118.00",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 0.00, COMMIT 0.00 (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "exchange-paid-back",
        "billed with an exchange of a cable",
        "the cable is returned; staff value it at ₹300 and pay it back",
        exchanging,
        lambda s: value(s, "REFUND"),
        Outcome(
            message="“₹300.00 is due to the driver.”; on_update 118.00, REFUND 300.00 DUE",
            state="COMPLETE, COMPLETED, PAID",
            ledger="RESERVE 0.00, COMMIT 0.00 (0 held, 0 used)",
            refund="EXCHANGE 300.00 INR DUE",
        ),
    ),
]
