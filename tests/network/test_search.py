"""Finding connectors: by place exactly, by what they are, by hours, by name; only what is published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.network.fields import inside_box
from cpo_portal.network.geo import Circle, boxes_around, haversine_m
from cpo_portal.network.loaded import connector_for_sale
from cpo_portal.network.models import Charger, Connector, ConnectorStatus, Location
from cpo_portal.network.search import ConnectorQuery, find_connectors, with_specifications
from tests.network.places import Net, make_charger, make_connector, make_site

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 5, 6, 30, tzinfo=UTC)  # Monday noon in India
HERE = Circle(12.9755, 77.606, 2_000)


def ids(query: ConnectorQuery) -> list[str]:
    return [connector.item_id for connector in find_connectors(query, NOW)]


def test_everything_is_loaded_once_and_then_found_by_two_queries(
    net: Net, other: Net, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        make_site(net.cpo, f"more-{number}", connectors=2, latitude=Decimal("12.9756"))
    for queries in (5, 2):
        with django_assert_num_queries(queries):
            found = find_connectors(ConnectorQuery(circle=HERE, open_from=NOW), NOW)
            seen = {(c.cpo.name, c.charger.location.name, getattr(c, "status_row", None)) for c in found}
        assert len(found) == 44
        assert ("Gridgo", "Gridgo MG Road", None) in seen


def test_a_circle_is_exact_at_its_border(net: Net) -> None:
    make_site(net.cpo, "north", latitude=Decimal("12.985500"))
    distance = haversine_m(12.9755, 77.606, 12.9855, 77.606)
    assert round(distance, 2) == 1111.95
    inside, outside = Circle(12.9755, 77.606, distance + 0.001), Circle(12.9755, 77.606, distance - 0.001)
    assert ids(ConnectorQuery(circle=inside, location_id="north")) == ["north.1"]
    assert ids(ConnectorQuery(circle=outside, location_id="north")) == []


def test_the_corner_of_the_box_is_outside_of_the_circle(net: Net) -> None:
    make_site(net.cpo, "corner", latitude=Decimal("12.985500"), longitude=Decimal("77.616200"))
    assert ids(ConnectorQuery(circle=Circle(12.9755, 77.606, 1_112), location_id="corner")) == []
    assert ids(ConnectorQuery(circle=Circle(12.9755, 77.606, 1_600), location_id="corner")) == ["corner.1"]


def test_a_circle_crosses_the_date_line(net: Net) -> None:
    make_site(net.cpo, "fiji-west", latitude=Decimal("-16.8"), longitude=Decimal("179.99"))
    make_site(net.cpo, "fiji-east", latitude=Decimal("-16.8"), longitude=Decimal("-179.99"))
    assert ids(ConnectorQuery(circle=Circle(-16.8, 179.995, 5_000))) == ["fiji-west.1", "fiji-east.1"]


@pytest.mark.parametrize("radius_km", [10, 100, 1_000], ids=lambda km: f"{km} km")
def test_the_nearest_come_first_whatever_the_radius(net: Net, radius_km: int) -> None:
    for number in (7, 3, 1, 5):
        make_site(net.cpo, f"km-{number}", connectors=2, latitude=Decimal("12.9755") + Decimal("0.009") * number)
    query = ConnectorQuery(circle=Circle(12.9755, 77.606, radius_km * 1_000), limit=5)
    assert ids(query) == ["item-1", "item-2", "km-1.1", "km-1.2", "km-3.1"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param({}, ["item-1", "item-2"], id="nothing asked"),
        pytest.param({"city_code": "std:080"}, ["item-1", "item-2"], id="the city"),
        pytest.param({"city_code": "std:011"}, [], id="another city"),
        pytest.param({"city_code": "*"}, ["item-1", "item-2"], id="any city"),
        pytest.param({"connector_types": frozenset({"CCS2"})}, ["item-1"], id="a type"),
        pytest.param({"connector_types": frozenset({"CCS2", "TYPE2"})}, ["item-1", "item-2"], id="either type"),
        pytest.param({"power_types": frozenset({"DC"})}, ["item-1"], id="power type"),
        pytest.param({"charging_speeds": frozenset({"SLOW"})}, [], id="speed"),
        pytest.param({"connector_formats": frozenset({"CABLE"})}, ["item-1", "item-2"], id="format"),
        pytest.param({"connector_ids": frozenset({"1"})}, ["item-1", "item-2"], id="connector id"),
        pytest.param({"min_power_w": 22_000}, ["item-1", "item-2"], id="power, exactly"),
        pytest.param({"min_power_w": 22_001}, ["item-1"], id="power, a watt more"),
        pytest.param({"provider_id": "cpo1.com"}, ["item-1", "item-2"], id="the provider"),
        pytest.param({"provider_id": "cpo2.com"}, [], id="another provider"),
        pytest.param({"item_id": "item-2"}, ["item-2"], id="the item"),
        pytest.param({"location_id": "site-2"}, [], id="another location"),
        pytest.param({"words": ("voltway",)}, ["item-1", "item-2"], id="the CPO's name"),
        pytest.param({"words": ("mg road", "bengal")}, ["item-1", "item-2"], id="two words, both there"),
        pytest.param({"words": ("mg road", "delhi")}, [], id="two words, one of them not"),
        pytest.param({"words": ("100%", "_")}, [], id="wildcards are letters"),
        pytest.param({"statuses": frozenset({"UNKNOWN"})}, ["item-2"], id="never reported"),
        pytest.param({"statuses": frozenset({"AVAILABLE"})}, ["item-1"], id="reported"),
    ],
)
def test_filters(net: Net, changes: dict[str, Any], found: list[str]) -> None:
    with cpo_scope(net.cpo):
        ConnectorStatus.objects.create(connector=net.connectors[0], status="AVAILABLE", reported_at=NOW)
    assert ids(ConnectorQuery(**changes)) == found
    assert ids(ConnectorQuery(circle=HERE, **changes)) == found


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        pytest.param([("connector-type", "CCS2")], ["item-1"], id="as we write it"),
        pytest.param([("connector-type", "Type 2")], ["item-2"], id="as people write it"),
        pytest.param([("connector-type", "ccs")], ["item-1"], id="CCS is CCS2 here"),
        pytest.param([("connector-type", "J1772")], [], id="unknown matches nothing"),
        pytest.param([("power-type", "AC")], ["item-2"], id="AC is every AC"),
        pytest.param([("power-type", "AC_3_PHASE"), ("power-type", "DC")], ["item-1", "item-2"], id="either"),
        pytest.param([("power-rating", "50kW")], ["item-1"], id="at least so many kW"),
        pytest.param([("power-rating", "22000 W")], ["item-1", "item-2"], id="in watts"),
        pytest.param([("power-rating", "60")], ["item-1"], id="a bare number is kW"),
        pytest.param([("power-rating", "60.001")], [], id="decimals"),
        pytest.param([("power-rating", "NaN kW")], [], id="no number"),
        pytest.param([("power-rating", "1e999999 kW")], [], id="an absurd number"),
        pytest.param([("charging-speed", "fast"), ("connector-format", "cable")], ["item-1", "item-2"], id="both"),
        pytest.param([("colour", "red")], ["item-1", "item-2"], id="an unknown code is left out"),
    ],
)
def test_specifications(net: Net, pairs: list[tuple[str, str]], found: list[str]) -> None:
    assert ids(with_specifications(ConnectorQuery(), pairs)) == found


def test_only_what_is_published_by_an_active_cpo(net: Net, other: Net) -> None:
    with every_cpo():
        Connector.objects.filter(pk=net.connectors[0].pk).update(is_published=False)
        Location.objects.filter(pk=other.location.pk).update(is_published=False)
    assert ids(ConnectorQuery(circle=HERE)) == ["item-2"]
    net.cpo.is_active = False
    net.cpo.save()
    assert ids(ConnectorQuery(circle=HERE)) == []


def test_hours_are_asked_before_the_limit(net: Net) -> None:
    shut = [{"weekday": 7, "from": "08:00", "to": "20:00"}]
    with every_cpo():
        Location.objects.filter(pk=net.location.pk).update(opening_hours=shut)
    make_site(net.cpo, "open", latitude=Decimal("12.9800"))
    assert ids(ConnectorQuery(circle=HERE, open_from=NOW, limit=1)) == ["open.1"]
    assert ids(ConnectorQuery(circle=HERE, limit=1)) == ["item-1"]
    until_sunday = ConnectorQuery(circle=HERE, open_until=NOW + timedelta(days=6, hours=12))
    assert ids(until_sunday) == ["item-1", "item-2", "open.1"]


def test_each_site_is_judged_in_its_own_zone(net: Net) -> None:
    mornings = [{"weekday": 1, "from": "06:00", "to": "12:00"}]
    for key, zone in (("india", "Asia/Kolkata"), ("berlin", "Europe/Berlin")):
        make_site(net.cpo, key, time_zone=zone, opening_hours=mornings)
    both = ConnectorQuery(open_from=NOW - timedelta(hours=1), words=("site",))
    assert ids(both) == ["berlin.1", "india.1"]
    assert ids(ConnectorQuery(open_from=NOW, words=("site",))) == ["berlin.1"]


def test_ids_of_two_cpos_stay_apart(net: Net, other: Net) -> None:
    found = find_connectors(ConnectorQuery(provider_id="cpo2.com", item_id="item-1"), timezone.now())
    assert [(connector.cpo.name, connector.charger.location.cpo_id) for connector in found] == [
        ("Gridgo", other.cpo.pk)
    ]


def test_the_index_answers_the_circle(net: Net) -> None:
    box = boxes_around(HERE)[0]
    with every_cpo(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Location.objects.filter(inside_box(box.west, box.south, box.east, box.north)).explain()
    assert 'Index Cond: ("position" <@' in plan


def test_a_charger_with_a_name(net: Net) -> None:
    charger = make_charger(net.location, "evse-2", name="Turbo", short_desc="next to the café")
    make_connector(charger, "item-3")
    assert ids(ConnectorQuery(words=("turbo",))) == ["item-3"]
    assert ids(ConnectorQuery(words=("THE CAF", "fé"))) == ["item-3"]


OFF_SALE: dict[str, Callable[[Net], object]] = {
    "another provider": lambda net: Cpo.objects.filter(pk=net.cpo.pk).update(provider_id="renamed.com"),
    "the provider is not active": lambda net: Cpo.objects.filter(pk=net.cpo.pk).update(is_active=False),
    "another item": lambda net: Connector.objects.filter(item_id="item-1").update(item_id="item-7"),
    "the connector is not published": lambda net: Connector.objects.filter(item_id="item-1").update(is_published=False),
    "the location is not published": lambda net: Location.objects.update(is_published=False),
    "no system starts it": lambda net: Charger.objects.update(system=None),
    "it is gone": lambda net: Connector.objects.filter(item_id="item-1").delete(),
}


@pytest.mark.parametrize("change", OFF_SALE.values(), ids=OFF_SALE)
def test_a_connector_is_sold_as_its_rows_are_now(net: Net, change: Callable[[Net], object]) -> None:
    for _ in range(2):  # read, and then kept
        found = connector_for_sale("cpo1.com", "item-1")
        assert found is not None
        assert (found.item_id, found.cpo, found.charger.location) == ("item-1", net.cpo, net.location)
    with every_cpo():
        change(net)
    assert connector_for_sale("cpo1.com", "item-1") is None


def test_what_is_sold_is_told_as_it_is_by_now(net: Net) -> None:
    assert connector_for_sale("cpo1.com", "item-1") is not None
    with every_cpo():
        Location.objects.filter(pk=net.location.pk).update(name="Renamed")
        Connector.objects.filter(item_id="item-1").update(max_power_w=7_000)
    found = connector_for_sale("cpo1.com", "item-1")
    assert found is not None
    assert (found.charger.location.name, found.max_power_w) == ("Renamed", 7_000)


def test_what_nobody_could_start_is_not_found(net: Net) -> None:
    lonely = make_charger(net.location, "lonely", system=None)
    make_connector(lonely, "item-9")
    assert ids(ConnectorQuery(location_id="site-1")) == ["item-1", "item-2"]
    with cpo_scope(net.cpo):
        lonely.system = net.system
        lonely.save()
    assert ids(ConnectorQuery(location_id="site-1")) == ["item-1", "item-2", "item-9"]
