"""Rows in numbers: sites with connectors around a point, and offers."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import (
    ChargingSession,
    Customer,
    CustomerRecord,
    Order,
    OrderState,
    Segment,
    SessionState,
)
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.network.models import Charger, ChargingSystem, Connector, Location
from offers.models import Offer, OfferCounter, OfferState, OfferVersion
from tests.bench import database
from tests.world import FROM, UNTIL, World, make_offer

BATCH = 5000
#: The live offer that is for some customers, and who they are.
PERSONAL, SEGMENT = 3, "regulars"
CONDITIONS = [{"fact": "TIER", "values": ["Gold"]}, {"fact": "SESSIONS", "number": 10, "days": 90}]
_GO_LIVE = """
UPDATE offers_offer o SET live_version_id = v.id FROM offers_offerversion v WHERE v.offer_id = o.id AND o.cpo_id = %s
"""


Point = tuple[float, float]


def add_connectors(cpo: Cpo, count: int, centres: list[Point], *, spread: float = 0.02, name: str = "site") -> None:
    """Add connectors, five to a site with two chargers; sites lie around the centres (latitude, longitude).

    `spread` is the standard deviation in degrees, `name` begins every id. The same call always gives the same map.
    """
    dice = random.Random(count)
    sites = [_site(cpo, f"{name}-{number}", _near(dice, centres, spread)) for number in range((count + 4) // 5)]
    with cpo_scope(cpo):
        Location.objects.bulk_create(sites, BATCH)
        system, _ = ChargingSystem.objects.get_or_create(cpo=cpo, name="CSMS")
        chargers = [
            Charger(cpo=cpo, location=site, evse_id=f"{site.location_id}-{side}", name=f"Charger {side}", system=system)
            for site in sites
            for side in "AB"
        ]
        Charger.objects.bulk_create(chargers, BATCH)
        connectors = [_connector(cpo, f"{name}-c{n}", chargers[n // 5 * 2 + n % 2]) for n in range(count)]
        Connector.objects.bulk_create(connectors, BATCH)


def _near(dice: random.Random, centres: list[Point], spread: float) -> Point:
    latitude, longitude = dice.choice(centres)
    return dice.gauss(latitude, spread), dice.gauss(longitude, spread)


def _site(cpo: Cpo, location_id: str, point: Point) -> Location:
    latitude, longitude = point
    return Location(
        cpo=cpo,
        location_id=location_id,
        name=f"Station {location_id}",
        address="1 Long Road",
        city="Anywhere",
        latitude=Decimal(f"{latitude:.6f}"),
        longitude=Decimal(f"{longitude:.6f}"),
        position=(longitude, latitude),
    )


def _connector(cpo: Cpo, item_id: str, charger: Charger) -> Connector:
    return Connector(
        cpo=cpo,
        charger=charger,
        item_id=item_id,
        connector_type="CCS2",
        power_type="DC",
        max_power_w=30_000,
        charging_speed="FAST",
    )


def add_offers(cpo: Cpo, count: int) -> None:
    """Publish offers with limits; every tenth applies everywhere, the others at one site each."""
    until = datetime(2030, 1, 1, tzinfo=UTC)
    for number in range(count):
        place = {"location_ids": [f"site-{number}"]} if number % 10 else {}
        make_offer(
            cpo,
            f"offer-{number}",
            display_code="",
            value=Decimal(5 + number % 20),
            total_uses=10_000,
            valid_until=until,
            **place,
        )


def add_live_offers(cpo: Cpo, count: int) -> None:
    """Publish offers in few statements: five that apply everywhere, the others at one site, product or category each.

    Every second one has a limit, so that its usage is read. The fourth is for the segment of `add_driver`, so many
    times per customer.
    """
    with cpo_scope(cpo):
        Segment.objects.create(cpo=cpo, segment_id=SEGMENT, name="Regular gold drivers", conditions=CONDITIONS)
        offers = Offer.objects.bulk_create(
            [
                Offer(
                    cpo=cpo,
                    offer_id=_name(n),
                    state=OfferState.APPROVED,
                    total_uses=10_000 if n % 2 else None,
                    uses_per_customer=5 if n == PERSONAL else None,
                )
                for n in range(count)
            ],
            BATCH,
        )
        OfferVersion.objects.bulk_create([_version(cpo, n, offer) for n, offer in enumerate(offers)], BATCH)
        database.tidy()  # the planner takes tables that it knows nothing of for small ones
        with connection.cursor() as cursor:
            cursor.execute(_GO_LIVE, [cpo.pk])
        limited = [offer for offer in offers if offer.total_uses]
        OfferCounter.objects.bulk_create([OfferCounter(offer=x, limit_uses=x.total_uses) for x in limited], BATCH)


def _name(number: int) -> str:
    return f"offer-{number}" if number < 5 else f"other-{number}"


def _version(cpo: Cpo, number: int, offer: Offer) -> OfferVersion:
    scope = ("location_ids", "item_ids", "categories")[number % 3]
    return OfferVersion(
        cpo=cpo,
        offer=offer,
        number=1,
        name=f"Offer {number}",
        value=Decimal(5 + number % 20),
        value_cap=Decimal(100),
        additive=bool(number),
        valid_from=FROM,
        valid_until=UNTIL,
        published_at=FROM,
        **({scope: [f"elsewhere-{number // 10}"]} if number >= 5 else {}),
        segment_ids=[SEGMENT] if number == PERSONAL else [],
    )


def add_driver(world: World, sessions: int) -> Customer:
    """Return a customer of the segment's, with so many sessions of an hour in the last days."""
    with cpo_scope(world.cpo):
        driver = find_or_make_customer(world.cpo, billing={"phone": "+91-9876543210"}, contact={})
        assert driver is not None
        CustomerRecord.objects.create(cpo=world.cpo, customer=driver, tier="Gold")
        now = timezone.now()
        for number in range(sessions):
            start = now - timedelta(days=number + 1)
            order = past_order(world, world.connector, driver, start)
            order.save()
            ChargingSession.objects.create(
                cpo=world.cpo,
                order=order,
                system=world.system,
                connector=world.connector,
                session_id=f"past-{number}",
                state=SessionState.STOPPED,
                started_at=start,
                stopped_at=start + timedelta(hours=1),
                start_register_wh=number * 5000,
                last_register_wh=number * 5000 + 5000,
                last_reading_at=start + timedelta(hours=1),
            )
    return driver


def past_order(world: World, connector: Connector, customer: Customer, start: datetime) -> Order:
    """Return an order of a session that is over, not saved."""
    return Order(
        cpo=world.cpo,
        transaction_id=str(uuid.uuid4()),
        bap_id="bap.example",
        state=OrderState.COMPLETE,
        customer=customer,
        connector=connector,
        planned_start=start,
        quote_ref=uuid.uuid4(),
        quoted_amount=100,
        currency="INR",
        payment_until=start,
    )
