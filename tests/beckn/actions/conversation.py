"""A buyer app in conversation with the portal in this process: signed requests in, validated callbacks out."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from beckn import bodies, inbox
from beckn.announcer import announce_events
from beckn.models import OutboundCallback
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, Payment
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import create_gateway, record_notice
from cpo_portal.charging.sessions import reports as sessions
from cpo_portal.charging.sessions.readings import Reading, record_readings
from offers.tasks import settle_stopped
from tests.beckn.infra.support import BuyerApp
from tests.beckn.protocol.schemas import CORE, complaints, core, ours
from tests.world import World

BILLING = {"name": "Sarah Johnson", "email": "sarah@example.com", "phone": "+91-9876543210"}


@dataclass
class Conversation:
    """One transaction of one buyer app at one CPO."""

    world: World
    app: BuyerApp
    transaction_id: str

    def say(self, action: str, message: dict[str, Any], **context: Any) -> dict[str, Any]:
        """Send a request and return its callback's whole body."""
        message_id = str(uuid.uuid4())
        answer = self.post(action, message, message_id=message_id, **context)
        assert answer.json() == {"message": {"ack": {"status": "ACK"}}}, answer.content
        self.work()
        return self.callback(OutboundCallback.objects.get(message_id=message_id, action=f"on_{action}"))

    def post(self, action: str, message: dict[str, Any], **context: Any) -> Any:
        """Send a request and return the HTTP answer."""
        raw = self.app.body(action, transaction_id=self.transaction_id, **context)
        body = json.loads(raw) | {"message": message}
        raw = json.dumps(body).encode()
        headers = {"Authorization": self.app.sign(raw)}
        return Client().post(f"/beckn/{action}", raw, content_type="application/json", headers=headers)

    def work(self) -> None:
        """Work everything off that has come in or happened."""
        while claimed := inbox.claim_inbound(10):
            for message in claimed:
                assert inbox.process(message), message.error
        settle_stopped()
        announce_events()

    def callbacks(self, action: str) -> list[dict[str, Any]]:
        """Return the bodies of all callbacks of an action, oldest first."""
        rows = OutboundCallback.objects.filter(transaction_id=self.transaction_id, action=action).order_by("sequence")
        return [self.callback(row) for row in rows]

    def callback(self, row: OutboundCallback) -> dict[str, Any]:
        """Return a callback's body, valid by our schema and by core's where the facts are at hand."""
        body: dict[str, Any] = json.loads(bodies.load(row.body_id, row.body_at) or b"")
        validators = [ours("callbacks.json", row.action)] + ([core(row.action)] if CORE.exists() else [])
        found = [complaint for validator in validators for complaint in complaints(validator, body)]
        assert not found, "\n".join(found)
        return body

    def cart(
        self, *offers: Any, amount: str = "100", start: datetime | None = None, **fulfillment: Any
    ) -> dict[str, Any]:
        """Return the order of a select: so many rupees at the world's connector."""
        begin = start or timezone.now()
        return {
            "order": {
                "provider": {"id": self.world.cpo.provider_id},
                "items": [
                    {
                        "id": self.world.connector.item_id,
                        "quantity": {"selected": {"measure": {"type": "CONSTANT", "value": amount, "unit": "INR"}}},
                    }
                ],
                "fulfillments": [
                    {
                        "id": "1",
                        "stops": [
                            {"type": "START", "time": {"timestamp": begin.isoformat()}},
                            {"type": "STOP", "time": {"timestamp": (begin + timedelta(hours=1)).isoformat()}},
                        ],
                    }
                    | fulfillment
                ],
                "offers": [{"id": offer} if isinstance(offer, str) else offer for offer in offers],
            }
        }

    def init(self, *offers: Any, **changes: Any) -> dict[str, Any]:
        """Send init for the same cart with billing."""
        cart = self.cart(*offers, **changes)
        cart["order"]["billing"] = BILLING
        return self.say("init", cart)

    def pay(self, amount: str = "91.45") -> str:
        """Let the CPO's gateway report the payment."""
        with cpo_scope(self.world.cpo):
            gateway, secret = create_gateway(self.world.cpo, name="Pay", pay_url="https://pay.example/$amount")
            payment = Payment.objects.get(order__transaction_id=self.transaction_id)
            notice = {
                "event_id": str(uuid.uuid4()),
                "payment_id": str(payment.pk),
                "transaction_id": self.transaction_id,
                "status": "PAID",
                "amount": amount,
                "currency": "INR",
            }
            raw = json.dumps(notice).encode()
            outcome = record_notice(gateway, raw, signature_of(raw, secret.encode()), now=timezone.now()).outcome.value
        self.work()
        return outcome

    def confirmed(self) -> str:
        """Go to the confirmed order; return its OTP."""
        self.init("weekend-discount-25")
        assert self.pay() == "PAID"
        order = self.say("confirm", self.cart("weekend-discount-25"))["message"]["order"]
        otp: str = order["fulfillments"][0]["stops"][0]["authorization"]["token"]
        return otp

    def update(self, change: str, otp: str = "") -> dict[str, Any]:
        """Send update start-charging or stop-charging."""
        stop: dict[str, Any] = {"type": "START"}
        if otp:
            stop["authorization"] = {"type": "OTP", "token": otp}
        fulfillment = {"id": "1", "state": {"descriptor": {"code": change}}, "stops": [stop]}
        return self.say(
            "update", {"update_target": "order.fulfillments[0].state", "order": {"fulfillments": [fulfillment]}}
        )

    def charge(self, wh: int, *, stop: bool) -> None:
        """Let the simulated charger deliver so much over 20 minutes."""
        begin = timezone.now()
        with cpo_scope(self.world.cpo):
            order = Order.objects.get(transaction_id=self.transaction_id)
            start = sessions.SessionStart(f"s-{order.pk}", order.pk, self.world.connector.item_id, begin, 500_000)
            system = self.world.system
            sessions.start_session(system, start, now=begin)
            self.work()
            readings = [Reading(begin + timedelta(minutes=10), 500_000 + wh // 2)]
            record_readings(system, start.session_id, readings, now=begin)
            if stop:
                end = sessions.SessionStop(begin + timedelta(minutes=20), 500_000 + wh, "Remote")
                sessions.stop_session(system, start.session_id, end, now=begin)
        self.work()


def amounts(order: dict[str, Any]) -> list[str]:
    """Return the amounts of a quote's lines."""
    return [line["price"]["value"] for line in order["quote"]["breakup"]]


def tag(groups: list[dict[str, Any]], code: str) -> dict[str, str]:
    """Return a tag group as a mapping."""
    group = next(x for x in groups if x["descriptor"]["code"] == code)
    return {entry["descriptor"]["code"]: entry["value"] for entry in group["list"]}
