"""Which versions price the connectors, now and as announced; and how little is worked out of many that are alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, Connector, Location
from pricing import authoring, mapping
from pricing.authoring import Place, TariffContent, ceilings
from pricing.authoring.prices import prices_of
from pricing.engine.week_prices import week_prices
from pricing.models import PriceCeiling
from pricing.surges.ceilings import SurgeCeilings
from tests.pricing.surges.samples import EVENING, FIFTH, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PLACES = [
    Place(item_id="two-0"),
    Place(location_id="two"),
    Place(connector_type="TYPE2"),
    Place(location_id="cp-station", connector_type="CCS2"),
]


@pytest.fixture
def world() -> World:
    """A CPO of two locations with three connectors each, and a tariff everywhere."""
    found = make_world()
    with cpo_scope(found.cpo):
        there = Location.objects.get()
        there.pk, there.location_id, there.name = None, "two", "Two"
        there.save()
        for place, kinds in ((found.location, ("TYPE2", "CHADEMO")), (there, ("CCS2", "TYPE2", "CHADEMO"))):
            for number, kind in enumerate(kinds):
                named = {"evse_id": f"{place.location_id}-{number}", "system": found.system}
                charger = Charger.objects.create(cpo=found.cpo, location=place, name="More", **named)
                Connector.objects.create(
                    cpo=found.cpo, charger=charger, item_id=named["evse_id"], connector_type=kind, max_power_w=30_000
                )
    return found


def test_announced_changes_are_found_wherever_they_are(world: World) -> None:
    now = timezone.now()
    instants = [now]
    for number, place in enumerate(PLACES, start=1):
        content = TariffContent(rate=Decimal(10 + number), places=(place,), currency="INR")
        starts, ends = now + number * DAY, now + (number + 10) * DAY
        content = replace(content, valid_from=starts, valid_until=ends)
        authoring.publish(authoring.create_tariff(world.cpo, f"t{number}", f"T{number}", content))
        instants += [starts, ends]
    with cpo_scope(world.cpo):
        connectors = list(Connector.objects.select_related("charger__location").order_by("pk"))
        expected = {
            (connector, version.pk)
            for at in instants
            for connector, version in mapping.tariffs_for(connectors, at=at).items()
        }
        assert len(expected) > len(connectors)
        assert sorted(x.key for x in prices_of(connectors)) == sorted(expected)


def test_connectors_of_one_price_are_compared_once_with_all_ceilings(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_notice(world.cpo)
    publish(make_schedule(world.cpo, replace(FIFTH, weekly_windows=(EVENING,))))
    asked = []

    def counted(*args: object) -> object:
        asked.append(args)
        return week_prices(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ceilings, "week_prices", counted)
    with cpo_scope(world.cpo):
        for number, kind in enumerate(("", "TYPE2", "CHADEMO")):
            PriceCeiling.objects.create(
                cpo=world.cpo, ceiling_id=f"c{number}", name=f"C{number}", maximum_rate=Decimal(20), connector_type=kind
            )
        told = [x.fault for x in SurgeCeilings().above_now()]
    said = (
        "₹21.60 per kWh with “Congestion fee” every day 18:00–21:00 is above “C{}” (₹20.00) at {} and 1 more location"
    )
    assert told == [said.format(number, "Connaught Place Station") for number in range(3)]
    assert len(asked) == 1
