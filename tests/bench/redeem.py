"""reserve() of one hot offer by 16 clients, against the bare SQL that guards and writes the same rows."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any

import psycopg
from django.db import transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers.engine.codec import offer_to_json
from offers.ledger import Hold, reserve
from offers.mapping import offer_terms
from offers.models import Offer
from tests.bench import database
from tests.bench.figures import Figures, interleaved, p50, ratio
from tests.processes import run_at_once
from tests.world import World, make_offer, make_world

CLIENTS, EACH, ROUNDS = 16, 40, 3
AMOUNT = Decimal("22.50")

GUARD = """
UPDATE offers_offercounter SET uses_reserved = uses_reserved + 1, budget_reserved = budget_reserved + %(amount)s
WHERE offer_id = %(offer)s AND NOT paused AND (limit_uses IS NULL OR uses_reserved + uses_committed + 1 <= limit_uses)
  AND (limit_budget IS NULL OR budget_reserved + budget_committed + %(amount)s <= limit_budget)
"""
HELD = """
INSERT INTO offers_redemption (id, cpo_id, offer_id, version_id, order_id, state, reserved, committed, reversed,
    currency, counted, counted_customer, sandbox, reserved_until, terms, created_at)
VALUES (%(id)s, %(cpo)s, %(offer)s, %(version)s, %(order)s, 'RESERVED', %(amount)s, 0, 0, 'INR', %(counted)s, false,
    false, %(until)s, %(terms)s, %(now)s)
"""
ENTERED = """
INSERT INTO offers_ledgerentry (redemption_id, offer_id, version_number, kind, reference, amount, uses, currency,
    sandbox, at)
VALUES (%(id)s, %(offer)s, 1, 'RESERVE', '', %(amount)s, 1, 'INR', false, %(now)s)
"""


def run() -> Figures:
    world = make_world()
    capped = make_offer(world.cpo, "capped", total_uses=10_000_000)
    uncapped = make_offer(world.cpo, "uncapped", display_code="")
    database.tidy()
    found = interleaved(
        ROUNDS,
        reserve_capped=lambda: rate(world, capped, by_reserve),
        bare_capped=lambda: rate(world, capped, by_hand(GUARD, HELD, ENTERED)),
        guard_capped=lambda: rate(world, capped, by_hand(GUARD)),
        reserve_uncapped=lambda: rate(world, uncapped, by_reserve),
        bare_uncapped=lambda: rate(world, uncapped, by_hand(HELD, ENTERED)),
    )
    figures = {f"redeem.per_s.{name}": p50(rates) for name, rates in found.items()}
    for kind in ("capped", "uncapped"):
        figures[f"redeem.ratio_to_bare_sql.{kind}"] = ratio(found[f"reserve_{kind}"], found[f"bare_{kind}"])
    figures["redeem.ratio_to_guard_alone.capped"] = ratio(found["reserve_capped"], found["guard_capped"])
    return figures


Client = Callable[[World, Offer, list[Order]], None]


def rate(world: World, offer: Offer, client: Client) -> float:
    """Return how many reservations a second all clients together made; each is a transaction of its own."""
    orders = list(_orders(world, CLIENTS * EACH))

    def work(number: int) -> tuple[float, float]:
        mine = orders[number * EACH : (number + 1) * EACH]
        client(world, offer, mine[:3])  # the connection is made, plans and caches are warm
        began = perf_counter()
        client(world, offer, mine[3:])
        return began, perf_counter()

    spans = run_at_once(CLIENTS, work, seconds=300)
    elapsed = max(end for _, end in spans) - min(begin for begin, _ in spans)
    return CLIENTS * (EACH - 3) / elapsed


def by_reserve(world: World, offer: Offer, orders: list[Order]) -> None:
    now, until = _now()
    with cpo_scope(world.cpo):
        hold = _hold(offer)
        for order in orders:
            with transaction.atomic():
                reserve(order, [hold], customer=None, reserved_until=until, now=now)


_connections: dict[int, psycopg.Connection[Any]] = {}


def by_hand(*statements: str) -> Client:
    """Return a client that sends these statements in a transaction, and does nothing else."""

    def client(world: World, offer: Offer, orders: list[Order]) -> None:
        now, until = _now()
        connection = _connection(world)
        with cpo_scope(world.cpo):
            hold = _hold(offer)
        terms = Jsonb(offer_to_json(hold.terms))
        fixed = {"cpo": world.cpo.pk, "offer": offer.pk, "version": hold.version_pk, "amount": AMOUNT, "until": until}
        fixed |= {"now": now, "terms": terms, "counted": offer.total_uses is not None}
        for order in orders:
            values = fixed | {"id": uuid.uuid4(), "order": order.pk}
            with connection.transaction(), connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement, values)
                    assert cursor.rowcount == 1

    return client


def _connection(world: World) -> psycopg.Connection[Any]:
    if os.getpid() not in _connections:
        made = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        made.execute("SELECT set_config('portal.cpo', %s, false)", [str(world.cpo.pk)])
        _connections[os.getpid()] = made
    return _connections[os.getpid()]


def _now() -> tuple[datetime, datetime]:
    now = timezone.now()
    return now, now + timedelta(minutes=15)


def _hold(offer: Offer) -> Hold:
    offer = Offer.objects.select_related("live_version").get(pk=offer.pk)
    version = offer.live_version
    assert version is not None
    return Hold(offer.pk, version.pk, offer_terms(offer, version), AMOUNT)


def _orders(world: World, count: int) -> Iterator[Order]:
    """Make new orders, a row each, that hold nothing yet."""
    now = timezone.now()
    with cpo_scope(world.cpo):
        rows = [
            Order(
                cpo=world.cpo,
                transaction_id=str(uuid.uuid4()),
                bap_id="bap.example",
                connector=world.connector,
                planned_start=now,
                quote_ref=uuid.uuid4(),
                quoted_amount=100,
                currency="INR",
                payment_until=now,
            )
            for _ in range(count)
        ]
        yield from Order.objects.bulk_create(rows)
