"""Beside the main road: the weekend offer on its days and off them, a cancelled order, and messages that must fail."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beckn.buyer import figures, messages
from beckn.buyer.checks import offer_in, tags
from beckn.buyer.client import Answer, Portal, Sent, Stop, order_of
from beckn.buyer.journey import Journey, in_words
from beckn.buyer.messages import Cart
from beckn.buyer.server import Callback
from beckn.buyer.signing import Signer

#: The demo's site lies in India: one zone, no summer time. A small environment may have no zone database.
INDIA = timezone(timedelta(hours=5, minutes=30))
SATURDAY, WEDNESDAY = 5, 2
REPEATS = 5


def check_weekend(portal: Portal) -> None:
    """WEEKEND25 is applied on Saturdays and Sundays and refused on other days, today and on a day of the other sort."""
    portal.printer.title(f"{portal.to.weekend_offer_id}, judged at the planned start")
    now = datetime.now(UTC)
    _select_weekend(portal, now)
    other = WEDNESDAY if _is_weekend(now) else SATURDAY
    _select_weekend(portal, _noon_of_next(other, now))


def check_cancellation(journey: Journey) -> None:
    """An order six hours ahead is cancelled: 85 % of what was paid comes back."""
    portal, findings = journey.portal, journey.findings
    portal.printer.title(f"Order {journey.transaction_id[:8]}: cancelled in good time")
    start = datetime.now(UTC) + timedelta(hours=6)
    journey.cart = Cart(start, start + timedelta(hours=1), journey.cart.offers)
    journey.select()
    journey.init()
    journey.pay()
    journey.confirm()
    message = messages.cancel(journey.order_id, "The plan has changed")
    order = order_of(portal.ask("cancel", message, journey.transaction_id), "on_cancel")
    findings.equal("on_cancel: the order's status", order.get("status"), "CANCELLED")
    findings.equal("on_cancel: by whom", order.get("cancellation", {}).get("cancelled_by"), "CONSUMER")
    settlement = tags(order).get("settlement", {})
    back = (settlement.get("kind"), settlement.get("amount"))
    findings.equal("on_cancel: the settlement", back, ("REFUND", figures.REFUND))
    text = f"{order.get('status')}, INR {settlement.get('amount')} of {figures.QUOTED.total} come back"
    portal.printer.line(journey.transaction_id, "on_cancel", text)


def probe(portal: Portal) -> None:
    """Tampered, foreign and repeated messages are answered as documented."""
    portal.printer.title("Messages that must not pass, and one that may pass twice")
    start = datetime.now(UTC)
    cart = messages.select(portal.to, Cart(start, start + timedelta(hours=1), ()))
    sent = portal.send("select", cart, str(uuid.uuid4()))
    first = portal.callback_of(sent)
    tampered = sent.raw.replace(b'"value": "100"', b'"value": "900"')
    _expect(portal, sent, "tampered", portal.post("select", tampered, portal.signer.header(sent.raw)), 401)
    stranger = Signer(portal.to.bap_id, portal.to.key_id, Ed25519PrivateKey.generate().private_bytes_raw())
    _expect(portal, sent, "signed by a stranger", portal.post("select", sent.raw, stranger.header(sent.raw)), 401)
    second = _repeated(portal, sent)
    portal.findings.true("the same message again brought another callback", second.raw == first.raw)
    portal.printer.line(sent.transaction_id, "on_select", "the same as before")
    other = portal.compose("select", cart, sent.transaction_id, sent.message_id)
    _expect(portal, sent, "another body, same ids", portal.post("select", other, portal.signer.header(other)), 400)


def _repeated(portal: Portal, sent: Sent) -> Callback:
    """Send the same bytes again and return what comes.

    A repeat that meets the first callback unfinished is answered by that one, so it is tried a few times.
    """
    pause = portal.seconds / REPEATS
    for left in reversed(range(REPEATS)):
        _expect(portal, sent, "the same again", portal.post("select", sent.raw, portal.signer.header(sent.raw)), 200)
        try:
            return portal.callback_of(sent, pause)
        except Stop:
            if not left:
                raise
    raise AssertionError("REPEATS is at least one")


def _expect(portal: Portal, sent: Sent, what: str, answer: Answer, status: int) -> None:
    """Note where a message was not answered with this status and the ACK or NACK that goes with it."""
    expected = (status, "ACK" if status == 200 else "NACK")
    portal.findings.equal(f"the answer to a select, {what}", (answer.status, answer.ack), expected)
    if status == 401:
        challenge = answer.headers.get("www-authenticate", "")
        portal.findings.true("a 401 has no WWW-Authenticate: Signature", challenge.startswith("Signature "))
    portal.printer.line(sent.transaction_id, "select", f"{what}: {answer.status} {answer.ack}")


def _select_weekend(portal: Portal, start: datetime) -> None:
    to, findings, transaction_id = portal.to, portal.findings, str(uuid.uuid4())
    cart = Cart(start, start + timedelta(hours=1), (to.weekend_offer_id,))
    order = order_of(portal.ask("select", messages.select(to, cart), transaction_id), "on_select")
    validation = tags(offer_in(order, to.weekend_offer_id)).get("offer-validation", {})
    day = f"{start.astimezone(INDIA):%A}"
    said = (validation.get("validated"), validation.get("discount-applied"), validation.get("reason-code"))
    if _is_weekend(start):
        figures.QUOTED.compare(findings, f"on_select for a {day}", order)
        findings.equal(f"{to.weekend_offer_id} on a {day}", said, ("true", figures.SAVING, None))
        verdict = "applied"
    else:
        figures.WITHOUT_OFFER.compare(findings, f"on_select for a {day}", order)
        findings.equal(f"{to.weekend_offer_id} on a {day}", said, ("false", None, "OUTSIDE_WEEKLY_WINDOW"))
        verdict = f"refused, {validation.get('reason-code')}"
    portal.printer.line(transaction_id, "on_select", f"{day}: {verdict}; {in_words(order)}")


def _is_weekend(moment: datetime) -> bool:
    return moment.astimezone(INDIA).weekday() >= SATURDAY


def _noon_of_next(weekday: int, now: datetime) -> datetime:
    today: date = now.astimezone(INDIA).date()
    ahead = (weekday - today.weekday() - 1) % 7 + 1
    return datetime.combine(today + timedelta(days=ahead), time(12), INDIA).astimezone(UTC)
