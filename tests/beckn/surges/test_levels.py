"""What is told of a level of demand: at each station its own and the next, until when, and where its page is."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone

from beckn.presenting.surcharges import surcharges_of
from beckn.protocol.catalog_views import SurchargeView
from beckn.protocol.times import format_time
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, Connector, ConnectorStatus, Location, StatusChoice
from offers.models import Quote
from offers.receipts.surcharges import explained
from offers.tasks import settle_stopped
from pricing.demand.deciding import decide_due
from pricing.demand.recording import state_of
from pricing.engine.demand import DemandLevel
from pricing.models import DemandState
from pricing.surges.applying import applying, surges_of
from tests.beckn.infra.support import BuyerApp
from tests.beckn.surges.evening import groups
from tests.endings.stage import Stage
from tests.offers.ordering.sale import Sale
from tests.pricing.demand.samples import MINUTE, PROMPT, add_connectors, decided, live_policy, pass_time
from tests.pricing.demand.test_sale import sale as sale  # noqa: PLC0414  a fixture
from tests.pricing.surges.samples import RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

LEVELS_OF_TWO = (
    DemandLevel(Decimal("0.50"), Decimal("0.30"), Decimal(10)),
    DemandLevel(Decimal("0.90"), Decimal("0.70"), Decimal(20)),
)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    found = make_world()
    add_connectors(found)
    no_notice(found.cpo)
    return found


def views(world: World) -> tuple[SurchargeView, ...]:
    now = timezone.now()
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("charger__location", "cpo").get(pk=world.connector.pk)
        surges = surges_of([world.cpo.pk], now=now)[world.cpo.pk]
        return surcharges_of(applying(surges, connector, at=now), connector, at=now)


def test_a_level_is_told_beside_a_schedule(world: World) -> None:
    live_policy(world.cpo, explanation="The station is nearly full.")
    publish(make_schedule(world.cpo, RUPEE))
    decided(world, 3)
    found = {x.name: x for x in views(world)}
    level, schedule = found["Busy station fee"], found["Congestion fee"]
    assert (level.rate, level.basis, level.when) == (
        Decimal(10),
        "PERCENT",
        "while many chargers of the station are busy",
    )
    assert level.reason == "The station is nearly full."
    assert level.page_url.endswith("/s/cpo1.com/busy")
    assert level.valid_until is not None
    assert schedule.page_url.endswith("/s/cpo1.com/congestion")


def test_a_receipt_explains_a_level_and_leads_to_its_page(world: World, sale: Sale) -> None:
    live_policy(world.cpo)
    decided(world, 3)
    sale.init()
    sale.pay("128.62")
    otp = sale.confirm()
    sale.start(otp)
    sale.charge(5000)
    assert settle_stopped() > 0
    with cpo_scope(world.cpo):
        (told,) = explained(Quote.objects.get(is_bill=True), "cpo1.com")
    assert (told.name, told.url) == ("Busy station fee", f"{settings.BASE_URL}/s/cpo1.com/busy")
    assert told.words.startswith("10 % of what the energy costs that flows while the surcharge holds, before tax.")


def station(world: World, location_id: str) -> None:
    """Add a station of two chargers."""
    with cpo_scope(world.cpo):
        place = Location.objects.get(pk=world.location.pk)
        place.pk, place.location_id, place.name = None, location_id, location_id.title()
        place.save()
        for number in (1, 2):
            named = {"evse_id": f"{location_id}-{number}", "name": f"{place.name} {number}", "system": world.system}
            charger = Charger.objects.create(cpo=world.cpo, location=place, **named)
            Connector.objects.create(
                cpo=world.cpo, charger=charger, item_id=f"{location_id}-{number}", connector_type="CCS2",
                power_type="DC", max_power_w=30_000, charging_speed="FAST",
            )  # fmt: skip


def charge_at(world: World, **counts: int) -> None:
    """Let so many connectors charge at each of the stations, and all others be free; then decide a minute later."""
    with cpo_scope(world.cpo):
        for location_id, count in counts.items():
            for number, connector in enumerate(Connector.objects.filter(charger__location__location_id=location_id)):
                status = StatusChoice.CHARGING if number < count else StatusChoice.AVAILABLE
                said = {"status": status, "reported_at": timezone.now()}
                ConnectorStatus.objects.update_or_create(connector=connector, defaults=said)
    decide_due()


def test_each_item_of_a_catalogue_tells_the_level_of_its_own_station_and_the_next(world: World) -> None:
    for name in ("full", "filling", "half", "empty"):
        station(world, name)
    live_policy(world.cpo, replace(PROMPT, levels=LEVELS_OF_TWO, notice=10 * MINUTE))
    charge_at(world, full=2, half=1, filling=0, empty=0)
    pass_time(world, 10 * MINUTE)
    charge_at(world, full=2, half=1, filling=2, empty=0)
    with cpo_scope(world.cpo):
        states = {x.location.location_id: state_of(x) for x in DemandState.objects.select_related("location")}
    app = BuyerApp("bap.example", seed=b"b" * 32)
    app.register()
    [provider] = Stage(world, app, str(uuid.uuid4())).say("search", {"intent": {}})["message"]["catalog"]["providers"]
    items = {x["id"]: groups(x, "surcharge-details") for x in provider["items"]}
    told = {
        name: [(x["rate"], x.get("effective-from"), x.get("valid-until"), x["when"]) for x in items[f"{name}-2"]]
        for name in states
        if name != "cp-station"
    }
    busy = "while many chargers of the station are busy"
    rise = f"{busy}; withdrawn if fewer are by then"
    announced = {name: states[name].announced for name in ("full", "filling")}
    rises = {name: format_time(x.starts_at) for name, x in announced.items() if x is not None}
    known = format_time(states["half"].at + 15 * MINUTE)
    assert told == {
        "full": [
            ("10", None, rises["full"], busy),
            ("20", rises["full"], None, rise),
        ],
        "half": [("10", None, known, busy)],
        "filling": [("10", rises["filling"], None, rise)],
        "empty": [],
    }
    pages = {x["know-more"] for rows in items.values() for x in rows}
    assert pages == {f"{settings.BASE_URL}/s/cpo1.com/busy"}
