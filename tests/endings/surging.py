"""Endings of a sale with a surge: the driver agrees or does not, and the surge changes while the sale goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beckn.models import NetworkProfile
from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Quote
from pricing.engine.values import SurgeBasis
from pricing.models import SurgeSchedule
from pricing.surges.schedules import Move, perform
from tests.beckn.actions.conversation import BILLING
from tests.endings.row import Outcome, Row
from tests.endings.stage import Stage
from tests.pricing.surges.samples import RUPEE, make_schedule, no_notice, publish

TITLE = "surges"
INTRO = """The CPO adds ₹1/kWh for congestion at all hours and asks for consent: with the offer ₹90.00 + ₹10.00 + ₹5.00
− ₹22.50 + ₹14.85 GST = ₹97.35. Its rises take effect at once here; where a notice is set, only the instant differs.
The session is planned to start two hours later."""


def selected(stage: Stage) -> None:
    """Go to the quote of a CPO that surges and asks for consent."""
    no_notice(stage.world.cpo)
    with cpo_scope(stage.world.cpo):
        NetworkProfile.objects.update_or_create(cpo=stage.world.cpo, defaults={"surge_consent_required": True})
    publish(make_schedule(stage.world.cpo))
    stage.selected(start=timezone.now() + timedelta(hours=2))


def placed(stage: Stage) -> None:
    """Go to the order that was made with consent."""
    selected(stage)
    agreed(stage)


def charging(stage: Stage) -> None:
    """Go to the session that runs."""
    placed(stage)
    stage.notify()
    stage.confirm()
    stage.later(hours=2)
    stage.update("start-charging", stage.otp)
    stage.report_start()
    stage.later(minutes=10)


def agreed(stage: Stage, accepted: str = "yes") -> None:
    """Send init with an acknowledgement of the newest quote."""
    with cpo_scope(stage.world.cpo):
        quote_id = str(Quote.objects.filter(is_bill=False).order_by("-created_at")[0].pk)
    said = {"accepted": accepted, "quote-id": quote_id}
    cart = stage.cart(start=stage.start)
    cart["order"]["billing"] = BILLING
    entries = [{"descriptor": {"code": code}, "value": value} for code, value in said.items()]
    cart["order"]["tags"] = [{"descriptor": {"code": "surcharge-acknowledgement"}, "list": entries}]
    stage.say("init", cart)


def unasked(stage: Stage) -> None:
    """Send init without one."""
    stage.placed(start=stage.start)


def schedule(stage: Stage) -> SurgeSchedule:
    with cpo_scope(stage.world.cpo):
        return SurgeSchedule.objects.get()


def risen(stage: Stage) -> None:
    publish(schedule(stage), replace(RUPEE, value=Decimal(2)))


def moved(move: Move, then: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
    """Return: staff move the schedule, then the sale goes on."""

    def act(stage: Stage) -> None:
        perform(move, schedule(stage))
        then(stage)

    return act


def init_late(stage: Stage) -> None:
    stage.later(minutes=16)
    agreed(stage)


def rise_and_init(stage: Stage) -> None:
    risen(stage)
    agreed(stage)


def rise_and_confirm(stage: Stage) -> None:
    stage.notify()
    risen(stage)
    stage.confirm()


def begun(stage: Stage) -> None:
    """Let another surge begin of which no driver was told."""
    content = replace(RUPEE, basis=SurgeBasis.FIXED, value=Decimal(25))
    publish(make_schedule(stage.world.cpo, content, schedule_id="match", name="Match day"))


def confirm_late(change: Callable[[Stage], Any]) -> Callable[[Stage], None]:
    """Return: it is paid, something changes, and the confirm comes when the reservation is over."""

    def act(stage: Stage) -> None:
        stage.notify()
        change(stage)
        stage.later(minutes=70)
        stage.confirm()

    return act


def begin_and_stop(stage: Stage) -> None:
    begun(stage)
    stage.report_stop(5200)


def rise_and_stop(stage: Stage) -> None:
    risen(stage)
    stage.report_stop(5200)


NOTHING = Outcome(message="on_init 40000", state="no order", ledger="– (0 held, 0 used)", refund="–")
MADE = Outcome(
    message="on_init 97.35",
    state="INITIALISED, PENDING, NOT-PAID",
    ledger="RESERVE 22.50 (1 held, 0 used)",
    refund="–",
)
SOLD = Outcome(
    message="PAID; on_status 97.35; on_confirm 97.35",
    state="ACTIVE, PENDING, PAID",
    ledger="RESERVE 22.50 (1 held, 0 used)",
    refund="–",
)

ROWS = [
    Row(
        "surge-no-consent",
        "selected",
        "init without an acknowledgement",
        selected,
        lambda s: s.placed(start=s.start),
        NOTHING,
    ),
    Row("surge-declined", "selected", "the driver declines", selected, lambda s: agreed(s, "no"), NOTHING),
    Row("surge-agreed", "selected", "init with the acknowledgement", selected, agreed, MADE),
    Row("surge-agreed-late", "selected", "the same after the quote's 15 minutes", selected, init_late, NOTHING),
    Row("surge-rises-before-init", "selected", "it rises to ₹2/kWh; init", selected, rise_and_init, MADE),
    Row("surge-paused-before-init", "selected", "it is paused; init", selected, moved(Move.PAUSE, agreed), MADE),
    Row("surge-rises-before-confirm", "placed", "it rises to ₹2/kWh; confirm", placed, rise_and_confirm, SOLD),
    Row(
        "surge-rises-confirm-late",
        "placed",
        "it rises to ₹2/kWh; confirm when the reservation is over",
        placed,
        confirm_late(risen),
        replace(SOLD, ledger="RESERVE 22.50, RELEASE 22.50, RESERVE 22.50 (1 held, 0 used)"),
    ),
    Row(
        "surge-ends-confirm-late",
        "placed",
        "it ends; confirm when the reservation is over",
        placed,
        confirm_late(lambda s: perform(Move.END, schedule(s))),
        replace(
            SOLD,
            message="PAID; on_status 97.35; on_confirm 91.45",
            ledger="RESERVE 22.50, RELEASE 22.50, RESERVE 22.50 (1 held, 0 used)",
        ),
    ),
    Row(
        "surge-begins-confirm-late",
        "placed",
        "another of ₹25 begins; confirm when the reservation is over",
        placed,
        confirm_late(begun),
        replace(SOLD, ledger="RESERVE 22.50, RELEASE 22.50, RESERVE 22.50 (1 held, 0 used)"),
    ),
    Row(
        "surge-begins-while-charging",
        "charging",
        "another of ₹25 begins; the charger stops at 5.2 kWh",
        charging,
        begin_and_stop,
        Outcome(
            message="HTTP 200; on_update 100.77, SHORTFALL 3.42 DUE",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "surge-rises-while-charging",
        "charging",
        "it rises to ₹2/kWh; the charger stops at 5.2 kWh",
        charging,
        rise_and_stop,
        Outcome(
            message="HTTP 200; on_update 100.77, SHORTFALL 3.42 DUE",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="–",
        ),
    ),
    Row(
        "surge-ended-while-charging",
        "charging",
        "it is ended; the charger stops at 5.2 kWh",
        charging,
        moved(Move.END, lambda s: s.report_stop(5200)),
        Outcome(
            message="HTTP 200; on_update 100.77, SHORTFALL 3.42 DUE",
            state="COMPLETE, COMPLETED, PAID, NOT-PAID",
            ledger="RESERVE 22.50, COMMIT 23.40 (0 held, 1 used)",
            refund="–",
        ),
    ),
]
