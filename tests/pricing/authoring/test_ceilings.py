"""Tariffs above a ceiling: told in drafts, refused or warned of when they are published, by place and by kind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.authoring.ceilings import Ceilings
from pricing.engine.values import Dimension, PriceComponent, PricingModel
from pricing.models import PriceCeiling, Tariff
from tests.offers.api.asking import send
from tests.people import People, api_client, signed_in
from tests.pricing.engine.samples import window

pytestmark = pytest.mark.django_db

OWN = (Place(item_id="pe-charging-01"),)
SAID = (
    "₹18.00 per kWh every day all day is above “Delhi cap” (₹15.00) at Connaught Place Station: lower it, or leave the "
    "place out."
)


def ceiling(people: People, **changes: Any) -> PriceCeiling:
    values = {"ceiling_id": "cap", "name": "Delhi cap", "maximum_rate": Decimal(15), "mode": "BLOCK"} | changes
    with cpo_scope(people.here.cpo):
        made = PriceCeiling(cpo=people.here.cpo, **values)
        made.full_clean()
        made.save()
        return made


def above(people: People, content: TariffContent) -> list[str]:
    with cpo_scope(people.here.cpo):
        return [found.sentence for found in Ceilings().above(content)]


PLAIN = TariffContent(rate=Decimal(18), places=OWN, currency="INR")
KINDS = [
    pytest.param({}, True, id="everywhere"),
    pytest.param({"state": "NCT of Delhi"}, True, id="the-state-by-another-name"),
    pytest.param({"state": "Karnataka"}, False, id="another-state"),
    pytest.param({"connector_type": "CCS2"}, True, id="the-connector"),
    pytest.param({"connector_type": "TYPE2"}, False, id="another-connector"),
    pytest.param({"min_power_w": 30_000, "max_power_w": 30_000}, True, id="its-very-power"),
    pytest.param({"min_power_w": 30_001}, False, id="above-its-power"),
    pytest.param({"max_power_w": 29_999}, False, id="below-its-power"),
    pytest.param({"maximum_rate": Decimal(18)}, False, id="at-the-ceiling"),
]


@pytest.mark.parametrize(("rule", "counts"), KINDS)
def test_a_ceiling_counts_where_it_is_about_a_connector_of_the_tariff(
    people: People, rule: dict[str, Any], counts: bool
) -> None:
    ceiling(people, **rule)
    assert bool(above(people, PLAIN)) is counts


@pytest.mark.parametrize(
    ("place", "counts"),
    [
        pytest.param(Place(), True, id="everywhere"),
        pytest.param(Place("cp-station"), True, id="location"),
        pytest.param(Place("cp-station", connector_type="CCS2"), True, id="type-at-location"),
        pytest.param(Place(connector_type="CCS2"), True, id="type"),
        pytest.param(Place(connector_type="TYPE2"), False, id="another-type"),
        pytest.param(Place("cp-station", connector_type="TYPE2"), False, id="another-type-at-location"),
    ],
)
def test_a_ceiling_counts_at_the_places_that_the_tariff_names(people: People, place: Place, counts: bool) -> None:
    ceiling(people)
    assert above(people, TariffContent(rate=Decimal(18), places=(place,), currency="INR")) == ([SAID] if counts else [])


def test_the_sentence_names_the_hours_and_how_many_more_locations(people: People) -> None:
    ceiling(people, weekly_windows=[{"weekdays": [1], "start": "09:00", "end": "16:00"}])
    with cpo_scope(people.here.cpo):
        charger = people.here.charger
        charger.pk, charger.evse_id = None, "EVSE-2"
        charger.location = Location.objects.create(
            cpo=people.here.cpo, location_id="zz", name="Zakir", latitude=28, longitude=77, state="Delhi"
        )
        charger.save()
        connector = people.here.connector
        connector.pk, connector.item_id, connector.charger = None, "z-1", charger
        connector.save()
        assert Connector.objects.count() == 2
    content = TariffContent(
        model=PricingModel.TIME_OF_DAY,
        rate=Decimal(14),
        components=(PriceComponent(Dimension.ENERGY, Decimal(20), (window("15:00", "20:00"),)),),
        places=(Place(),),
        currency="INR",
    )
    assert above(people, content) == [
        "₹20.00 per kWh Mondays 15:00–16:00 is above “Delhi cap” (₹15.00) at Connaught Place Station and 1 more "
        "location: lower it, or leave the place out."
    ]


def test_a_ceiling_that_blocks_keeps_a_tariff_from_being_published(people: People) -> None:
    rule = ceiling(people)
    tariff = authoring.create_tariff(people.here.cpo, "own", "Own", PLAIN)
    with pytest.raises(ValidationError) as refused:
        authoring.publish(tariff)
    assert refused.value.message_dict == {"rate": [SAID]}
    with cpo_scope(people.here.cpo):
        assert Tariff.objects.get(pk=tariff.pk).state == "DRAFT"
        rule.delete()
    assert authoring.publish(tariff).state == "APPROVED"


def test_a_ceiling_that_warns_lets_it_be_published_and_says_so(people: People) -> None:
    ceiling(people, mode="WARN")
    tariff = authoring.create_tariff(people.here.cpo, "own", "Own", PLAIN)
    client, address = signed_in(people.owner), f"/admin/pricing/tariff/{tariff.pk}/change/"
    assert f"Warning: {SAID}" in client.get(address).content.decode()
    assert authoring.publish(tariff).state == "APPROVED"
    assert f"Warning: {SAID}" in client.get(address).content.decode()


def test_the_form_tells_it_in_the_draft_and_refuses_to_publish(people: People) -> None:
    ceiling(people)
    tariff = authoring.create_tariff(people.here.cpo, "own", "Own", PLAIN)
    client, address = signed_in(people.owner), f"/admin/pricing/tariff/{tariff.pk}/change/"
    assert f"Before you publish: {SAID}" in client.get(address).content.decode()
    form = {"name": "Own", "model": "PER_KWH", "rate": "18", "item_ids": ["pe-charging-01"], "_version": "1"}
    saved = client.post(address, form | {"_save": "1"}, follow=True).content.decode()
    assert "The draft of “Own” is saved" in saved
    refused = client.post(address, form | {"_publish": "1"})
    assert refused.status_code == 200
    assert SAID in refused.content.decode()
    with cpo_scope(people.here.cpo):
        assert Tariff.objects.get(pk=tariff.pk).state == "DRAFT"


def test_the_api_tells_and_refuses_it_too(people: People) -> None:
    staff = api_client(people.here.cpo)
    rule = {"ceiling_id": "cap", "name": "Delhi cap", "maximum_rate": "15", "mode": "BLOCK", "state": "Delhi"}
    assert send(staff, "price-ceilings", rule).status_code == 201
    body = {
        "tariff_id": "own",
        "name": "Own",
        "content": {"rate": "18"},
        "assignments": [{"item_id": "pe-charging-01"}],
    }
    made = send(staff, "tariffs", body)
    assert made.json()["draft"]["warnings"] == [SAID]
    answer = send(staff, "tariffs/own/publish", {})
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"content": {"rate": [SAID]}})
    assert send(staff, "price-ceilings/cap", {"mode": "WARN"}, "patch").status_code == 200
    published = send(staff, "tariffs/own/publish", {})
    assert (published.status_code, published.json()["live"]["warnings"]) == (200, [SAID])


BAD = [
    pytest.param({"min_power_w": 2, "max_power_w": 1}, "max_power_w", "The most is below the least", id="power"),
    pytest.param({"maximum_rate": "-1"}, "maximum_rate", "greater than or equal to 0", id="rate"),
    pytest.param({"mode": "SHOUT"}, "mode", "There is no “SHOUT”: use one of WARN, BLOCK.", id="mode"),
    pytest.param(
        {"weekly_windows": [{"weekdays": [1], "start": "09:00", "end": "24:00"}]},
        "weekly_windows",
        "Window 1: write 00:00 instead of 24:00",
        id="24:00",
    ),
]


@pytest.mark.parametrize(("changes", "field", "words"), BAD)
def test_a_bad_ceiling_is_refused_at_its_field(people: People, changes: dict[str, Any], field: str, words: str) -> None:
    rule = {"ceiling_id": "cap", "name": "Delhi cap", "maximum_rate": "15"} | changes
    answer = send(api_client(people.here.cpo), "price-ceilings", rule)
    assert answer.status_code == 400
    [said] = answer.json()["error"]["fields"][field]
    assert words in said
    with cpo_scope(people.here.cpo):
        assert not PriceCeiling.objects.exists()


def test_staff_write_a_ceiling_in_the_form(people: People) -> None:
    client = signed_in(people.owner)
    form = {
        "name": "Delhi cap",
        "ceiling_id": "cap",
        "maximum_rate": "15",
        "mode": "BLOCK",
        "state": "Delhi",
        "weekly_windows-0-weekdays": ["1", "2"],
        "weekly_windows-0-start": "09:00",
        "weekly_windows-0-end": "16:00",
    }
    refused = client.post("/admin/pricing/priceceiling/add/", form | {"min_power_w": "2", "max_power_w": "1"})
    assert "The most is below the least: raise it or leave it empty." in refused.content.decode()
    listed = client.post("/admin/pricing/priceceiling/add/", form, follow=True).content.decode()
    for words in ("Delhi cap", "₹15.00/kWh", "Mondays and Tuesdays 09:00–16:00", "Is not published"):
        assert words in listed
    with cpo_scope(people.here.cpo):
        assert PriceCeiling.objects.get().weekly_windows == [{"weekdays": [1, 2], "start": "09:00", "end": "16:00"}]
