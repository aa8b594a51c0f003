"""What the buyer app says: the messages of DEG v1, as plain JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from beckn.buyer.credentials import Credentials
from beckn.buyer.server import Body

DOMAIN, VERSION, TTL = "deg:ev-charging", "1.1.0", "PT30S"
DRIVER = {"person": {"name": "Sarah Johnson"}, "contact": {"phone": "+91-9876543210"}}
BILLING = {
    "name": "Sarah Johnson",
    "address": "123 MG Road, Bengaluru, Karnataka, 560001, India",
    "state": {"name": "Karnataka"},
    "city": {"name": "Bengaluru"},
    "email": "sarah.johnson@example.com",
    "phone": "+91-9876543210",
}


@dataclass(frozen=True, slots=True)
class Cart:
    """Charge for ₹100 in this hour, with these offers opted in to."""

    start: datetime
    end: datetime
    offers: tuple[str, ...]
    rupees: str = "100"


def context(to: Credentials, action: str, transaction_id: str, message_id: str, now: datetime) -> Body:
    """Return the context of a request; a search names no seller."""
    seller = {} if action == "search" else {"bpp_id": to.bpp_id, "bpp_uri": to.bpp_uri}
    return {
        "domain": DOMAIN,
        "action": action,
        "version": VERSION,
        "location": {"country": {"code": "IND"}, "city": {"code": to.city_code}},
        "bap_id": to.bap_id,
        "bap_uri": to.callback_url,
        **seller,
        "transaction_id": transaction_id,
        "message_id": message_id,
        "timestamp": stamp(now),
        "ttl": TTL,
    }


def search(gps: str, cart: Cart) -> Body:
    """Look for CCS2 chargers within a kilometre."""
    stop = {
        "type": "START-CHARGING",
        "location": {"circle": {"gps": gps, "radius": {"value": "1", "unit": "km"}}},
        "time": {"range": {"start": stamp(cart.start), "end": stamp(cart.end)}},
    }
    wanted = {"list": [{"descriptor": {"code": "connector-type"}, "value": "CCS2"}]}
    return {
        "intent": {
            "descriptor": {"name": "EV charger"},
            "item": {"descriptor": {"code": "CHARGER"}},
            "fulfillment": {"type": "CHARGING", "stops": [stop], "tags": [wanted]},
        }
    }


def select(to: Credentials, cart: Cart) -> Body:
    """Ask for a quote."""
    measure = {"type": "CONSTANT", "value": cart.rupees, "unit": "INR"}
    return {
        "order": {
            "provider": {"id": to.provider_id},
            "items": [{"id": to.item_id, "quantity": {"selected": {"measure": measure}}}],
            "fulfillments": [
                {
                    "id": "1",
                    "stops": [
                        {"type": "START", "time": {"timestamp": stamp(cart.start)}},
                        {"type": "STOP", "time": {"timestamp": stamp(cart.end)}},
                    ],
                    "vehicle": {"make": "Tata", "model": "Nexon EV"},
                }
            ],
            "offers": [{"id": offer_id} for offer_id in cart.offers],
        }
    }


def init(to: Credentials, cart: Cart) -> Body:
    """Order the cart, saying who pays."""
    order = select(to, cart)["order"]
    order["fulfillments"][0]["customer"] = DRIVER
    order["billing"] = BILLING
    return {"order": order}


def confirm(to: Credentials, cart: Cart, placed: Body) -> Body:
    """Accept the order as on_init stated it."""
    order = init(to, cart)["order"]
    payments = [
        {"id": p.get("id"), "status": "PAID", "params": p.get("params", {})} for p in placed.get("payments", [])
    ]
    return {"order": {**order, "payments": payments, "quote": {"price": placed["quote"]["price"]}}}


def start_charging(order_id: str, otp: str) -> Body:
    """Start the session with the driver's one-time password."""
    stops = [{"type": "START", "authorization": {"type": "OTP", "token": otp}}]
    return _update(order_id, "start-charging", stops)


def stop_charging(order_id: str) -> Body:
    """Stop the session."""
    return _update(order_id, "stop-charging", [{"type": "END"}])


def cancel(order_id: str, reason: str) -> Body:
    """Give an order up."""
    return {"order_id": order_id, "cancellation_reason_id": "5", "descriptor": {"short_desc": reason}}


def rating(order_id: str) -> Body:
    """Rate order and session."""
    return {"ratings": [{"id": order_id, "rating_category": kind, "value": "5"} for kind in ("Order", "Fulfillment")]}


def stamp(moment: datetime) -> str:
    """Write an instant as RFC 3339 in UTC."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _update(order_id: str, code: str, stops: list[Body]) -> Body:
    session = {"id": "1", "state": {"descriptor": {"code": code}}, "stops": stops}
    return {"update_target": "order.fulfillments[0].state", "order": {"id": order_id, "fulfillments": [session]}}
