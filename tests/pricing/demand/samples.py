"""Demand policies for tests: four chargers of one connector each, rules without inertia, time that passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, Connector, ConnectorStatus, StatusChoice
from offers.priced import PricedSession
from offers.quoting import Lock, SessionAsk, price_session
from pricing.demand.deciding import decide_due
from pricing.demand.recording import state_of
from pricing.demand.rules import written
from pricing.demand.switching import save_policy, switch_on
from pricing.engine import demand as engine
from pricing.engine.codec import encode
from pricing.engine.values import EnergyMeasure, LineKind
from pricing.models import DemandDecision, DemandPolicy, DemandState
from tests.pricing.engine.samples_demand import LEVELS
from tests.world import World

MINUTE = timedelta(minutes=1)
#: The levels of the engine's tests, 10, 20 and 30 % from loads of 60, 80 and 95 %, without inertia and notice.
PROMPT = engine.DemandPolicy(
    LEVELS,
    Decimal(25),
    half_life=timedelta(microseconds=1),
    dwell_up=timedelta(0),
    dwell_down=timedelta(0),
    notice=timedelta(0),
)
NOTICED = replace(PROMPT, notice=15 * MINUTE)


def make_policy(cpo: Cpo, rules: engine.DemandPolicy = PROMPT, **changes: Any) -> DemandPolicy:
    """Return a new policy that is switched off."""
    named = {"policy_id": "busy", "name": "Busy station fee"} | changes
    with cpo_scope(cpo):
        return save_policy(DemandPolicy(cpo=cpo, rules=written(rules), **named))


def live_policy(cpo: Cpo, rules: engine.DemandPolicy = PROMPT, **changes: Any) -> DemandPolicy:
    """Return a new policy that is switched on."""
    return switch_on(make_policy(cpo, rules, **changes))


def add_connectors(world: World, count: int = 3) -> None:
    """Add chargers with one connector each, so that with the world's there are four."""
    with cpo_scope(world.cpo):
        for number in range(2, count + 2):
            named = {"evse_id": f"EVSE-{number}", "name": f"EV Charger #{number}", "system": world.system}
            charger = Charger.objects.create(cpo=world.cpo, location=world.location, **named)
            Connector.objects.create(
                cpo=world.cpo,
                charger=charger,
                item_id=f"{world.connector.item_id}-{number}",
                connector_type="CCS2",
                power_type="DC",
                max_power_w=30_000,
                charging_speed="FAST",
            )


def report(world: World, *statuses: StatusChoice, ago: timedelta = timedelta(0)) -> None:
    """Let the connectors, by their item ids, have reported these states so long ago."""
    at = timezone.now() - ago
    with cpo_scope(world.cpo):
        connectors = Connector.objects.order_by("item_id")[: len(statuses)]
        for connector, status in zip(connectors, statuses, strict=True):
            ConnectorStatus.objects.update_or_create(
                connector=connector, defaults={"status": status, "reported_at": at}
            )


def busy(world: World, count: int, of: int = 4) -> None:
    """Let so many of the connectors charge, and the others be free."""
    report(world, *[StatusChoice.CHARGING] * count, *[StatusChoice.AVAILABLE] * (of - count))


def decided(world: World, count: int | None = None) -> DemandState:
    """Decide once on the world's location with so many busy connectors, and return its row."""
    if count is not None:
        busy(world, count)
    pass_time(world, timedelta(seconds=61))
    decide_due()
    return row_of(world)


def row_of(world: World) -> DemandState:
    with cpo_scope(world.cpo):
        return DemandState.objects.select_related("policy__cpo", "location").get(location=world.location)


def told(world: World) -> list[str]:
    """Return the decisions that were kept, the oldest first."""
    with cpo_scope(world.cpo):
        return list(DemandDecision.objects.order_by("at", "level").values_list("words", flat=True))


def pass_time(world: World, span: timedelta) -> None:
    """Let all that is known of the CPO's locations have been so much earlier."""
    with cpo_scope(world.cpo):
        for row in DemandState.objects.all():
            row.document = encode(_earlier(state_of(row), span))
            row.decided_at, row.due_at = row.decided_at - span, row.due_at - span
            row.recorded_at = row.recorded_at and row.recorded_at - span
            row.save()


def _earlier(state: engine.DemandState, span: timedelta) -> engine.DemandState:
    def before(instant: datetime | None) -> Any:
        return instant and instant - span

    announced = state.announced and replace(
        state.announced,
        decided_at=state.announced.decided_at - span,
        starts_at=state.announced.starts_at - span,
    )
    return replace(
        state,
        at=before(state.at),
        since=before(state.since),
        announced=announced,
        load_at=before(state.load_at),
        observed_at=before(state.observed_at),
    )


def priced(world: World, lock: Lock | None = None, *, ahead: timedelta = timedelta(0), **changes: Any) -> PricedSession:
    """Price 5 kWh at the world's connector, planned to start so far ahead."""
    now = timezone.now()
    ask = SessionAsk(measure=EnergyMeasure(5000), planned_start=now + ahead, **changes)
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("charger__location", "cpo").get(pk=world.connector.pk)
        return price_session(connector, ask, now=now, lock=lock)


def lock_of(found: PricedSession) -> Lock:
    """Return what a quote has locked."""
    return Lock(terms=found.quote.terms, tariff_version=found.tariff_version)


def surges(found: PricedSession) -> list[tuple[str, str, str]]:
    """Return the code, the title and the amount of each SURGE line."""
    lines = found.quote.lines
    return [(x.code, x.title, str(x.amount.amount)) for x in lines if x.kind is LineKind.SURGE]
