"""Rows in numbers: sites with connectors around a point, and offers."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, ChargingSystem, Connector, Location
from tests.world import make_offer

BATCH = 5000


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
