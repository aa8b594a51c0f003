"""Endings of a sale on a subscription: what becomes of the energy of a pool that it holds."""

from __future__ import annotations

from tests.beckn.actions.test_prepaid import DECLINED
from tests.endings.row import Outcome, Row
from tests.endings.subscribed import (
    ahead,
    cancelled_and_swept,
    on_plan,
    other_sale,
    paid_late,
    place,
    pool_over,
    refund,
    stop,
    then,
    to,
    window_over,
)

TITLE = "subscriptions"
INTRO = """The tariff is a subscription at the same prices, without the offer: whoever has no energy in a pool pays
₹90.00 + ₹10.00 + ₹18.00 GST = ₹118.00 for 5 kWh. This driver's pool has 6 kWh, so the 5 kWh are included and the fee is
left: ₹10.00 + ₹1.80 GST = ₹11.80. The terms of refunds are those of “cancel”; no ending keeps energy that was not
delivered."""


OPEN = "INITIALISED, PENDING, NOT-PAID"
PAID = "INITIALISED, PENDING, PAID"
SOLD = "ACTIVE, PENDING, PAID"
OFF = "CANCELLED, PENDING, PAID"
DONE = "COMPLETE, COMPLETED, PAID"
HELD = "HOLD 5 (1 left, 5 held)"
BACK = "HOLD 5, RETURN 5 (6 left, 0 held)"
AS_BOUGHT = "HTTP 200; on_update 11.80"

ROWS = [
    Row(
        "sub-select",
        "searched",
        "select, which tells nobody who drives",
        on_plan,
        lambda s: s.selected(),
        Outcome("on_select 118.00", "no order", "– (6 left, 0 held)", "–"),
    ),
    Row(
        "sub-init", "selected", "init", to("selected"), lambda s: s.placed(), Outcome("on_init 11.80", OPEN, HELD, "–")
    ),
    Row(
        "sub-declined",
        "selected",
        "init declines `prepaid-balance`",
        to("selected"),
        lambda s: s.placed(DECLINED),
        Outcome("on_init 118.00", OPEN, "– (6 left, 0 held)", "–"),
    ),
    Row(
        "sub-part",
        "selected; the pool has 2 kWh",
        "init",
        to("selected", 2),
        place,
        Outcome("on_init 75.52", OPEN, "HOLD 2 (0 left, 2 held)", "–"),
    ),
    Row(
        "sub-two",
        "another order of the same driver holds 5 kWh",
        "init",
        then(to("selected"), other_sale),
        place,
        Outcome("on_init 96.76", OPEN, "HOLD 1 (0 left, 6 held)", "–"),
    ),
    Row(
        "sub-init-again",
        "placed",
        "init is sent again",
        to("placed"),
        lambda s: s.placed(start=s.start),
        Outcome("on_init 11.80", OPEN, "HOLD 5, RETURN 5, HOLD 5 (1 left, 5 held)", "–"),
    ),
    Row(
        "sub-confirm",
        "paid",
        "confirm",
        to("paid"),
        lambda s: s.confirm(),
        Outcome("on_confirm 11.80", SOLD, HELD, "–"),
    ),
    Row(
        "sub-hold-over",
        "placed, not paid",
        "the 15 minutes of the reservation are over",
        to("placed"),
        window_over,
        Outcome("–", OPEN, BACK, "–"),
    ),
    Row(
        "sub-paid-late",
        "placed; the reservation ended and the energy went back",
        "paid after the window; confirm",
        then(to("placed"), window_over),
        paid_late,
        Outcome("PAID; on_status 11.80; on_confirm 11.80", SOLD, "HOLD 5, RETURN 5, HOLD 5 (1 left, 5 held)", "–"),
    ),
    Row(
        "sub-taken-meanwhile",
        "placed; the reservation ended; another order took 5 kWh",
        "paid after the window; confirm: the same energy would cost ₹96.76",
        then(to("placed"), window_over, other_sale),
        paid_late,
        Outcome(
            "PAID; on_status 11.80; on_confirm 40008; on_cancel 11.80, REFUND 11.80 DUE",
            OFF,
            "HOLD 5, RETURN 5 (1 left, 5 held)",
            "CANCELLATION 11.80 INR DUE",
        ),
    ),
    Row(
        "sub-never-paid",
        "placed, not paid",
        "a day goes by",
        to("placed"),
        lambda s: s.later(hours=25),
        Outcome("on_cancel 11.80, REFUND 0.00", "CANCELLED, PENDING, NOT-PAID", BACK, "–"),
    ),
    Row(
        "sub-cancel-early",
        "confirmed, 5 hours before the start",
        "the buyer cancels: 85 % of the money comes back, and all energy",
        ahead(5),
        lambda s: s.cancel(),
        Outcome("on_cancel 11.80, REFUND 10.03 DUE", OFF, BACK, "CANCELLATION 10.03 INR DUE"),
    ),
    Row(
        "sub-cancel-late",
        "confirmed, an hour before the start",
        "the buyer cancels: no money comes back, and all energy",
        ahead(1),
        lambda s: s.cancel(),
        Outcome("on_cancel 11.80, REFUND 0.00", OFF, BACK, "–"),
    ),
    Row(
        "sub-cpo-cancels",
        "confirmed, an hour before the start",
        "the CPO cancels on the order's page",
        ahead(1),
        lambda s: s.press_on_order("cancel_order", reason="The site is closed."),
        Outcome(
            "“The order is cancelled; ₹11.80 comes back to the driver.”; on_cancel 11.80, REFUND 11.80 DUE",
            OFF,
            BACK,
            "CANCELLATION 11.80 INR DUE",
        ),
    ),
    Row(
        "sub-no-show",
        "confirmed",
        "the driver does not come within 30 minutes of the start",
        to("sold"),
        lambda s: s.later(minutes=31),
        Outcome("on_cancel 11.80, REFUND 0.00", OFF, BACK, "–"),
    ),
    Row(
        "sub-pool-over-cancelled",
        "confirmed; the pool expired",
        "the buyer cancels: what goes back is over",
        then(ahead(1), pool_over),
        cancelled_and_swept,
        Outcome("on_cancel 11.80, REFUND 0.00", OFF, "HOLD 5, EXPIRE 1, RETURN 5, EXPIRE 5 (0 left, 0 held)", "–"),
    ),
    Row(
        "sub-power-fails",
        "charging",
        "the power fails before any energy flowed",
        to("charging"),
        stop(0, "PowerLoss"),
        Outcome(
            "HTTP 200; on_cancel 11.80, REFUND 11.80 DUE",
            "CANCELLED, COMPLETED, PAID",
            BACK,
            "CANCELLATION 11.80 INR DUE",
        ),
    ),
    Row(
        "sub-stop-nothing",
        "charging",
        "the driver stops before any energy flowed",
        to("charging"),
        stop(0),
        Outcome(AS_BOUGHT, DONE, BACK, "–"),
    ),
    Row(
        "sub-stop-less",
        "charging",
        "it stops at 4 kWh",
        to("charging"),
        stop(4000),
        Outcome(AS_BOUGHT, DONE, "HOLD 5, TAKE 4, RETURN 1 (2 left, 0 held)", "–"),
    ),
    Row(
        "sub-stop-more",
        "charging",
        "it stops at 5.2 kWh, which the pool has",
        to("charging"),
        stop(5200),
        Outcome(AS_BOUGHT, DONE, "HOLD 5, TAKE 5, HOLD 0.2, TAKE 0.2 (0.8 left, 0 held)", "–"),
    ),
    Row(
        "sub-stop-beyond",
        "charging",
        "it stops at 7 kWh, a kWh more than the pool has",
        to("charging"),
        stop(7000),
        Outcome(
            "HTTP 200; on_update 33.04, SHORTFALL 21.24 DUE",
            f"{DONE}, NOT-PAID",
            "HOLD 5, TAKE 5, HOLD 1, TAKE 1 (0 left, 0 held)",
            "–",
        ),
    ),
    Row(
        "sub-part-less",
        "charging; the pool had 2 kWh, and 3 were paid",
        "it stops at 4 kWh: the pool's come first",
        to("charging", 2),
        stop(4000),
        Outcome(
            "HTTP 200; on_update 54.28, REFUND 21.24 DUE",
            DONE,
            "HOLD 2, TAKE 2 (0 left, 0 held)",
            "SETTLEMENT 21.24 INR DUE",
        ),
    ),
    Row(
        "sub-pool-over",
        "charging; the pool expired",
        "it stops at 5.2 kWh: what was held is drawn, no more",
        then(to("charging"), pool_over),
        stop(5200),
        Outcome(
            "HTTP 200; on_update 16.05, SHORTFALL 4.25 DUE",
            f"{DONE}, NOT-PAID",
            "HOLD 5, EXPIRE 1, TAKE 5 (0 left, 0 held)",
            "–",
        ),
    ),
    Row(
        "sub-silent",
        "charging, 4 kWh",
        "nothing is heard for an hour",
        to("charging", wh=4000),
        lambda s: s.later(minutes=61),
        Outcome("on_update 11.80", DONE, "HOLD 5, TAKE 4, RETURN 1 (2 left, 0 held)", "–"),
    ),
    Row(
        "sub-held-for-review",
        "charging for 20 minutes at 30 kW at most",
        "it stops at 52 kWh",
        to("charging"),
        stop(52000),
        Outcome("HTTP 200", "ACTIVE, COMPLETED, PAID, held for review", HELD, "–"),
    ),
    Row(
        "sub-refund",
        "billed at 4 kWh",
        "staff refund the bill: money and energy come back",
        then(to("charging"), stop(4000)),
        refund,
        Outcome(
            "“₹11.80 is due to the driver. 4 kWh went back to the subscription.”; on_update 11.80, REFUND 11.80 DUE",
            DONE,
            "HOLD 5, TAKE 4, RETURN 1, CREDIT 4 (6 left, 0 held)",
            "BILL 11.80 INR DUE",
        ),
    ),
    Row(
        "sub-refund-again",
        "the bill of 4 kWh was refunded",
        "staff refund it again under the same reference",
        then(to("charging"), stop(4000), refund),
        refund,
        Outcome(
            "“Nothing was changed: case 8 had been written before, ₹11.80.”",
            DONE,
            "HOLD 5, TAKE 4, RETURN 1, CREDIT 4 (6 left, 0 held)",
            "BILL 11.80 INR DUE",
        ),
    ),
]
