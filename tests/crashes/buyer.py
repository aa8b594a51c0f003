"""A buyer app that goes on buying while the portal is killed under it: it repeats what was not acknowledged."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from beckn.buyer import messages
from beckn.buyer.credentials import Credentials, decoded
from beckn.buyer.messages import Cart, stamp
from beckn.buyer.signing import Signer
from tests.crashes.sink import Sink

Body = dict[str, Any]
#: For so long a request is repeated until somebody answers it.
PATIENCE_SECONDS = 60
CALLBACK_SECONDS = 12
REPEATS = 3
ENDS = ("select", "init", "paid", "confirmed", "cancelled", "charged", "charged")
REGISTER_WH = 5_000_000


class GivenUp(Exception):
    """The driver went home: an answer did not come although the request was repeated."""


@dataclass
class Noted:
    """What the buyer app, the gateway and the charger know for certain."""

    acknowledged: set[str] = field(default_factory=set)
    sent: Counter[str] = field(default_factory=Counter)
    paid: set[str] = field(default_factory=set)
    reached: dict[str, str] = field(default_factory=dict)
    server_errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Buyer:
    """Drives transactions one after the other until told to stop; several may share a sink and what is noted."""

    def __init__(self, to: Credentials, sink: Sink, noted: Noted, *, seed: int, charger: threading.Lock) -> None:
        self.to, self.sink, self.noted = to, sink, noted
        self.dice = random.Random(seed)
        self.signer = Signer(to.bap_id, to.key_id, decoded(to.seed))
        self.charger = charger
        self.http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=10), retries=False)

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            end, transaction_id = self.dice.choice(ENDS), str(uuid.uuid4())
            try:
                self._travel(transaction_id, end)
            except GivenUp as reason:
                with self.noted.lock:
                    self.noted.reached[transaction_id] = f"gave up: {reason}"

    def _travel(self, transaction_id: str, end: str) -> None:
        now = datetime.now(UTC)
        cart = Cart(now, now + timedelta(hours=1), (self.to.offer_id,))
        self._reach(transaction_id, "select")
        self._ask("select", messages.select(self.to, cart), transaction_id)
        if end == "select":
            return
        order = self._ask("init", messages.init(self.to, cart), transaction_id)["message"]["order"]
        self._reach(transaction_id, "init")
        if end == "init":
            return
        self._pay(order["payments"][0])
        self._reach(transaction_id, "paid")
        if end == "paid":
            return
        order = self._ask("confirm", messages.confirm(self.to, cart, order), transaction_id)["message"]["order"]
        self._reach(transaction_id, "confirmed")
        if end == "cancelled":
            self._ask("cancel", messages.cancel(order["id"], "plans changed"), transaction_id)
            self._reach(transaction_id, "cancelled")
        elif end == "charged":
            with self.charger:  # there is one connector
                self._charge(order, transaction_id)
            self._reach(transaction_id, "charged")

    def _charge(self, order: Body, transaction_id: str) -> None:
        otp = order["fulfillments"][0]["stops"][0]["authorization"]["token"]
        self._ask("update", messages.start_charging(order["id"], otp), transaction_id)
        session_id, began = f"crash-{uuid.uuid4()}", datetime.now(UTC)
        start = {"session_id": session_id, "order_id": order["id"], "item_id": self.to.item_id}
        start |= {"started_at": stamp(began), "register_wh": REGISTER_WH}
        self._report("sessions", start)
        readings = [{"at": stamp(began + timedelta(minutes=8)), "register_wh": REGISTER_WH + 2_000}]
        self._report(f"sessions/{session_id}/readings", {"item_id": self.to.item_id, "readings": readings})
        stop = {"at": stamp(began + timedelta(minutes=20)), "register_wh": REGISTER_WH + 5_000, "reason": "Remote"}
        self._report(f"sessions/{session_id}/stop", stop)

    def _ask(self, action: str, message: Body, transaction_id: str) -> Body:
        """Return the answering callback; the same bytes are sent again where it does not come."""
        message_id = str(uuid.uuid4())
        context = messages.context(self.to, action, transaction_id, message_id, datetime.now(UTC))
        raw = json.dumps({"context": context, "message": message}).encode()
        url = f"{self.to.bpp_uri.rstrip('/')}/{action}"

        def headers() -> dict[str, str]:
            with self.noted.lock:
                self.noted.sent[message_id] += 1
            return {"Authorization": self.signer.header(raw)}

        for _ in range(REPEATS):
            answer = self._send(url, raw, headers)
            if answer["message"]["ack"]["status"] != "ACK":
                raise GivenUp(f"{action} was refused: {answer}")
            with self.noted.lock:
                self.noted.acknowledged.add(message_id)
            if (body := self.sink.wait_for(message_id, CALLBACK_SECONDS)) is not None:
                if "error" in body:
                    raise GivenUp(f"on_{action} says {body['error']}")
                return body
        raise GivenUp(f"no on_{action} after {REPEATS} requests")

    def _pay(self, payment: Body) -> None:
        params = payment["params"]
        notice = {"event_id": f"evt-{uuid.uuid4()}", "payment_id": payment["id"], "status": "PAID"}
        notice |= {
            "amount": params["amount"],
            "currency": params["currency"],
            "reference": f"UPI-{uuid.uuid4().hex[:16]}",
        }
        raw = json.dumps(notice).encode()
        signature = hmac.new(self.to.payment_secret.encode(), raw, hashlib.sha256).hexdigest()
        self._send(self.to.payment_notice_url, raw, lambda: {"X-Signature": f"sha256={signature}"})
        with self.noted.lock:
            self.noted.paid.add(payment["id"])

    def _report(self, path: str, report: Body) -> None:
        raw = json.dumps(report).encode()
        bearer = {"Authorization": f"Bearer {self.to.charging_token}"}
        self._send(f"{self.to.charging_base}/{path}", raw, lambda: bearer)

    def _send(self, url: str, raw: bytes, headers: Callable[[], dict[str, str]]) -> Body:
        """Post until somebody answers; what is no answer is repeated, as every peer of a network must."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self.http.request(
                    "POST", url, body=raw, headers={"Content-Type": "application/json", **headers()}, redirect=False
                )
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status < 500:
                body: Body = json.loads(answer.data)
                if answer.status >= 400:
                    raise GivenUp(f"{url} answered {answer.status} {body}")
                return body
            with self.noted.lock:
                self.noted.server_errors.append(f"{answer.status} {url} {answer.data[:300]!r}")
            time.sleep(0.2)
        raise GivenUp(f"{url} did not answer for {PATIENCE_SECONDS} s")

    def _reach(self, transaction_id: str, step: str) -> None:
        with self.noted.lock:
            self.noted.reached[transaction_id] = step
