"""A sandbox buyer app that goes all the way, each message spoilt first and then, mostly, sent as it should be."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from beckn import inbox
from beckn.announcer import announce_events
from beckn.protocol import envelope
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.models import FulfillmentState, Order, OrderState
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.sessions.breakdowns import give_up
from offers.models import CustomerCounter, LedgerEntry, OfferCounter, Redemption
from offers.models import Quote as StoredQuote
from offers.reconcile import compare_with_ledger
from offers.tasks import settle_stopped
from tests.beckn.actions.conversation import BILLING, Conversation
from tests.crashes import truths
from tests.hostile import stages
from tests.hostile.mutator import Mutator, dump

ACK = envelope.ack()
OFFER = "weekend-discount-25"
CANCELLATIONS = ("", "", "", "", "init", "confirm", "start", "stop")
UNFINISHED = "SELECT message_id, state, error FROM beckn_inboundmessage WHERE state <> 'DONE'"
#: An order pays back no more than came in for it.
OVERPAID = """
SELECT o.id FROM charging_order o WHERE
    coalesce((SELECT sum(amount) FROM charging_refund r WHERE r.order_id = o.id), 0) >
    coalesce((SELECT sum(amount) FROM charging_payment p WHERE p.order_id = o.id AND p.status = 'PAID'), 0)
    + coalesce((SELECT sum(n.received_amount) FROM charging_gatewaynotice n JOIN charging_payment p
        ON p.id = n.payment_id WHERE p.order_id = o.id AND n.outcome <> 'PAID'), 0)
"""


@dataclass
class Traveller:
    """One buyer app's journey from one seed; `complaints` says what should not have been answered."""

    talk: Conversation
    secret: str
    mutator: Mutator
    answers: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def travel(self) -> None:
        """Search, select, init, pay, confirm, start, charge, stop; sometimes cancel on the way."""
        chance = self.mutator.chance
        cancelled_after = chance.choice(CANCELLATIONS)
        self.tell("search", {"intent": {"item": {"descriptor": {"code": "ev-charger"}}}})
        cart = self.talk.cart(*chance.choice(((), (OFFER,))))
        self.tell("select", cart)
        self.tell("init", {"order": cart["order"] | {"billing": BILLING}})
        self._cancel_if(cancelled_after == "init")
        if chance.random() < 0.9:
            self.pay()
        self.tell("confirm", cart)
        self._cancel_if(cancelled_after == "confirm")
        self.tell("update", self._change("start-charging", self._otp()))
        self._cancel_if(cancelled_after == "start")
        self._charge()
        for action in ("status", "track", "support"):
            self.tell(action, {"order_id": self._order_id()})
        self.tell("update", self._change("end-charging"))
        self._cancel_if(cancelled_after == "stop")
        self.tell("rating", {"ratings": [{"id": self._order_id(), "rating_category": "Order", "value": "4"}]})
        self._leave()

    def tell(self, action: str, message: dict[str, Any]) -> None:
        """Send a message spoilt, once or twice, and then usually as it should be."""
        for is_sound in self._tries():
            context = {"transaction_id": self.talk.transaction_id, "message_id": self._id()}
            body = json.loads(self.talk.app.body(action, **context)) | {"message": message}
            self._post(action, dump(body) if is_sound else self.mutator.spoil(body))

    def pay(self) -> None:
        """Let the gateway report the payment: spoilt, but signed; then usually as it should be."""
        with every_cpo():
            order = Order.objects.filter(pk=self._order_key()).first()
            payment = order.payments.first() if order else None
        notice = {
            "event_id": self._id(), "payment_id": str(payment.pk) if payment else self._id(),
            "transaction_id": self.talk.transaction_id, "status": "PAID",
            "amount": f"{payment.amount:f}" if payment else "91.45", "currency": "INR",
        }  # fmt: skip
        for is_sound in self._tries():
            raw = dump(notice) if is_sound else self.mutator.spoil(notice)
            at = f"/api/payments/{self.talk.world.cpo.provider_id}/notices"
            headers = {"X-Signature": signature_of(raw, self.secret.encode())}
            client = Client(raise_request_exception=False, headers=headers)
            answer = client.post(at, raw, content_type="application/json")
            self._note("payment", answer.status_code, raw, allowed={200, 400, 404, 409})
            self._work(raw)

    def _tries(self) -> list[bool]:
        chance = self.mutator.chance
        return [False] * chance.choice((1, 1, 2)) + [True] * (chance.random() < 0.95)

    def _post(self, action: str, raw: bytes) -> None:
        headers = {"Authorization": self.talk.app.sign(raw)}
        client = Client(raise_request_exception=False, headers=headers)
        answer = client.post(f"/beckn/{action}", raw, content_type="application/json")
        self._note(action, answer.status_code, raw, allowed={200, 400, 401})
        said = answer.json()
        if (answer.status_code == 200) != (said == ACK):
            self.complaints.append(f"{action}: {answer.status_code} with {said}\n    {raw[:3000]!r}")
        self._work(raw)

    def _note(self, action: str, status: int, raw: bytes, *, allowed: set[int]) -> None:
        self.answers[f"{action} {status}"] += 1
        if status not in allowed:
            self.complaints.append(f"{action}: {status}\n    {raw[:3000]!r}")

    def _work(self, raw: bytes) -> None:
        while claimed := inbox.claim_inbound(10):
            for message in claimed:
                if not inbox.process(message):
                    self.complaints.append(f"{message.action} failed: {message.error}\n    {raw[:3000]!r}")
        settle_stopped()
        announce_events()

    def _cancel_if(self, now: bool) -> None:
        if now:
            self.tell("cancel", {"order_id": self._order_id(), "cancellation_reason_id": "5"})

    def _charge(self) -> None:
        """Let the charger deliver, if the order was let start."""
        with every_cpo():
            order = Order.objects.filter(pk=self._order_key(), state=OrderState.ACTIVE).first()
        if order and order.start_authorized_at and order.fulfillment_state == FulfillmentState.PENDING:
            self.talk.charge(self.mutator.chance.choice((1000, 5200, 9000)), stop=self.mutator.chance.random() < 0.8)

    def _leave(self) -> None:
        """End what was left running: the next driver wants the connector."""
        with every_cpo(), transaction.atomic():
            if order := Order.objects.select_for_update(of=("self",)).filter(pk=self._order_key()).first():
                give_up(order, reason="Silent", now=timezone.now())
        self._work(b"the end")

    def _order_key(self) -> uuid.UUID | None:
        mine = {"transaction_id": self.talk.transaction_id, "bap_id": self.talk.app.id}
        with every_cpo():
            return Order.objects.filter(**mine).values_list("pk", flat=True).first()

    def _order_id(self) -> str:
        return str(self._order_key() or self._id())

    def _otp(self) -> str:
        for callback in self.talk.callbacks("on_confirm"):
            stops = callback.get("message", {}).get("order", {}).get("fulfillments", [{}])[0].get("stops", [])
            tokens = [stop["authorization"]["token"] for stop in stops if "token" in stop.get("authorization", {})]
            if tokens:
                return str(tokens[0])
        return "000000"

    def _change(self, change: str, otp: str = "") -> dict[str, Any]:
        stop: dict[str, Any] = {"type": "START"} | ({"authorization": {"type": "OTP", "token": otp}} if otp else {})
        fulfillment = {"id": "1", "state": {"descriptor": {"code": change}}, "stops": [stop]}
        return {"update_target": "order.fulfillments[0].state", "order": {"fulfillments": [fulfillment]}}

    def _id(self) -> str:
        return str(uuid.UUID(int=self.mutator.chance.getrandbits(128), version=4))


def wrongs(bap_id: str) -> list[str]:
    """Return what is not consistent after journeys of this sandbox buyer app."""
    with every_cpo(), connection.cursor() as cursor:
        db: Any = connection.connection
        found = [f"message {row} is not done" for row in db.execute(UNFINISHED).fetchall()]
        found += truths.every_request_is_answered_once(db)
        found += truths.every_ledger_chain_is_whole(db)
        found += truths.counters_agree_with_the_ledger(db)
        found += [f"order {key} pays back more than came in" for (key,) in db.execute(OVERPAID).fetchall()]
        mine = {
            "orders": Order.objects.filter(bap_id=bap_id),
            "quotes": StoredQuote.objects.filter(bap_id=bap_id),
            "redemptions": Redemption.objects.filter(order__bap_id=bap_id),
            "ledger entries": LedgerEntry.objects.filter(redemption__order__bap_id=bap_id),
        }
        found += [f"{rows.filter(sandbox=False).count()} {name} are not of the sandbox"
                  for name, rows in mine.items() if rows.filter(sandbox=False).exists()]  # fmt: skip
        found += [f"the sandbox made no {name}" for name, rows in mine.items() if not rows.exists()]
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    if drifting := compare_with_ledger().drifting:
        found.append(f"{drifting} counters drift")
    return found + (["an amount below zero is stored"] if stages.negative_amounts() else [])


def live_state() -> dict[str, Any]:
    """Return all that a sandbox buyer app may not change: counters, and the orders of live ones."""
    with every_cpo():
        live = set(Order.objects.filter(sandbox=False).values_list("pk", flat=True))
        return {
            "counters": list(OfferCounter.objects.order_by("offer").values()),
            "customers": list(CustomerCounter.objects.order_by("pk").values()),
            "orders": {key: digest for key, digest in stages.orders().items() if key in live},
        }
