"""Where a surge holds, the cheapest free connector nearby is named: in a catalogue, and in a quote by its price."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, Connector, ConnectorStatus, Location
from offers.models import OfferPolicy
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.engine.values import Fee, SurgeBasis
from pricing.surges.content import Scope, SurgeContent
from tests.beckn.surges.evening import RUPEE, Evening, groups
from tests.world import make_offer, make_world

pytestmark = pytest.mark.django_db

HERE = replace(RUPEE, scope=Scope(location_ids=("cp-station",)))
#: 3.4915 km and 3.5138 km further north.
IN_REACH, TOO_FAR = Decimal("0.031400"), Decimal("0.031600")


def add(evening: Evening, item_id: str = "near-01", **changes: Any) -> Connector:
    """Add a free CCS2 connector of 15 kW 1.0 km further north, unless `changes` say otherwise."""
    north = changes.pop("north", Decimal("0.009000"))
    status, beside = changes.pop("status", "AVAILABLE"), changes.pop("beside", "")
    hours = changes.pop("hours", {})
    with cpo_scope(evening.world.cpo):
        site = Location.objects.get(location_id="cp-station")
        site.pk, site.location_id, site.name = None, f"site-of-{item_id}", "Janpath Station"
        site.latitude += north
        site.opening_hours = [{"weekday": day, **hours} for day in range(1, 8) if hours]
        site.save()
        charger = Charger.objects.create(
            cpo=evening.world.cpo, location=site, evse_id=f"E-{item_id}", name="C", system=evening.world.system
        )
        plug = {"connector_type": "CCS2", "power_type": "DC", "max_power_w": 15_000} | changes
        found = Connector.objects.create(cpo=evening.world.cpo, charger=charger, item_id=item_id, **plug)
        if status:
            ConnectorStatus.objects.create(connector=found, status=status, reported_at=timezone.now())
        if beside:
            other = Connector.objects.create(cpo=evening.world.cpo, charger=charger, item_id=f"{item_id}-2", **plug)
            ConnectorStatus.objects.create(connector=other, status=beside, reported_at=timezone.now())
    return found


def tariff(evening: Evening, content: TariffContent, tariff_id: str = "near") -> None:
    """Publish a tariff of its own for some connectors."""
    authoring.publish(authoring.create_tariff(evening.world.cpo, tariff_id, tariff_id, content))


def in_catalogue(evening: Evening) -> list[dict[str, str]]:
    [provider] = evening.say("search", {"intent": {}})["message"]["catalog"]["providers"]
    [item] = [x for x in provider["items"] if x["id"] == "pe-charging-01"]
    return groups(item, "cheaper-nearby")


def in_quote(evening: Evening, **changes: Any) -> list[dict[str, str]]:
    return groups(evening.quoted(**changes)["items"][0], "cheaper-nearby")


NEAR = {
    "item-id": "near-01",
    "location-name": "Janpath Station",
    "distance-km": "1.0",
    "price-per-kwh": "16",
    "currency": "INR",
}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        pytest.param({}, NEAR, id="half-the-power"),
        pytest.param({"max_power_w": 14_999}, None, id="less-than-half"),
        pytest.param({"north": IN_REACH}, NEAR | {"distance-km": "3.5"}, id="at-the-edge"),
        pytest.param({"north": TOO_FAR}, None, id="beyond-it"),
        pytest.param({"north": Decimal(0)}, NEAR | {"distance-km": "0.0"}, id="next-to-it"),
        pytest.param({"connector_type": "CHADEMO"}, None, id="another-type"),
        pytest.param({"status": "CHARGING"}, None, id="not-free"),
        pytest.param({"status": ""}, None, id="never-reported"),
        pytest.param({"beside": "CHARGING"}, None, id="its-charger-charges-another-car"),
        pytest.param({"beside": "OUTOFORDER"}, NEAR, id="the-other-plug-is-broken"),
        pytest.param({"hours": {"from": "06:00", "to": "18:15"}}, None, id="closed-at-the-start"),
        pytest.param({"hours": {"from": "06:00", "to": "18:26"}}, NEAR, id="open-at-the-start"),
    ],
)
def test_a_free_connector_nearby_is_named(
    evening: Evening, place: dict[str, Any], expected: dict[str, str] | None
) -> None:
    evening.surge(HERE)
    add(evening, **place)
    assert in_catalogue(evening) == ([expected] if expected else [])
    assert in_quote(evening) == ([expected] if expected else [])


def test_a_search_for_one_kind_of_plug_knows_what_charges_at_another_of_the_same_charger(evening: Evening) -> None:
    evening.surge(HERE)
    add(evening, beside="CHARGING")
    with cpo_scope(evening.world.cpo):
        Connector.objects.filter(item_id="near-01-2").update(connector_type="CHADEMO")
    plug = {"descriptor": {"code": "connector-type"}, "value": "CCS2"}
    intent = {"item": {"tags": [{"list": [plug]}]}}
    [provider] = evening.say("search", {"intent": intent})["message"]["catalog"]["providers"]
    assert {x["id"] for x in provider["items"]} == {"pe-charging-01", "near-01"}
    assert [groups(x, "cheaper-nearby") for x in provider["items"]] == [[], []]


@pytest.mark.parametrize(
    ("surge", "there", "expected"),
    [
        pytest.param(HERE, "16.99", "16.99", id="a-little-cheaper"),
        pytest.param(HERE, "17", None, id="the-same"),
        pytest.param(RUPEE, "16", None, id="surged-alike"),
        pytest.param(RUPEE, "15.5", "16.5", id="surged-and-cheaper"),
        pytest.param(replace(HERE, basis=SurgeBasis.PERCENT, value=Decimal(25)), "19", "19", id="a-percentage"),
        pytest.param(replace(HERE, basis=SurgeBasis.FIXED, value=Decimal(10)), "16.5", "16.5", id="an-amount-once"),
    ],
)
def test_it_is_named_where_the_same_costs_less(
    evening: Evening, surge: SurgeContent, there: str, expected: str | None
) -> None:
    evening.surge(surge)
    add(evening)
    tariff(evening, TariffContent(rate=Decimal(there), places=(Place(item_id="near-01"),)))
    for found in (in_catalogue(evening), in_quote(evening)):
        assert [x["price-per-kwh"] for x in found] == ([expected] if expected else [])


def test_a_fee_there_counts_by_what_is_asked_for(evening: Evening) -> None:
    """10 kWh at ₹17 are ₹170 here; there ₹16 and a fee of ₹8 make ₹168. For 5 kWh it is ₹85 here and ₹88 there."""
    evening.surge(HERE)
    add(evening)
    fee = Fee("stand", "Stand", Decimal(8))
    tariff(evening, TariffContent(rate=Decimal(16), fees=(fee,), places=(Place(item_id="near-01"),)))
    assert [x["item-id"] for x in in_catalogue(evening)] == ["near-01"]
    assert in_quote(evening) == []
    assert [x["item-id"] for x in in_quote(evening, amount="9")] == ["near-01"]


def test_the_cheapest_of_several_is_named_and_of_equals_the_first(evening: Evening) -> None:
    evening.surge(HERE)
    for item_id in ("b", "c", "a"):
        add(evening, item_id)
    tariff(evening, TariffContent(rate=Decimal(15), places=(Place(item_id="b"), Place(item_id="c"))))
    assert [x["item-id"] for x in (*in_catalogue(evening), *in_quote(evening))] == ["b", "b"]


def test_an_offer_here_may_make_up_for_the_surge(evening: Evening) -> None:
    """A quote is compared with what the driver pays there, offers and all."""
    evening.surge(HERE)
    add(evening)
    make_offer(evening.world.cpo, item_ids=["pe-charging-01"], min_value=None)
    assert in_quote(evening) == []


def test_who_asks_for_an_amount_is_shown_where_it_buys_more(evening: Evening) -> None:
    evening.surge(HERE)
    add(evening)
    with cpo_scope(evening.world.cpo):
        OfferPolicy.objects.update_or_create(cpo=evening.world.cpo, defaults={"amount_basis": "ALL_IN"})
    # ₹17 buy one kWh here exactly, and 1.0625 kWh there.
    assert in_quote(evening, amount="17", unit="INR") == [NEAR]


def test_nothing_is_named_where_no_surge_holds_at_the_start(evening: Evening) -> None:
    evening.surge(HERE)
    add(evening)
    tariff(evening, TariffContent(rate=Decimal(10), places=(Place(item_id="near-01"),)))
    assert evening.begins is not None
    assert in_quote(evening, start=evening.begins.replace(hour=18)) == []
    assert in_quote(evening) == [NEAR | {"price-per-kwh": "10"}]


def test_another_cpos_connector_is_not_named(evening: Evening) -> None:
    evening.surge(HERE)
    other = make_world("cpo2.com", item_id="other-01")
    cheap = TariffContent(rate=Decimal(10), places=(Place(item_id="other-01"),))
    authoring.publish(authoring.create_tariff(other.cpo, "cheap", "Cheap", cheap))
    with cpo_scope(other.cpo):
        now = timezone.now()
        ConnectorStatus.objects.create(connector=other.connector, status="AVAILABLE", reported_at=now)
    providers = evening.say("search", {"intent": {}})["message"]["catalog"]["providers"]
    named = {x["id"]: groups(x["items"][0], "cheaper-nearby") for x in providers}
    assert (named, in_quote(evening)) == ({"cpo1.com": [], "cpo2.com": []}, [])


def test_more_neighbours_ask_no_more_of_the_database(evening: Evening) -> None:
    evening.surge(HERE)
    for number in range(3):
        add(evening, f"near-{number}")
    in_quote(evening)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            in_quote(evening)
        return len(asked)

    before = queries()
    for number in range(3, 9):
        add(evening, f"near-{number}")
    in_quote(evening)
    assert queries() == before
