"""The driver's journey: an offer found, quoted, ordered, paid, charged with, billed and rated."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from beckn.buyer import consents, figures, messages
from beckn.buyer.charger import Charger
from beckn.buyer.checks import decimal, lines_of, offer_in, price_of, tags
from beckn.buyer.client import Portal, Stop, message_of, order_of
from beckn.buyer.gateway import Gateway
from beckn.buyer.messages import Cart
from beckn.buyer.server import Body

#: How an init is answered that lacks the consent which on_select asked for.
REFUSED = "40000"


class Journey:
    """One order of the driver, from the search to the rating; what is off is noted in the portal's findings.

    `agrees` says whether the driver agrees to the surcharges that a seller asks consent to.
    """

    def __init__(self, portal: Portal, gateway: Gateway, charger: Charger, *, agrees: bool = False) -> None:
        self.portal, self.gateway, self.charger = portal, gateway, charger
        self.to, self.findings = portal.to, portal.findings
        self.agrees = agrees
        self.asked: consents.Asked | None = None
        self.transaction_id = str(uuid.uuid4())
        now = datetime.now(UTC)
        self.cart = Cart(now, now + timedelta(hours=1), (portal.to.offer_id,))
        self.placed: Body = {}
        self.order_id = ""
        self.otp = ""

    def run(self) -> None:
        """Go all the way; raises Stop where the next step has nothing to stand on."""
        self.portal.printer.title(f"Order {self.transaction_id[:8]}: charge for ₹100 with {self.to.offer_id}")
        self.search()
        self.select()
        self.init()
        self.pay()
        self.confirm()
        self.start()
        self.charge()
        self.follow()
        self.stop()
        self.rate_and_ask()

    def search(self) -> None:
        """The offer is there, with its provider and on its connector, under one id and with the discounted price."""
        body = self.portal.ask("search", messages.search(self.to.gps, self.cart), self.transaction_id)
        providers = message_of(body, "on_search").get("catalog", {}).get("providers", [])
        provider: Body = next((p for p in providers if p.get("id") == self.to.provider_id), {})
        item: Body = next((i for i in provider.get("items", []) if i.get("id") == self.to.item_id), {})
        if not item:
            raise Stop(f"on_search does not show {self.to.item_id} of {self.to.provider_id}")
        self.findings.equal("on_search: the price per kWh", price_of(item), (figures.RATE, "INR/kWh"))
        for offer_id in (self.to.offer_id, self.to.weekend_offer_id):
            self.findings.true(
                f"on_search does not list {offer_id} with its provider", bool(offer_in(provider, offer_id))
            )
            inline = offer_in(item, offer_id)
            self.findings.true(f"on_search does not list {offer_id} on {self.to.item_id}", bool(inline))
            shown = (figures.DISCOUNTED_RATE, "INR/kWh")
            self.findings.equal(f"on_search: the price per kWh with {offer_id}", price_of(inline), shown)
        count = sum(len(p.get("items", [])) for p in providers)
        found = f"{count} connectors of {len(providers)} providers; {self.to.item_id}: ₹{price_of(item)[0]} per kWh"
        self._say("on_search", f"{found}, ₹{price_of(inline)[0]} with the offer")

    def select(self) -> None:
        """The quote holds the offer, and says what surcharges the driver is to agree to."""
        body = self.portal.ask("select", messages.select(self.to, self.cart), self.transaction_id)
        order = order_of(body, "on_select")
        figures.QUOTED.compare(self.findings, "on_select", order)
        self._validated("on_select", order)
        self._say("on_select", in_words(order))
        self.asked = consents.asked_in(order, self.findings)
        if self.asked is not None:
            self._say("on_select", f"consent is needed: {self.asked.words}")
            self._say("driver", "agrees" if self.agrees else "does not agree")

    def init(self) -> None:
        """The offer is validated and reserved; payment link and refund terms are told."""
        self.placed = order = self._placed()
        figures.QUOTED.compare(self.findings, "on_init", order)
        self._validated("on_init", order)
        payment = self._payment("on_init", order, "NOT-PAID", figures.QUOTED.total)
        url = str(payment.get("url", ""))
        holds = self.transaction_id in url and figures.QUOTED.total in url
        self.findings.true(f"on_init: the payment link “{url}” lacks transaction or amount", holds)
        terms = order.get("refund_terms", [])
        best: Body = next((term for term in terms if term.get("refund_eligible") is True), {})
        refund = best.get("refund_amount", {}).get("value", "")
        self.findings.equal("on_init: the refund of a cancellation in good time", refund, figures.REFUND)
        self._say("on_init", f"{in_words(order)}; pay at {url}; refund terms: {len(terms)}, at best INR {refund}")

    def pay(self) -> None:
        """The gateway reports the payment, and the portal tells so unasked."""
        self.gateway.pay(self.transaction_id, (self.placed.get("payments") or [{}])[0])
        order = self.portal.told("on_status", self.transaction_id, "PAID", lambda o: _paid(o) == "PAID")
        self._payment("on_status", order, "PAID", figures.QUOTED.total)
        self._say("on_status", "unasked: the payment is PAID")

    def confirm(self) -> None:
        """The order is binding; its id and its one-time password are told."""
        body = self.portal.ask("confirm", messages.confirm(self.to, self.cart, self.placed), self.transaction_id)
        order = order_of(body, "on_confirm")
        figures.QUOTED.compare(self.findings, "on_confirm", order)
        self.findings.equal("on_confirm: the order's status", order.get("status"), "ACTIVE")
        self.order_id = str(order.get("id", ""))
        stops = [stop for session in order.get("fulfillments", []) for stop in session.get("stops", [])]
        self.otp = next((str(s["authorization"]["token"]) for s in stops if "token" in s.get("authorization", {})), "")
        if not self.order_id or not self.otp:
            raise Stop("on_confirm tells no order id or no OTP")
        self.findings.true(f"the OTP has {len(self.otp)} characters, not six digits", _is_otp(self.otp))
        self._say("on_confirm", f"order {self.order_id} is ACTIVE, OTP {self.otp}")

    def start(self) -> None:
        """A wrong OTP is an error and starts nothing; the right one lets the charger start."""
        wrong = f"{(int(self.otp) + 1) % 10**6:06d}" if self.otp.isdigit() else "000000"
        body = self.portal.ask("update", messages.start_charging(self.order_id, wrong), self.transaction_id)
        error = body.get("error") or {}
        self.findings.true("update with a wrong OTP was not answered with an error", bool(error))
        self._say("on_update", f"wrong OTP: error {error.get('code')}, {error.get('message')}")
        body = self.portal.ask("update", messages.start_charging(self.order_id, self.otp), self.transaction_id)
        order_of(body, "on_update")
        self._say("on_update", "right OTP: the charger may start")
        self.charger.await_command("START", self.order_id)
        self.charger.start(self.order_id)
        self._say("charger", "told to START; charging")
        self.portal.told("on_update", self.transaction_id, "ACTIVE", lambda o: _state(o) == "ACTIVE")
        self._say("on_update", "unasked: ACTIVE")

    def charge(self) -> None:
        """The charger reports three kilowatt-hours in twelve simulated minutes."""
        self.charger.read(5, 12)
        self._say("charger", f"{figures.RUNNING_KWH} kWh after 12 simulated minutes")

    def follow(self) -> None:
        """Status and track tell the exact cost so far."""
        order = order_of(self.portal.ask("status", {"order_id": self.order_id}, self.transaction_id), "on_status")
        figures.RUNNING.compare(self.findings, "on_status while charging", order)
        self.findings.equal("on_status: kWh so far", _delivered(order), decimal(figures.RUNNING_KWH))
        self._say("on_status", f"so far {in_words(order)}")
        body = self.portal.ask("track", {"order_id": self.order_id}, self.transaction_id)
        tracking = message_of(body, "on_track").get("tracking", {})
        progress = tags(tracking).get("charging-progress", {})
        self.findings.equal("on_track: the status", tracking.get("status"), "active")
        self.findings.equal("on_track: the cost so far", progress.get("cost-so-far"), figures.RUNNING.total)
        delivered = decimal(progress.get("energy-delivered", ""))
        self.findings.equal("on_track: kWh so far", delivered, decimal(figures.RUNNING_KWH))
        self._say("on_track", f"{delivered.normalize():f} kWh, INR {progress.get('cost-so-far')} so far")

    def stop(self) -> None:
        """The driver stops; the charger does; the bill comes unasked."""
        self.charger.read(16, 20)
        order_of(self.portal.ask("update", messages.stop_charging(self.order_id), self.transaction_id), "on_update")
        self._say("on_update", "the charger is asked to stop")
        self.charger.await_command("STOP", self.order_id)
        self.charger.stop()
        self._say("charger", f"told to STOP; {figures.BILLED_KWH} kWh after 20 simulated minutes")
        order = self.portal.told("on_update", self.transaction_id, "COMPLETED", lambda o: o.get("status") == "COMPLETE")
        self._say("on_update", f"unasked: COMPLETED, {in_words(order)}")
        self.billed(order)
        self.placed = order

    def billed(self, order: Body) -> None:
        """The final bill, what the offer gave, and what is owed."""
        figures.BILLED.compare(self.findings, "the bill", order)
        self.findings.equal("the bill: the session's state", _state(order), "COMPLETED")
        self.findings.equal("the bill: kWh delivered", _delivered(order), decimal(figures.BILLED_KWH))
        usage = tags(offer_in(order, self.to.offer_id)).get("offer-usage", {})
        self.findings.equal("offer-usage: applied", usage.get("offer-applied"), "true")
        self.findings.equal("offer-usage: the discount", usage.get("discount-amount"), figures.USED)
        self.findings.equal("offer-usage: the percentage", usage.get("savings-percentage"), figures.SAVED_PERCENT)
        whole = tags(order)
        summary, settlement = whole.get("offer-summary", {}), whole.get("settlement", {})
        self.findings.equal("offer-summary: the savings", summary.get("total-savings"), figures.USED)
        self.findings.equal("offer-summary: the offer's type", summary.get("offer-type"), "WEEKEND_SPECIAL")
        owed = (settlement.get("kind"), settlement.get("amount"))
        self.findings.equal("the settlement", owed, ("SHORTFALL", figures.SHORTFALL))

    def rate_and_ask(self) -> None:
        """The driver rates the session and asks where help is."""
        message_of(self.portal.ask("rating", messages.rating(self.order_id), self.transaction_id), "on_rating")
        self._say("on_rating", "taken")
        message = {"support": {"ref_id": self.order_id}}
        support = message_of(self.portal.ask("support", message, self.transaction_id), "on_support").get("support", {})
        self.findings.equal("on_support: the order it is about", support.get("ref_id"), self.order_id)
        contact = ", ".join(str(support[name]) for name in ("phone", "email", "url") if support.get(name))
        self.findings.true("on_support names no phone, e-mail or address", bool(contact))
        self._say("on_support", contact)

    def _placed(self) -> Body:
        """Send init, with the driver's consent where it is asked for and given; return the order of its answer."""
        message, asked = messages.init(self.to, self.cart), self.asked
        if asked is not None and self.agrees:
            message = consents.with_consent(message, asked)
        body = self.portal.ask("init", message, self.transaction_id)
        if asked is not None and not self.agrees:
            error = body.get("error") or {}
            self.findings.equal("on_init without consent: the error", error.get("code"), REFUSED)
            raise Stop(
                f"The driver has not agreed to {asked.words} on_init answers {error.get('code')}: "
                f"{error.get('message')} Run the journey with --agree to agree"
            )
        order = order_of(body, "on_init")
        if asked is not None:
            consents.check_kept(order, asked, self.findings)
        return order

    def _say(self, who: str, text: str) -> None:
        self.portal.printer.line(self.transaction_id, who, text)

    def _validated(self, what: str, order: Body) -> None:
        validation = tags(offer_in(order, self.to.offer_id)).get("offer-validation", {})
        said = (validation.get("validated"), validation.get("discount-applied"))
        self.findings.equal(f"{what}: offer-validation", said, ("true", figures.SAVING))

    def _payment(self, what: str, order: Body, status: str, amount: str) -> Body:
        payment: Body = (order.get("payments") or [{}])[0]
        said = (payment.get("status"), payment.get("params", {}).get("amount"))
        self.findings.equal(f"{what}: the payment", said, (status, amount))
        return payment


def in_words(order: Body) -> str:
    """Return a quote on one line: INR 91.45 = 90.00 + 10.00 − 22.50 + 13.95."""
    value, currency = price_of(order.get("quote", {}))
    amounts = [amount for _, amount in lines_of(order)]
    terms = "".join(f" − {a[1:]}" if a.startswith("-") else f" + {a}" for a in amounts)
    return f"{currency} {value} = {terms.removeprefix(' + ')}"


def _paid(order: Body) -> str:
    return str((order.get("payments") or [{}])[0].get("status", ""))


def _state(order: Body) -> str:
    session: Body = (order.get("fulfillments") or [{}])[0]
    return str(session.get("state", {}).get("descriptor", {}).get("code", ""))


def _delivered(order: Body) -> object:
    item: Body = (order.get("items") or [{}])[0]
    return decimal(str(item.get("quantity", {}).get("allocated", {}).get("measure", {}).get("value", "")))


def _is_otp(text: str) -> bool:
    return len(text) == 6 and text.isascii() and text.isdigit()
