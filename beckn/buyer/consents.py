"""The driver's consent to surcharges: what on_select asks for, and what init carries where the driver agrees."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from beckn.buyer.checks import Findings, tags
from beckn.buyer.server import Body

CODE = "surcharge-acknowledgement"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the driver is to read and agree to, as on_select stated it."""

    quote_id: str
    amount: str
    currency: str
    text: str

    @property
    def words(self) -> str:
        """Return what is agreed to, for people."""
        return f"“{self.text}” Surcharges of {self.currency} {self.amount} in this quote."


def asked_in(order: Body, findings: Findings) -> Asked | None:
    """Return what on_select asks consent to, None where nothing; a text that is not the hashed one is noted."""
    group = tags(order).get(CODE, {})
    if group.get("required") != "yes":
        return None
    asked = Asked(*(group.get(name, "") for name in ("quote-id", "amount", "currency", "text")))
    findings.equal("on_select: the quote to agree to", asked.quote_id, str(order.get("quote", {}).get("id", "")))
    hashed = hashlib.sha256(asked.text.encode()).hexdigest()
    findings.equal("on_select: the hash of what is to be read", group.get("text-hash"), hashed)
    return asked


def with_consent(message: Body, asked: Asked) -> Body:
    """Return an init by which the driver agrees."""
    said = {"accepted": "yes", "quote-id": asked.quote_id}
    entries = [{"descriptor": {"code": code}, "value": value} for code, value in said.items()]
    return {"order": {**message["order"], "tags": [{"descriptor": {"code": CODE}, "list": entries}]}}


def check_kept(order: Body, asked: Asked, findings: Findings) -> None:
    """Note where on_init does not say that the driver has agreed to this quote and this text."""
    group = tags(order).get(CODE, {})
    said = (group.get("accepted"), group.get("quote-id"), group.get("text"))
    findings.equal("on_init: the consent", said, ("yes", asked.quote_id, asked.text))
