"""Plays the CPO's payment gateway: reports payments to the portal's webhook, signed with the shared secret."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid

from beckn.buyer.client import Answer, Http, Portal, Stop
from beckn.buyer.server import Body


class Gateway:
    """The gateway of the CPO; `pay` is a driver who has just paid."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._http: Http = portal.http

    def pay(self, transaction_id: str, payment: Body) -> None:
        """Report that this payment of on_init was made; raises Stop where the report is not taken."""
        params = payment.get("params", {})
        notice = {
            "event_id": f"evt-{uuid.uuid4()}",
            "payment_id": payment.get("id"),
            "status": "PAID",
            "amount": params.get("amount"),
            "currency": params.get("currency"),
            "reference": f"UPI-{uuid.uuid4().hex[:16]}",
        }
        raw = json.dumps(notice).encode()
        answer = self._report(raw, self._portal.to.payment_secret)
        if (answer.status, answer.body.get("outcome")) != (200, "PAID"):
            raise Stop(f"the payment's report was answered with {answer.status} {answer.body}")
        text = f"{notice['currency']} {notice['amount']} are paid"
        self._portal.printer.line(transaction_id, "gateway", text)
        self._probe(raw)

    def _probe(self, raw: bytes) -> None:
        """A replay is answered as before and changes nothing; a stranger's signature is refused."""
        findings = self._portal.findings
        again = self._report(raw, self._portal.to.payment_secret)
        findings.equal(
            "the answer to a replayed payment report", (again.status, again.body.get("outcome")), (200, "PAID")
        )
        forged = self._report(raw, "not the secret")
        findings.equal("the answer to a payment report with a wrong signature", forged.status, 401)

    def _report(self, raw: bytes, secret: str) -> Answer:
        signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        url = self._portal.to.payment_notice_url
        return self._http.send("POST", url, raw=raw, headers={"X-Signature": f"sha256={signature}"})
