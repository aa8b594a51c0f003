"""Sells the one use of the demonstration's exhausted offer: a real order, by the domain's own functions."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from beckn.demo.campaigns import SPENT
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import unseal
from cpo_portal.charging.models import Order, PaymentGateway
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import record_notice
from cpo_portal.charging.sessions.readings import Reading, record_readings
from cpo_portal.charging.sessions.reports import SessionStart, SessionStop, start_session, stop_session
from cpo_portal.network.models import ChargingSystem, Connector
from offers.ordering.confirm import confirm
from offers.ordering.place import Placing, place
from offers.ordering.settle import settle
from offers.ordering.start import authorise_start
from offers.quoting import Buyer, SessionAsk
from pricing.engine.values import AmountMeasure

TRANSACTION = str(uuid.uuid5(uuid.NAMESPACE_URL, "demo/opening-gift"))
SITE = "mysuru-palace"
#: The session's register, by minute; it lies in the past, so that nothing of the demonstration is ahead of the clock.
REGISTER = {0: 84_000, 10: 90_200, 20: 96_100, 30: 101_850}
AGO = timedelta(hours=2)


def sell_opening_gift(cpo: Cpo, system: ChargingSystem, bap_id: str, now: datetime) -> None:
    """Place, pay, confirm, charge and bill the order once; inside the CPO's scope and one transaction."""
    if Order.objects.filter(bap_id=bap_id, transaction_id=TRANSACTION).exists():
        return
    then = now - AGO
    connector = Connector.objects.select_related("cpo", "charger__location").get(
        charger__location__location_id=SITE, connector_type="CCS2"
    )
    ask = SessionAsk(
        measure=AmountMeasure(Decimal(400), "INR"),
        planned_start=then,
        planned_end=then + timedelta(hours=1),
        opted_in=(SPENT,),
    )
    placing = Placing(
        buyer=Buyer(bap_id, TRANSACTION),
        connector=connector,
        ask=ask,
        billing={"name": "Meera Iyer", "phone": "+91-9811122233", "city": "Mysuru", "state": "Karnataka"},
        contact={"name": "Meera Iyer", "phone": "+91-9811122233", "email": ""},
        vehicle=("MG", "ZS EV"),
    )
    order = place(placing, now=then).order
    _pay(cpo, order, then)
    confirmed = confirm(order, now=then)
    authorise_start(confirmed.order, otp_text=confirmed.otp, otp_required=True, now=then)
    _charge(order, system, connector, then)
    settle(order, now=then + timedelta(minutes=max(REGISTER)))


def _pay(cpo: Cpo, order: Order, then: datetime) -> None:
    gateway = PaymentGateway.objects.select_related("cpo").get(cpo=cpo)
    payment = order.payments.get()
    notice = {
        "event_id": "demo-opening-gift",
        "payment_id": str(payment.pk),
        "status": "PAID",
        "amount": f"{payment.amount:f}",
        "currency": payment.currency,
        "reference": "DEMO-OPENING-GIFT",
    }
    raw = json.dumps(notice).encode()
    record_notice(gateway, raw, signature_of(raw, unseal(bytes(gateway.sealed_secret))), now=then)


def _charge(order: Order, system: ChargingSystem, connector: Connector, then: datetime) -> None:
    session_id = "demo-opening-gift"
    first, *between, last = sorted(REGISTER)
    start_session(system, SessionStart(session_id, order.pk, connector.item_id, then, REGISTER[first]), now=then)
    readings = [Reading(then + timedelta(minutes=minute), REGISTER[minute]) for minute in between]
    ended = then + timedelta(minutes=last)
    record_readings(system, session_id, readings, now=ended)
    stop_session(system, session_id, SessionStop(ended, REGISTER[last], "EVDisconnected"), now=ended)
