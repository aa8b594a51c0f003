"""Drives one order of a world, step by step, as messages and reports would."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, OrderEvent, OrderLine, Payment
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import record_notice
from cpo_portal.charging.sessions import reports as sessions
from cpo_portal.charging.sessions.readings import Reading, record_readings
from cpo_portal.network.models import Connector
from offers.models import LedgerEntry
from offers.ordering.confirm import confirm
from offers.ordering.place import Placed, Placing, place
from offers.ordering.start import authorise_start
from offers.quoting import Buyer, SessionAsk
from tests.world import World, ask_for


@dataclass
class Sale:
    """Drives one order of a world; every step is a transaction of its own, as a message would be."""

    world: World
    secret: str
    gateway: Any
    order: Order | None = None

    def init(
        self, ask: SessionAsk | None = None, *, now: datetime | None = None, transaction_id: str = "t-1"
    ) -> Placed:
        with cpo_scope(self.world.cpo), transaction.atomic():
            connector = Connector.objects.select_related("cpo", "charger__location").get(pk=self.world.connector.pk)
            placing = Placing(
                Buyer("bap.example", transaction_id),
                connector,
                ask or ask_for(start=now),
                billing={"name": "Sarah", "phone": "+91-9876543210"},
            )
            placed = place(placing, now=now or timezone.now())
        self.order = placed.order
        return placed

    def pay(self, amount: str = "91.45", *, now: datetime | None = None, reference: str = "") -> str:
        with cpo_scope(self.world.cpo):
            payment = Payment.objects.get(order=self.order, type="PRE-FULFILLMENT")
            raw = json.dumps(
                {
                    "event_id": str(uuid.uuid4()),
                    "payment_id": str(payment.pk),
                    "transaction_id": "t-1",
                    "status": "PAID",
                    "amount": amount,
                    "currency": "INR",
                    "reference": reference,
                }
            ).encode()
            signature = signature_of(raw, self.secret.encode())
            return record_notice(self.gateway, raw, signature, now=now or timezone.now()).outcome.value

    def confirm(self, *, now: datetime | None = None) -> str:
        with cpo_scope(self.world.cpo), transaction.atomic():
            return confirm(self.fresh(), now=now or timezone.now()).otp

    def start(self, otp: str, *, now: datetime | None = None) -> None:
        with cpo_scope(self.world.cpo), transaction.atomic():
            authorise_start(self.fresh(), otp_text=otp, otp_required=True, now=now or timezone.now())

    def charge(self, wh: int, minutes: int = 20, *, stop: bool = True, session: str = "s-1") -> None:
        """Let the simulated charger deliver so much from register 1,000,000 on."""
        begin = timezone.now()
        with cpo_scope(self.world.cpo):
            start = sessions.SessionStart(session, self.fresh().pk, self.world.connector.item_id, begin, 1_000_000)
            sessions.start_session(self.world.system, start, now=begin)
            steps = 4
            readings = [
                Reading(begin + timedelta(minutes=minutes) * step / steps, 1_000_000 + wh * step // steps)
                for step in range(1, steps)
            ]
            record_readings(self.world.system, session, readings, now=begin)
            if stop:
                end = sessions.SessionStop(begin + timedelta(minutes=minutes), 1_000_000 + wh, "Remote")
                sessions.stop_session(self.world.system, session, end, now=begin)

    def fresh(self) -> Order:
        assert self.order is not None
        return Order.objects.select_related("cpo", "connector__charger__location").get(pk=self.order.pk)

    def lines(self, stage: str) -> list[str]:
        with cpo_scope(self.world.cpo):
            return [f"{x.amount:.2f}" for x in OrderLine.objects.filter(order=self.order, stage=stage)]

    def events(self) -> list[str]:
        with cpo_scope(self.world.cpo):
            return list(OrderEvent.objects.filter(order=self.order).values_list("kind", flat=True))


def ledger_kinds(sale: Sale) -> list[tuple[str, Decimal]]:
    with cpo_scope(sale.world.cpo):
        return list(LedgerEntry.objects.order_by("id").values_list("kind", "amount"))
