"""Speaks to the portal as a buyer app: signs each request, reads its ACK, waits for the callback and checks it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import urllib3

from beckn.buyer import checks, messages
from beckn.buyer.credentials import Credentials, decoded
from beckn.buyer.server import Body, Callback, Mailbox, Missing
from beckn.buyer.signing import Signer, Verifier

#: How long a callback, or an answer, may take where nothing else is said.
SECONDS = 20.0
#: The usual reason: a buyer app that ended early did not take its callbacks, and the portal waits with the next.
LEFT_ALONE = (
    "After callbacks that nobody took the portal leaves a buyer app alone for at least five seconds: try once more; "
    "Admin → Subscribers, as the platform operator, says what the portal met."
)


class Stop(Exception):
    """The journey cannot go on: what the next step needs did not come."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered over HTTP, at once."""

    status: int
    headers: dict[str, str]
    body: Body

    @property
    def ack(self) -> str:
        message = self.body.get("message")
        ack = message.get("ack") if isinstance(message, dict) else None
        return str(ack.get("status", "")) if isinstance(ack, dict) else ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went out."""

    action: str
    transaction_id: str
    message_id: str
    raw: bytes
    answer: Answer


@dataclass(slots=True)
class Printer:
    """Prints a line per message; `quiet` keeps the receipt only, `verbose` adds each message's JSON."""

    quiet: bool = False
    verbose: bool = False

    def title(self, text: str) -> None:
        if not self.quiet:
            print(f"\n{text}", flush=True)

    def line(self, transaction_id: str, who: str, text: str) -> None:
        if not self.quiet:
            print(f"  {transaction_id[:8]}  {who:<15} {text}", flush=True)

    def dump(self, body: Body) -> None:
        if self.verbose:
            print(json.dumps(body, indent=2, ensure_ascii=False, default=str), flush=True)


class Http:
    """A connection pool that follows nothing and gives up in time."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=SECONDS), retries=False, headers={"User-Agent": "beckn-buyer"}
        )

    def send(self, method: str, url: str, *, raw: bytes | None = None, headers: dict[str, str]) -> Answer:
        """Return the answer; raises Stop where there is none."""
        if raw is not None:
            headers = {"Content-Type": "application/json", **headers}
        try:
            response = self._pool.request(method, url, body=raw, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise Stop(f"{url} does not answer: {error}") from None
        try:
            body = json.loads(response.data, parse_float=Decimal)
        except ValueError:
            body = {}
        shown = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, shown, body if isinstance(body, dict) else {})


@dataclass(slots=True)
class Portal:
    """The seller platform as the buyer app sees it; what is off is noted in `findings`."""

    to: Credentials
    mailbox: Mailbox
    findings: checks.Findings
    printer: Printer
    http: Http = field(default_factory=Http)
    seconds: float = SECONDS
    sent_ids: set[str] = field(default_factory=set)
    transactions: set[str] = field(default_factory=set)

    @property
    def signer(self) -> Signer:
        return Signer(self.to.bap_id, self.to.key_id, decoded(self.to.seed))

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.to.bpp_id, self.to.bpp_key_id, decoded(self.to.bpp_public_key))

    def compose(self, action: str, message: Body, transaction_id: str, message_id: str) -> bytes:
        """Return the bytes of a request."""
        context = messages.context(self.to, action, transaction_id, message_id, datetime.now(UTC))
        return json.dumps({"context": context, "message": message}, ensure_ascii=False).encode()

    def post(self, action: str, raw: bytes, authorization: str) -> Answer:
        """Post bytes with a signature header, whatever it is worth."""
        url = f"{self.to.portal_url}/beckn/{action}"
        return self.http.send("POST", url, raw=raw, headers={"Authorization": authorization})

    def send(self, action: str, message: Body, transaction_id: str) -> Sent:
        """Send a signed request and expect its ACK."""
        message_id = str(uuid.uuid4())
        self.sent_ids.add(message_id)
        self.transactions.add(transaction_id)
        raw = self.compose(action, message, transaction_id, message_id)
        self.printer.dump(json.loads(raw))
        began = time.monotonic()
        answer = self.post(action, raw, self.signer.header(raw))
        took = (time.monotonic() - began) * 1000
        self.printer.line(transaction_id, action, f"{answer.ack or answer.status} after {took:.0f} ms")
        if (answer.status, answer.ack) != (200, "ACK"):
            raise Stop(f"{action} was answered with {answer.status} {answer.body.get('error') or answer.ack}")
        return Sent(action, transaction_id, message_id, raw, answer)

    def ask(self, action: str, message: Body, transaction_id: str) -> Body:
        """Send a request and return its callback's body, checked; raises Stop where none comes."""
        sent = self.send(action, message, transaction_id)
        return self.callback_of(sent).body

    def callback_of(self, sent: Sent, seconds: float | None = None) -> Callback:
        """Return the callback that answers a request, checked; raises Stop where none comes (in `seconds`)."""
        action = f"on_{sent.action}"

        def answers(callback: Callback) -> bool:
            return (callback.action, callback.context.get("message_id")) == (action, sent.message_id)

        callback = self._take(answers, action, sent.transaction_id, seconds or self.seconds)
        self._check(callback, sent.transaction_id)
        return callback

    def told(self, action: str, transaction_id: str, what: str, holds: Callable[[Body], bool]) -> Body:
        """Return the order of an unsolicited callback for which `holds`, checked; raises Stop where none comes."""

        def wanted(callback: Callback) -> bool:
            context = callback.context
            return (
                (callback.action, context.get("transaction_id")) == (action, transaction_id)
                and context.get("message_id") not in self.sent_ids
                and "error" not in callback.body
                and holds(order_in(callback.body))
            )

        named = f"the unsolicited {action} that says {what}"
        callback = self._take(wanted, named, transaction_id, self.seconds)
        self._check(callback, transaction_id)
        return order_of(callback.body, action)

    def _take(self, wanted: Callable[[Callback], bool], what: str, transaction_id: str, seconds: float) -> Callback:
        try:
            return self.mailbox.take(wanted, seconds)
        except Missing:
            raise Stop(f"{what} of {transaction_id[:8]} did not come within {seconds:.0f} s. {LEFT_ALONE}") from None

    def _check(self, callback: Callback, transaction_id: str) -> None:
        """Note everything that must hold of any callback; its signature was verified when it came."""
        self.printer.dump(callback.body)
        expected = {
            "action": callback.action,
            "domain": messages.DOMAIN,
            "version": messages.VERSION,
            "bap_id": self.to.bap_id,
            "bap_uri": self.to.callback_url,
            "bpp_id": self.to.bpp_id,
            "bpp_uri": self.to.bpp_uri,
            "transaction_id": transaction_id,
        }
        faults = [
            *checks.context_faults(callback.context, expected, datetime.now(UTC)),
            *checks.time_faults(callback.body.get("message")),
            *checks.quote_faults(order_in(callback.body)),
        ]
        for fault in faults:
            self.findings.note(f"{callback.action} of {transaction_id[:8]}: {fault}")


def order_in(body: Body) -> Body:
    """Return the order of a message, empty where there is none."""
    message = body.get("message")
    order = message.get("order") if isinstance(message, dict) else None
    return order if isinstance(order, dict) else {}


def order_of(body: Body, what: str) -> Body:
    """Return the order of a callback; raises Stop where it is an error."""
    return dict(message_of(body, what).get("order", {}))


def message_of(body: Body, what: str) -> Body:
    """Return the message of a callback; raises Stop where it is an error."""
    error: Any = body.get("error")
    if error:
        raise Stop(f"{what} is the error {error.get('code')}: {error.get('message')}")
    return dict(body.get("message") or {})
