"""One sale under a clock that can be turned: messages, reports and buttons come in as in life."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.test import Client
from django.utils import timezone

from beckn.models import OutboundCallback, SigningKey, Subscriber
from cpo_portal.accounts.models import Membership, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession, Order, OrderEvent, Payment, PaymentGateway, Refund
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.network.models import ChargingSystem, Connector
from cpo_portal.network.systems import create_system_token
from offers.authoring import moves
from offers.models import Offer, OfferCounter, OfferVersion, Quote
from offers.tasks import release_expired
from pricing.models import Tariff, TariffVersion
from tests.beckn.actions.conversation import Conversation
from tests.beckn.infra.support import BuyerApp
from tests.endings.ledgers import ledger_of
from tests.endings.row import Outcome
from tests.world import FROM, make_offer, make_world

OFFER = "weekend-discount-25"
REGISTER = 500_000


@dataclass
class Stage(Conversation):
    """A conversation at a CPO whose charging system, gateway and staff speak over HTTP, too."""

    token: str = ""
    secret: str = ""
    heard: list[str] = field(default_factory=list)
    seen: int = 0
    otp: str = ""
    clock: time_machine.travel | None = None

    # -- the clock -------------------------------------------------------------------------------------------------
    def turn_clock(self, to: datetime) -> None:
        """Let the time of this process be `to`, and go on from there."""
        self.stop_clock()
        self.clock = time_machine.travel(to, tick=True)
        self.clock.start()

    def stop_clock(self) -> None:
        """Let the time be what it is."""
        if self.clock is not None:
            self.clock.stop()
            self.clock = None

    def later(self, *, minutes: float = 0, hours: float = 0) -> None:
        """Let time pass, then do what the scheduler does."""
        self.turn_clock(timezone.now() + timedelta(minutes=minutes, hours=hours))
        self.sweep()

    def sweep(self) -> None:
        """Do what the scheduler does, until nothing is left to do."""
        while release_expired():
            pass
        self.work()

    def cart(self, *offers: Any, amount: str = "5", unit: str = "kWh", **changes: Any) -> dict[str, Any]:
        """Return the order of a select: 5 kWh unless another amount is given."""
        cart = super().cart(*offers, amount=amount, **changes)
        cart["order"]["items"][0]["quantity"]["selected"]["measure"]["unit"] = unit
        return cart

    # -- the steps of a sale ---------------------------------------------------------------------------------------
    def selected(self, *offers: str, **changes: Any) -> None:
        """Go to the quote."""
        self.say("select", self.cart(*offers, **changes))

    def placed(self, *offers: str, **changes: Any) -> None:
        """Go to the reserved order."""
        self.init(*offers, **changes)

    def paid(self, *offers: str, **changes: Any) -> None:
        """Go to the paid order."""
        self.placed(*offers, **changes)
        self.notify()

    def confirm(self) -> dict[str, Any]:
        """Send confirm; the OTP of its answer is kept."""
        body = self.say("confirm", {"order": {}} | self.cart())
        stops = body.get("message", {}).get("order", {}).get("fulfillments", [{}])[0].get("stops", [{}])
        self.otp = stops[0].get("authorization", {}).get("token", "") or self.otp
        return body

    def sold(self, *offers: str, **changes: Any) -> None:
        """Go to the confirmed order."""
        self.paid(*offers, **changes)
        self.confirm()

    def authorised(self, *offers: str, **changes: Any) -> None:
        """Go to the order whose charger may start."""
        self.sold(*offers, **changes)
        self.update("start-charging", self.otp)

    def charging(self, wh: int = 0, minutes: float = 10) -> None:
        """Go to the running session that has delivered so much so far."""
        self.authorised()
        self.report_start()
        if wh:
            self.later(minutes=minutes)
            self.report_reading(wh)

    def cancel(self) -> None:
        """Send cancel."""
        self.say("cancel", {"order_id": str(self.order().pk), "cancellation_reason_id": "5"})

    # -- the charging system ---------------------------------------------------------------------------------------
    def report(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send the charging system's report and note its answer; None asks for the commands."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"/api/charging/{path}"
        if body is None:
            return Client().get(url, headers=headers).json()
        answer = Client().post(url, json.dumps(body), content_type="application/json", headers=headers)
        code = answer.json()["error"]["code"] if answer.status_code >= 400 else ""
        self.heard.append(f"HTTP {answer.status_code} {code}".strip())
        self.work()
        return answer.json()

    def report_start(self, **changes: Any) -> None:
        """Report that the session began."""
        body = {
            "session_id": f"s-{self.transaction_id[:8]}",
            "order_id": str(self.order().pk),
            "item_id": self.world.connector.item_id,
            "started_at": timezone.now().isoformat(),
            "register_wh": REGISTER,
        }
        self.report("sessions", body | changes)

    def report_reading(self, wh: int) -> None:
        """Report the register after so much was delivered."""
        readings = [{"at": timezone.now().isoformat(), "register_wh": REGISTER + wh}]
        self.report(f"sessions/{self.session().session_id}/readings", {"readings": readings})

    def report_stop(self, wh: int, reason: str = "Remote") -> None:
        """Report the end of the session."""
        body = {"at": timezone.now().isoformat(), "register_wh": REGISTER + wh, "reason": reason}
        self.report(f"sessions/{self.session().session_id}/stop", body)

    def report_moment(self, what: str) -> None:
        """Report an interruption or its end."""
        self.report(f"sessions/{self.session().session_id}/{what}", {"at": timezone.now().isoformat()})

    def report_status(self, status: str) -> None:
        """Report the connector's state, and let the scheduler look at it."""
        self.report_status_unseen(status)
        self.sweep()

    def report_status_unseen(self, status: str) -> None:
        """Report the connector's state."""
        now = timezone.now().isoformat()
        self.report(f"connectors/{self.world.connector.item_id}/status", {"status": status, "at": now})

    def commands(self) -> list[str]:
        """Return what the charging system is asked to do."""
        return [command["kind"] for command in self.report("commands")["commands"]]

    # -- the gateway -----------------------------------------------------------------------------------------------
    def notify(self, amount: str = "", **changes: Any) -> None:
        """Let the gateway report money; without an amount what the newest payment asks for."""
        with cpo_scope(self.world.cpo):
            payment = Payment.objects.filter(order=self.order()).order_by("-created_at").first()
            assert payment is not None
        notice = {
            "event_id": str(uuid.uuid4()),
            "payment_id": str(payment.pk),
            "status": "PAID",
            "amount": amount or f"{payment.amount:.2f}",
            "currency": "INR",
            "reference": f"upi-{uuid.uuid4()}",
        }
        raw = json.dumps(notice | changes).encode()
        url = f"/api/payments/{self.world.cpo.provider_id}/notices"
        headers = {"X-Signature": signature_of(raw, self.secret.encode())}
        answer = Client().post(url, raw, content_type="application/json", headers=headers)
        self.heard.append(answer.json()["outcome"])
        self.work()

    # -- the CPO's staff -------------------------------------------------------------------------------------------
    def press(self, page: str, button: str, **data: str) -> None:
        """Press a button on a page of the admin as the CPO's owner; what it answers is heard."""
        client = Client()
        user = User.objects.filter(email="owner@cpo1.example").first()
        if user is None:
            user = User.objects.create_user("owner@cpo1.example", "a-long-password", is_staff=True)
            with cpo_scope(self.world.cpo):
                Membership.objects.create(cpo=self.world.cpo, user=user, role="OWNER")
        client.force_login(user)
        answer = client.post(f"/admin/charging/{page}/{button}/", data | {"_form_submitted": "1"}, follow=True)
        form = answer.context.get("form")
        refusals = form.non_field_errors() if form and form.is_bound else ()
        self.heard += [f"“{words}”" for words in (*answer.context["messages"], *refusals)]
        self.work()

    def press_on_order(self, button: str, **data: str) -> None:
        """Press a button on the order's page."""
        self.press(f"order/{self.order().pk}", button, **data)

    def move_offer(self, move: str) -> None:
        """Pause, end or withdraw the offer."""
        with cpo_scope(self.world.cpo):
            getattr(moves, move)(Offer.objects.get(offer_id=OFFER))

    def use_offer_up(self) -> None:
        """Let others take all that is left of the offer."""
        with cpo_scope(self.world.cpo):
            OfferCounter.objects.update(uses_committed=5 - OfferCounter.objects.get().uses_reserved)

    def publish_offer(self, percent: int) -> None:
        """Publish a new version of the offer."""
        with cpo_scope(self.world.cpo):
            offer = Offer.objects.get(offer_id=OFFER)
            version = OfferVersion.objects.get(offer=offer)
            version.pk, version.number, version.value = None, 2, Decimal(percent)
            version.save()
            Offer.objects.filter(pk=offer.pk).update(live_version=version)

    def publish_tariff(self, rate: str) -> None:
        """Publish a new version of the tariff."""
        with cpo_scope(self.world.cpo):
            old = TariffVersion.objects.get()
            new = TariffVersion.objects.create(
                cpo=self.world.cpo,
                tariff=old.tariff,
                number=2,
                components=[{"dimension": "ENERGY", "rate": rate}],
                fees=old.fees,
                published_at=FROM,
            )
            Tariff.objects.filter(pk=old.tariff_id).update(live_version=new)

    @property
    def start(self) -> datetime:
        """Return the planned start of the transaction's newest quote."""
        with cpo_scope(self.world.cpo):
            quote = Quote.objects.order_by("-created_at")[0]
        return datetime.fromisoformat(quote.request["planned_start"])

    def refund(self) -> Refund:
        """Return the one refund."""
        with cpo_scope(self.world.cpo):
            return Refund.objects.get()

    # -- what is seen ----------------------------------------------------------------------------------------------
    def order(self) -> Order:
        """Return the transaction's newest order."""
        with cpo_scope(self.world.cpo):
            return Order.objects.filter(transaction_id=self.transaction_id).order_by("-created_at")[0]

    def session(self) -> ChargingSession:
        """Return the order's session."""
        with cpo_scope(self.world.cpo):
            return ChargingSession.objects.get(order=self.order())

    def events(self) -> list[str]:
        """Return what has happened to the order."""
        with cpo_scope(self.world.cpo):
            return list(OrderEvent.objects.filter(order=self.order()).values_list("kind", flat=True))

    def watch(self) -> None:
        """What comes from now on belongs to the event."""
        self.seen = OutboundCallback.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        self.heard.clear()

    def outcome(self) -> Outcome:
        """Return what followed since `watch()`, as the table says it."""
        rows = OutboundCallback.objects.filter(transaction_id=self.transaction_id, sequence__gt=self.seen)
        told = [_in_words(self.callback(row)) for row in rows.order_by("sequence")]
        with cpo_scope(self.world.cpo):
            orders = Order.objects.filter(transaction_id=self.transaction_id).order_by("created_at")
            return Outcome(
                message="; ".join([*self.heard, *told]) or "–",
                state="; ".join(map(_state, orders)) or "no order",
                ledger=ledger_of(orders.last()),
                refund="; ".join(map(_refund, Refund.objects.order_by("id"))) or "–",
            )


def make_stage() -> Stage:
    """Return a stage: one CPO, its offer of five uses, its gateway, its charging system, a buyer app."""
    world = make_world()
    make_offer(world.cpo, total_uses=5)
    app = BuyerApp("bap.example", seed=b"b" * 32)
    app.register()
    Subscriber.objects.update(sandbox=False)
    SigningKey.objects.update(valid_from=FROM)
    with cpo_scope(world.cpo):
        _, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id/$amount")
        assert PaymentGateway.objects.count() == 1
        ChargingSystem.objects.update(is_simulated=False)
        token = create_system_token(world.system)
    return Stage(world, app, str(uuid.uuid4()), token=token, secret=secret)


def neighbour(stage: Stage) -> None:
    """Go to the authorised order of a charger whose other connector charges for another driver."""
    stage.authorised()
    with cpo_scope(stage.world.cpo):
        connector = Connector.objects.get()
        connector.pk, connector.item_id, connector.connector_id = None, "pe-charging-02", "2"
        connector.save()
    world = replace(stage.world, connector=connector)
    other = replace(stage, world=world, transaction_id=str(uuid.uuid4()), heard=[], clock=None)
    other.charging()
    assert other.heard[-1] == "HTTP 201"


def _in_words(body: dict[str, Any]) -> str:
    action = body["context"]["action"]
    if "error" in body:
        return f"{action} {body['error']['code']}"
    order = body["message"]["order"]
    parts = [f"{action} {order['quote']['price']['value']}"]
    for group in order.get("tags", []):
        if group["descriptor"]["code"] == "settlement":
            values = {entry["descriptor"]["code"]: entry["value"] for entry in group["list"]}
            values["amount"] += "" if values["currency"] == "INR" else f" {values['currency']}"
            parts.append(" ".join(values[x] for x in ("kind", "amount", "status") if x in values))
    return ", ".join(parts)


def _state(order: Order) -> str:
    payments = [payment.status for payment in order.payments.order_by("created_at")]
    held = order.events.filter(kind="HELD").exists() and order.state != "COMPLETE"
    return ", ".join([order.state, order.fulfillment_state, *payments, *(["held for review"] if held else [])])


def _refund(refund: Refund) -> str:
    return f"{refund.reason} {refund.amount:.2f} {refund.currency} {refund.status}"
