"""Endings between select and init: the offer or the tariff changes while the driver thinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.endings.row import Outcome, Row
from tests.endings.stage import OFFER, Stage

TITLE = "select and init"
INTRO = """The quote of select keeps its tariff for 15 minutes; offers are judged again at init."""


def nothing(stage: Stage) -> None:
    """Nothing has been said yet."""


def after_move(move: str, *offers: str, action: str = "init") -> Callable[[Stage], Any]:
    """Return: staff move the offer, then init."""

    def act(stage: Stage) -> None:
        stage.move_offer(move)
        ask(stage, action, offers)

    return act


def exhausted(*offers: str, action: str = "init") -> Callable[[Stage], Any]:
    """Return: others use the offer up, then init."""

    def act(stage: Stage) -> None:
        stage.use_offer_up()
        ask(stage, action, offers)

    return act


def ask(stage: Stage, action: str, offers: tuple[str, ...]) -> None:
    if action == "init":
        stage.placed(*offers)
    else:
        stage.selected(*offers)


def new_offer(stage: Stage) -> None:
    stage.publish_offer(30)
    stage.placed()


def new_tariff(*, minutes: int) -> Callable[[Stage], Any]:
    """Return: a dearer tariff is published, then init after so many minutes."""

    def act(stage: Stage) -> None:
        start = stage.start
        stage.publish_tariff("20")
        stage.later(minutes=minutes)
        stage.placed(start=start)

    return act


ROWS = [
    Row(
        "select-paused",
        "searched",
        "the offer is paused; select asks for it",
        nothing,
        after_move("pause", OFFER, action="select"),
        Outcome(
            message="on_select 118.00",
            state="no order",
            ledger="– (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "select-exhausted",
        "searched",
        "others take the offer's last use; select asks for it",
        nothing,
        exhausted(OFFER, action="select"),
        Outcome(
            message="on_select 118.00",
            state="no order",
            ledger="– (0 held, 5 used)",
            refund="–",
        ),
    ),
    Row(
        "init-paused-opted-in",
        "selected with the offer",
        "the offer is paused; init asks for it",
        lambda s: s.selected(OFFER),
        after_move("pause", OFFER),
        Outcome(
            message="on_init 30006",
            state="no order",
            ledger="– (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "init-ended-opted-in",
        "selected with the offer",
        "the offer is ended; init asks for it",
        lambda s: s.selected(OFFER),
        after_move("end", OFFER),
        Outcome(
            message="on_init 30006",
            state="no order",
            ledger="– (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "init-withdrawn-opted-in",
        "selected with the offer",
        "the offer is withdrawn; init asks for it",
        lambda s: s.selected(OFFER),
        after_move("withdraw", OFFER),
        Outcome(
            message="on_init 30006",
            state="no order",
            ledger="– (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "init-exhausted-opted-in",
        "selected with the offer",
        "others take the offer's last use; init asks for it",
        lambda s: s.selected(OFFER),
        exhausted(OFFER),
        Outcome(
            message="on_init 30006",
            state="no order",
            ledger="– (0 held, 5 used)",
            refund="–",
        ),
    ),
    Row(
        "init-paused-automatic",
        "selected",
        "the offer is paused; init does not ask for it",
        lambda s: s.selected(),
        after_move("pause"),
        Outcome(
            message="on_init 118.00",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="– (0 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "init-exhausted-automatic",
        "selected",
        "others take the offer's last use; init does not ask for it",
        lambda s: s.selected(),
        exhausted(),
        Outcome(
            message="on_init 118.00",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="– (0 held, 5 used)",
            refund="–",
        ),
    ),
    Row(
        "init-new-offer-version",
        "selected",
        "a version of the offer with 30 % is published; init",
        lambda s: s.selected(),
        new_offer,
        Outcome(
            message="on_init 86.14",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 27.00 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "init-new-tariff",
        "selected",
        "a tariff of ₹20/kWh is published; init within the quote's 15 minutes",
        lambda s: s.selected(),
        new_tariff(minutes=5),
        Outcome(
            message="on_init 91.45",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "init-new-tariff-too-late",
        "selected",
        "a tariff of ₹20/kWh is published; init after the quote's 15 minutes",
        lambda s: s.selected(),
        new_tariff(minutes=16),
        Outcome(
            message="on_init 100.30",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 25.00 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "init-again",
        "placed",
        "init is sent again for the same cart",
        lambda s: s.placed(),
        lambda s: s.placed(),
        Outcome(
            message="on_init 91.45",
            state="INITIALISED, PENDING, NOT-PAID",
            ledger="RESERVE 22.50, RELEASE 22.50, RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
    Row(
        "init-after-payment",
        "paid",
        "init is sent again",
        lambda s: s.paid(),
        lambda s: s.placed(),
        Outcome(
            message="on_init 40001",
            state="INITIALISED, PENDING, PAID",
            ledger="RESERVE 22.50 (1 held, 0 used)",
            refund="–",
        ),
    ),
]
