"""Endings at confirm: what the reservation keeps, and what a confirm after it finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.endings.row import Outcome, Row
from tests.endings.stage import OFFER, Stage

TITLE = "confirm"
INTRO = """Init reserves the offer for 15 minutes, a reported payment for an hour; within that, confirm keeps every
price."""


def after_move(move: str) -> Callable[[Stage], Any]:
    """Return: staff move the offer, then confirm."""

    def act(stage: Stage) -> None:
        stage.move_offer(move)
        stage.confirm()

    return act


def exhausted(stage: Stage) -> None:
    stage.use_offer_up()
    stage.confirm()


def new_offer(stage: Stage) -> None:
    stage.publish_offer(10)
    stage.confirm()


def new_tariff(stage: Stage) -> None:
    stage.publish_tariff("20")
    stage.confirm()


def late_sale(stage: Stage) -> None:
    """Let the reservation of a session in five hours end."""
    stage.placed(OFFER, start=timezone.now() + timedelta(hours=5))
    stage.later(minutes=20)


def late_sale_paused(stage: Stage) -> None:
    late_sale(stage)
    stage.move_offer("pause")


def late_sale_exhausted(stage: Stage) -> None:
    late_sale(stage)
    stage.use_offer_up()


def late_sale_dearer(stage: Stage) -> None:
    late_sale(stage)
    stage.publish_tariff("20")


def late_sale_dearer_by_amount(stage: Stage) -> None:
    stage.placed(OFFER, amount="100", unit="INR", start=timezone.now() + timedelta(hours=5))
    stage.later(minutes=20)
    stage.publish_tariff("20")


def late_sale_cheaper(stage: Stage) -> None:
    late_sale(stage)
    stage.publish_tariff("16")


def paid_long_ago(stage: Stage) -> None:
    stage.paid(OFFER, start=timezone.now() + timedelta(hours=5))
    stage.later(minutes=70)


def slot_over(stage: Stage) -> None:
    stage.placed()
    stage.later(minutes=40)


def cancelled(stage: Stage) -> None:
    stage.placed()
    stage.cancel()


def pay_and_confirm() -> Callable[[Stage], Any]:
    """Return: the money comes, then confirm."""

    def act(stage: Stage) -> None:
        stage.notify()
        stage.confirm()

    return act


ROWS = [
    Row(
        "confirm-unpaid",
        "placed, not paid",
        "confirm",
        lambda s: s.placed(),
        lambda s: s.confirm(),
        Outcome(
            message="on_confirm 40000",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm",
        "paid",
        "confirm",
        lambda s: s.paid(),
        lambda s: s.confirm(),
        Outcome(
            message="on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-again",
        "confirmed",
        "confirm is sent again",
        lambda s: s.sold(),
        lambda s: s.confirm(),
        Outcome(
            message="on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-paused",
        "paid",
        "the offer is paused; confirm",
        lambda s: s.paid(OFFER),
        after_move("pause"),
        Outcome(
            message="on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-ended",
        "paid",
        "the offer is ended; confirm",
        lambda s: s.paid(OFFER),
        after_move("end"),
        Outcome(
            message="on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-withdrawn",
        "paid",
        "the offer is withdrawn; confirm",
        lambda s: s.paid(OFFER),
        after_move("withdraw"),
        Outcome(
            message="on_confirm 30006; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "confirm-exhausted",
        "paid",
        "others take all other uses; confirm",
        lambda s: s.paid(OFFER),
        exhausted,
        Outcome(
            message="on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 4 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-new-offer-version",
        "paid",
        "a version of the offer with 10 % is published; confirm",
        lambda s: s.paid(),
        new_offer,
        Outcome(
            message="on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-new-tariff",
        "paid",
        "a tariff of ₹20/kWh is published; confirm",
        lambda s: s.paid(),
        new_tariff,
        Outcome(
            message="on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-late",
        "placed; the reservation ended and was freed",
        "paid after the window; confirm at the same price",
        late_sale,
        pay_and_confirm(),
        Outcome(
            message="PAID; on_status 91.45; on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50, RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-late-paused",
        "placed; the reservation ended; the offer was paused",
        "paid after the window; confirm asks for the offer",
        late_sale_paused,
        pay_and_confirm(),
        Outcome(
            message="PAID; on_status 91.45; on_confirm 30006; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "confirm-late-exhausted",
        "placed; the reservation ended; others took the last use",
        "paid after the window; confirm asks for the offer",
        late_sale_exhausted,
        pay_and_confirm(),
        Outcome(
            message="PAID; on_status 91.45; on_confirm 30006; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 5 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "confirm-late-dearer",
        "placed; the reservation ended; the tariff rose to ₹20/kWh",
        "paid after the window; confirm",
        late_sale_dearer,
        pay_and_confirm(),
        Outcome(
            message="PAID; on_status 91.45; on_confirm 40008; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "confirm-late-less-energy",
        "placed for ₹100 instead of 5 kWh; the reservation ended; the tariff rose to ₹20/kWh",
        "paid after the window; confirm: the same money would buy 4.5 kWh",
        late_sale_dearer_by_amount,
        pay_and_confirm(),
        Outcome(
            message="PAID; on_status 91.45; on_confirm 40008; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "confirm-late-cheaper",
        "placed; the reservation ended; the tariff fell to ₹16/kWh",
        "paid after the window; confirm",
        late_sale_cheaper,
        pay_and_confirm(),
        Outcome(
            message="PAID; on_status 91.45; on_confirm 82.60",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50, RESERVE 20.00 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-late-paid-in-time",
        "paid; an hour went by",
        "confirm at the same price",
        paid_long_ago,
        lambda s: s.confirm(),
        Outcome(
            message="on_confirm 91.45",
            state="ACTIVE, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50, RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "confirm-slot-over",
        "placed; the slot is over",
        "paid; confirm",
        slot_over,
        pay_and_confirm(),
        Outcome(
            message="PAID; on_status 91.45; on_confirm 40003; on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
    Row(
        "confirm-cancelled",
        "cancelled",
        "confirm",
        cancelled,
        lambda s: s.confirm(),
        Outcome(
            message="on_confirm 40001",
            state="CANCELLED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "abandoned-unpaid",
        "placed, not paid",
        "a day goes by",
        lambda s: s.placed(),
        lambda s: s.later(hours=25),
        Outcome(
            message="on_cancel 91.45, REFUND 0.00",
            state="CANCELLED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "abandoned-paid",
        "paid, not confirmed",
        "a day goes by",
        lambda s: s.paid(),
        lambda s: s.later(hours=26),
        Outcome(
            message="on_cancel 91.45, REFUND 91.45 DUE",
            state="CANCELLED, PENDING, PAID",
            ledger="RESERVE 22.50, RELEASE 22.50 (0 held, 0 used)",
            refund="CANCELLATION 91.45 INR DUE",
        ),
    ),
]
