"""Orders made of plain rows, and what a negative test compares before and after."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import (
    ChargingSession,
    Customer,
    GatewayNotice,
    MeterReading,
    Order,
    OrderEvent,
    Payment,
)
from cpo_portal.charging.sessions.reports import SessionStart, start_session
from cpo_portal.network.models import Connector, ConnectorStatus
from cpo_portal.network.systems import create_system_token
from tests.network.places import Net


@dataclass
class Sale:
    """An order with its payment, and the text of the charging system's token."""

    net: Net
    order: Order
    payment: Payment
    token: str
    now: datetime

    @property
    def bearer(self) -> dict[str, Any]:
        return {"HTTP_AUTHORIZATION": f"Bearer {self.token}"}

    def start(self, **changes: Any) -> SessionStart:
        fields: dict[str, Any] = {
            "session_id": "s-1",
            "order_id": self.order.pk,
            "item_id": "item-1",
            "started_at": self.now,
            "register_wh": 1_000,
        }
        return SessionStart(**(fields | changes))

    def begin(self) -> ChargingSession:
        with cpo_scope(self.net.cpo):
            return start_session(self.net.system, self.start(), now=self.now)[0]


def make_sale(net: Net, *, connector: Connector | None = None, **changes: Any) -> Sale:
    """Make an ACTIVE order whose start was authorised a minute ago, with an unpaid payment of ₹91.45."""
    now = timezone.now().replace(microsecond=0)
    with cpo_scope(net.cpo):
        customer = Customer.objects.create(cpo=net.cpo)
        fields: dict[str, Any] = {
            "transaction_id": str(uuid.uuid4()),
            "bap_id": "bap.example",
            "state": "ACTIVE",
            "customer": customer,
            "connector": connector or net.connectors[0],
            "planned_start": now,
            "planned_end": now + timedelta(hours=1),
            "quote_ref": uuid.uuid4(),
            "quoted_amount": Decimal("91.45"),
            "currency": "INR",
            "payment_until": now + timedelta(minutes=15),
            "start_authorized_at": now - timedelta(minutes=1),
            "confirmed_at": now - timedelta(minutes=5),
        }
        order = Order.objects.create(cpo=net.cpo, **(fields | changes))
        payment = Payment.objects.create(cpo=net.cpo, order=order, amount=order.quoted_amount, currency="INR")
    return Sale(net, order, payment, create_system_token(net.system), now)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every row that a report could change."""
    tables = (Order, OrderEvent, ChargingSession, MeterReading, Payment, GatewayNotice, ConnectorStatus)
    with every_cpo():
        return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def events(order: Order) -> list[tuple[str, dict[str, Any]]]:
    """Return the order's events in the order written."""
    with every_cpo():
        return list(OrderEvent.objects.filter(order=order).order_by("id").values_list("kind", "detail"))
