"""One spoilt message through the lane, the inbox and its handler, on a database that forgets it again."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from beckn import bodies, inbox
from beckn.announcer import announce_events
from beckn.lane import MessageLane
from beckn.models import InboundMessage, InboundState
from beckn.protocol import envelope
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.models import OrderEvent
from offers.tasks import settle_stopped
from tests.beckn.protocol.schemas import complaints, ours
from tests.hostile import stages
from tests.hostile.mutator import Mutator
from tests.hostile.stages import Stage

ACK = envelope.ack()
CALLBACKS = """
SELECT c.action, b.id, b.codec, b.key_id, b.body FROM beckn_outboundcallback c
JOIN beckn_messagebody b ON b.id = c.body_id AND b.created_at = c.body_at WHERE c.inbound_id = %s
"""


def _nowhere(request: HttpRequest) -> HttpResponse:
    raise AssertionError("a message left its lane")


LANE = MessageLane(_nowhere)
REQUESTS = RequestFactory()


@dataclass(slots=True)
class Trial:
    """Many messages against one stage; `complaints` says what should not have happened, with the message's bytes.

    Every `validated`-th callback is held against its schema, which costs as much as handling the message.
    """

    stage: Stage
    validated: int = 1
    outcomes: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def run(self, seed: int, count: int) -> Trial:
        """Send `count` messages that are spoilt from this seed on."""
        mutator = Mutator(seed, self.stage.foreign_ids)
        for _ in range(count):
            self.stage.body["context"]["message_id"] = str(uuid.UUID(int=mutator.chance.getrandbits(128)))
            self.send(mutator.spoil(self.stage.body))
        return self

    def send(self, raw: bytes) -> None:
        """Send one message, look at all that came of it, and undo it."""
        found: list[str] = []
        try:
            with transaction.atomic():
                outcome = self._follow(raw, found)
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                transaction.set_rollback(True)
        except Exception as error:  # noqa: BLE001  whatever it is, the message that caused it is worth knowing
            outcome, found = "raised", [f"raised {error!r}"]
        self.outcomes[outcome] += 1
        self.complaints += [f"{complaint} {outcome}\n    {raw[:3000]!r}" for complaint in found]

    def _follow(self, raw: bytes, found: list[str]) -> str:
        answer = self._post(raw)
        said = json.loads(answer.content)
        if answer.status_code != 200:
            found += _of_refusal(answer.status_code, said)
            self._compare(raw, {}, found)
            return str(answer.status_code)
        if said != ACK:
            found.append(f"200 with {said}")
        [message] = inbox.claim_inbound(2)
        done = inbox.process(message)
        row = InboundMessage.objects.get(pk=message.pk)
        if not done or row.state != InboundState.DONE:
            found.append(f"{row.state}: {row.error}")
            return "failed"
        callback = self._callback(message, found)
        self._compare(raw, callback, found)
        with every_cpo():
            happened = OrderEvent.objects.filter(announced_at=None).exists()
        if happened:
            settle_stopped()
            announce_events()
        return "error callback" if "error" in callback else "answered"

    def _post(self, raw: bytes) -> Any:
        headers = {"Authorization": self.stage.app.sign(raw)}
        path = f"/beckn/{self.stage.action}"
        return LANE(REQUESTS.post(path, raw, content_type="application/json", headers=headers))

    def _callback(self, message: InboundMessage, found: list[str]) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(CALLBACKS, [message.pk])
            rows = cursor.fetchall()
        if [row[0] for row in rows] != [f"on_{self.stage.action}"]:
            found.append(f"the callbacks {[row[0] for row in rows]}")
            return {}
        _, body_id, *stored = rows[0]
        body: dict[str, Any] = json.loads(bodies.unpack(body_id, bodies.Packed(*stored)))
        if message.pk % self.validated == 0:
            found += complaints(ours("callbacks.json", f"on_{self.stage.action}"), body)
        price = body.get("message", {}).get("order", {}).get("quote", {}).get("price", {})
        if Decimal(price.get("value", "0")) < 0:
            found.append(f"a total of {price}")
        return body

    def _compare(self, raw: bytes, callback: dict[str, Any], found: list[str]) -> None:
        """Complain of a change that this message had no right to, and of any to another order."""
        after, before = stages.orders(), self.stage.before
        changed = {key for key in after if after[key] != before.get(key)}
        if not changed and after.keys() == before.keys():
            return
        self.outcomes["changed"] += 1
        new = after.keys() - before.keys()
        own = {order for order in before if str(order) == self.stage.order_id}
        if "error" in callback or not callback:
            found.append("an order changed although the message was refused")
        elif not self.stage.may_change(raw):
            found.append("an order changed by a message that does not say so")
        elif self.stage.action == "init":
            found += [] if changed == new else [f"init changed {changed - new}"]
            found += stages.unlike(raw, new, callback)
        elif changed != own or new:
            found.append(f"the orders {changed} changed, not {own} alone")
        if stages.negative_amounts():
            found.append("an amount below zero is stored")


def _of_refusal(status: int, said: Any) -> list[str]:
    """Return what is wrong with a NACK."""
    found = [] if status in {400, 401} else [f"status {status}"]
    error = said.get("error", {})
    if said.get("message") != {"ack": {"status": "NACK"}} or not str(error.get("message", "")).endswith("."):
        found.append(f"no NACK with a sentence: {said}")
    return found
