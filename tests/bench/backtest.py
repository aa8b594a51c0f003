"""A back-test of 10,000 billed sessions, from the claim to the stored result, among live offers that mostly apply.

The yardstick is reading the same sessions, page by page, and doing nothing with them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession, Customer, Order, SessionState
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import Connector
from cpo_portal.runtime.garbage import collect_seldom
from offers.backtest.history import known_of, past_sessions
from offers.backtest.runs import ask_for_backtest, run_backtests
from offers.backtest.words import result_of
from offers.engine.codec import trace_to_json
from offers.engine.step import LockedStep
from offers.models import BacktestRun, Offer, OfferState, Quote
from pricing.engine import ENGINE_VERSION
from pricing.engine.codec import line_to_json, request_to_json, terms_hash, terms_to_json
from pricing.engine.price import price
from pricing.engine.values import ChargingRequest, Delivery, EnergyMeasure, Reading
from tests.bench import database
from tests.bench.figures import Figures, interleaved, p50, ratio
from tests.bench.seed import BATCH, add_connectors, add_live_offers, past_order
from tests.offers.engine.samples import offer
from tests.pricing.engine.samples import PLAIN
from tests.world import World, make_offer, make_world

SESSIONS, ROUNDS, DAYS = 10_000, 3, 30
#: Live offers, of which five apply everywhere; a meter's reading a minute.
LIVE, MINUTES = 200, 20
ENERGIES = 400
LIMITS = {"total_uses": 5000, "budget": Decimal(100_000), "uses_per_customer": 20}


def run() -> Figures:
    """Measure in a process that looks for garbage as the portal's own do."""
    collect_seldom()
    world = make_world()
    add_live_offers(world.cpo, LIVE)
    add_bills(world, SESSIONS)
    drafts = {
        "plain": _draft(world, "plain", additive=True),
        "limited": _draft(world, "limited", redemption_cap=Decimal(60), **LIMITS),
    }
    database.tidy()
    spent: dict[str, list[float]] = defaultdict(list)
    measures: dict[str, Callable[[], float]] = {
        name: lambda name=name: replayed(drafts[name], spent[name])  # type: ignore[misc]
        for name in drafts
    }
    found = interleaved(ROUNDS, **measures, read=lambda: read(world))
    # Segments are counted for every draft of a CPO that has some.
    add_segments(world)
    for_some = _draft(world, "segments", additive=True, segment_ids=["regular"])
    found |= interleaved(ROUNDS, segments=lambda: replayed(for_some, spent["segments"]))
    figures = {f"backtest.{name}_per_s": p50(rates) for name, rates in found.items()}
    figures["backtest.sessions_per_s"] = min(figures[f"backtest.{name}_per_s"] for name in spent)
    figures["backtest.ratio_to_reading"] = ratio(found["plain"], found["read"])
    return figures | {f"backtest.cpu_us.{name}": p50(times) for name, times in spent.items()}


def replayed(draft: Offer, spent: list[float]) -> float:
    """Return how many sessions a second a back-test replays; note the process' own processor time for one, in µs."""
    with cpo_scope(draft.cpo):
        asked = ask_for_backtest(draft, DAYS + 2, now=timezone.now())
    began, worked = time.perf_counter(), time.process_time()
    assert run_backtests() == 1
    elapsed = time.perf_counter() - began
    spent.append((time.process_time() - worked) / SESSIONS * 1e6)
    with cpo_scope(draft.cpo):
        result = result_of(BacktestRun.objects.get(pk=asked.pk))
    assert result is not None
    assert result.sessions == SESSIONS
    assert result.touched.sessions > 0
    return SESSIONS / elapsed


def read(world: World) -> float:
    """Return how many sessions a second are read."""
    until = timezone.now()
    since = until - timedelta(days=DAYS + 2)
    with cpo_scope(world.cpo):
        began = time.perf_counter()
        known = known_of(world.cpo, (), since=since, now=until)
        assert sum(1 for _ in past_sessions(since, until, known)) == SESSIONS
        return SESSIONS / (time.perf_counter() - began)


def _draft(world: World, offer_id: str, **said: Any) -> Offer:
    plain = {"display_code": "", "state": OfferState.DRAFT, "value": Decimal(30), "value_cap": Decimal(60)}
    return make_offer(world.cpo, offer_id, **(plain | said))


def add_bills(world: World, count: int) -> None:
    """Bill so many sessions over the last days, each with the offer that was live then: 10 % off."""
    with cpo_scope(world.cpo):
        add_connectors(world.cpo, 40, [(28.6, 77.2)])
        connectors = list(Connector.objects.order_by("pk"))
        customers = Customer.objects.bulk_create([Customer(cpo=world.cpo) for _ in range(500)], BATCH)
        end = timezone.now() - timedelta(hours=1)
        starts = [end - timedelta(days=DAYS) * (count - number) / count for number in range(count)]
        orders = [
            past_order(world, connectors[n % len(connectors)], customers[n * 7 % len(customers)], start)
            for n, start in enumerate(starts)
        ]
        Order.objects.bulk_create(orders, BATCH)
        Order.objects.update(created_at=F("planned_start"))
        ChargingSession.objects.bulk_create(list(_sessions(world, orders)), BATCH)
        Quote.objects.bulk_create(list(_bills(world, orders)), BATCH)


def add_segments(world: World) -> None:
    """Let the CPO have five segments, by what its customers have charged until each session."""
    rules: dict[str, dict[str, Any]] = {
        "new": {"fact": "NEW"},
        "regular": {"fact": "RETURNING"},
        "away": {"fact": "LAPSED", "days": 2},
        "often": {"fact": "SESSIONS", "number": 3, "days": 14},
        "much": {"fact": "ENERGY", "number": 100},
    }
    with cpo_scope(world.cpo):
        for name, rule in rules.items():
            save_segment(world.cpo, SegmentContent(name, name.title(), (rule,)))


def _sessions(world: World, orders: list[Order]) -> Iterator[ChargingSession]:
    for number, order in enumerate(orders):
        stopped_at = order.planned_start + timedelta(minutes=MINUTES)
        yield ChargingSession(
            cpo=world.cpo,
            order=order,
            system=world.system,
            connector=order.connector,
            session_id=f"s-{number}",
            state=SessionState.STOPPED,
            started_at=order.planned_start,
            stopped_at=stopped_at,
            start_register_wh=1_000_000,
            last_register_wh=1_000_000 + _energy_wh(number),
            last_reading_at=stopped_at,
        )


def _energy_wh(number: int) -> int:
    return 2000 + number * 17 % ENERGIES * 50


def _bills(world: World, orders: list[Order]) -> Iterator[Quote]:
    version = world.tariff.live_version
    step = LockedStep((offer("past", "10"),), ceilings={})
    for number, order in enumerate(orders):
        request = _request(order, _energy_wh(number))
        bill = price(request, PLAIN, discounts=step)
        yield Quote(
            cpo=world.cpo,
            bap_id=order.bap_id,
            transaction_id=order.transaction_id,
            order=order,
            tariff_version=version,
            valid_until=order.planned_start,
            total=bill.total.amount,
            currency="INR",
            energy_wh=bill.energy_wh,
            request=request_to_json(request),
            terms=terms_to_json(PLAIN),
            lines=[line_to_json(line) for line in bill.lines],
            trace=trace_to_json(bill.trace),
            cart_hash="",
            terms_hash=terms_hash(PLAIN),
            engine_version=ENGINE_VERSION,
            is_bill=True,
            created_at=order.planned_start + timedelta(minutes=MINUTES),
        )


def _request(order: Order, energy_wh: int) -> ChargingRequest:
    start, minute = order.planned_start, timedelta(minutes=1)
    readings = tuple(Reading(start + minute * n, 1_000_000 + energy_wh * n // MINUTES) for n in range(MINUTES + 1))
    delivery = Delivery(start, start + minute * MINUTES, readings)
    item_id = order.connector.item_id
    return ChargingRequest(item_id, 120_000, start, start + minute * MINUTES, EnergyMeasure(energy_wh), (), delivery)
