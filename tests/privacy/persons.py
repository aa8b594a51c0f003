"""What tests about persons share: two people who buy, and what is asked about them."""

from __future__ import annotations

import json
import uuid
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection

from beckn.models import OutboundCallback
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import (
    Order,
    PaymentGateway,
    Rating,
    Refund,
)
from tests.beckn.actions.conversation import Conversation

ASHA = {"name": "Asha Rao", "phone": "+91 98765 43210", "email": "asha.rao@example.com"}
RAVI = {"name": "Ravi Nair", "phone": "+91 90000 00001", "email": "ravi@example.com"}


def cart(talk: Conversation, billing: dict[str, str], driver: dict[str, str] | None = None) -> dict[str, Any]:
    said = driver or billing
    person = {"person": {"name": said["name"]}, "contact": {"phone": said["phone"], "email": said["email"]}}
    cart = talk.cart(customer=person, vehicle={"make": "Tata", "model": "Nexon EV"})
    cart["order"]["billing"] = billing
    return cart


def buy(talk: Conversation, billing: dict[str, str] = ASHA, driver: dict[str, str] | None = None) -> Order:
    """Buy, charge, rate, and let every callback be final; the refund of what was not delivered is due."""
    talk.transaction_id = str(uuid.uuid4())
    talk.say("init", cart(talk, billing, driver))
    with every_cpo():
        PaymentGateway.objects.all().delete()
    talk.pay()
    confirmed = talk.say("confirm", cart(talk, billing, driver))["message"]["order"]
    talk.update("start-charging", confirmed["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5000, stop=True)
    talk.say("rating", {"ratings": [{"id": confirmed["id"], "rating_category": "Order", "value": "4"}]})
    OutboundCallback.objects.update(state="DELIVERED")
    with cpo_scope(talk.world.cpo):
        Rating.objects.update(comment="The attendant Suresh was rude to Asha")
        return Order.objects.get(transaction_id=talk.transaction_id)


def paid_back() -> None:
    with every_cpo():
        Refund.objects.update(status="PAID")


def forget(**whom: Any) -> str:
    out = StringIO()
    call_command("forget_customer", **whom, stdout=out)
    return out.getvalue()


def export(**whom: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("export_customer", **whom, stdout=out, stderr=StringIO())
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def everywhere(word: str) -> list[str]:
    """Return the tables of which a row says this word, whatever its column."""
    with every_cpo(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text ILIKE %s)', [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return sorted(found)
