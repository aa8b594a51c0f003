"""Rows in numbers: sites with connectors around a point, and offers."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, Connector, Location
from tests.world import make_offer

BATCH = 5000


def add_connectors(cpo: Cpo, count: int, centres: list[tuple[float, float]], *, spread: float = 0.02) -> None:
    """Add connectors, five to a site with two chargers; sites lie around the centres (latitude, longitude).

    `spread` is the standard deviation in degrees. The same call always gives the same map.
    """
    dice = random.Random(count)
    sites = [_site(cpo, number, dice, centres, spread) for number in range((count + 4) // 5)]
    with cpo_scope(cpo):
        Location.objects.bulk_create(sites, BATCH)
        chargers = [
            Charger(cpo=cpo, location=site, evse_id=f"E{number}-{side}", name=f"Charger {side}")
            for number, site in enumerate(sites)
            for side in "AB"
        ]
        Charger.objects.bulk_create(chargers, BATCH)
        connectors = [_connector(cpo, number, chargers[number // 5 * 2 + number % 2]) for number in range(count)]
        Connector.objects.bulk_create(connectors, BATCH)


def _site(cpo: Cpo, number: int, dice: random.Random, centres: list[tuple[float, float]], spread: float) -> Location:
    latitude, longitude = centres[number % len(centres)]
    latitude, longitude = dice.gauss(latitude, spread), dice.gauss(longitude, spread)
    return Location(
        cpo=cpo,
        location_id=f"site-{number}",
        name=f"Site {number}",
        address=f"{number} Long Road",
        city="Anywhere",
        latitude=Decimal(f"{latitude:.6f}"),
        longitude=Decimal(f"{longitude:.6f}"),
        position=(longitude, latitude),
    )


def _connector(cpo: Cpo, number: int, charger: Charger) -> Connector:
    return Connector(
        cpo=cpo,
        charger=charger,
        item_id=f"c-{number}",
        connector_id=str(number % 5 + 1),
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
