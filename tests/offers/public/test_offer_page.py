"""The public page of an offer, in plain words for anybody."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Segment
from cpo_portal.network.models import Connector, Location, Product, ProductStock
from offers import authoring
from offers.engine.values import OfferLimits
from pricing.models import HolidayCalendar
from tests.offers.public.asking import NO_VALUE, PAGE, make, words
from tests.people import People, weekend

pytestmark = pytest.mark.django_db


def test_the_page_says_in_plain_words_what_when_where_and_on_which_conditions(people: People) -> None:
    make(
        people,
        limits=OfferLimits(total_uses=1000, uses_per_customer=2),
        short_desc="Charge at the weekend",
        location_ids=("cp-station",),
        item_ids=("pe-charging-01",),
    )
    answer = Client().get(PAGE)
    assert answer.status_code == 200
    assert words(answer) == (
        "cpo1.com EV charging Weekend Special – 25 % off 25 % off energy, at most ₹100.00 "
        "Charge at the weekend "
        "When Saturdays and Sundays all day, on the clock of the station. "
        "From 1 Jan 2026 05:30 IST until 1 Jan 2040 05:30 IST What counts is when charging is planned to start. "
        "Where Connaught Place Station, Connaught Place, New Delhi "
        "Only at the connectors: EV Charger #1 (AC Fast Charger), CCS2, Connaught Place Station "
        "Conditions Applied automatically. "
        "From ₹50.00 on, for energy, time and products before fees and tax. "
        "Not combined with other offers. 2 times per customer. As long as it lasts. "
        "Your app may call it WEEKEND25 . Questions? cpo1.com EV charging: 1800 1080 , a@b.example"
    )


def test_an_offer_without_restrictions_is_for_every_station(people: People) -> None:
    make(people, display_code="", weekly_windows=(), min_value=None, additive=True)
    text = words(Client().get(PAGE))
    assert "Where At every station of cpo1.com EV charging." in text
    assert "Conditions Applied automatically. May be combined with other offers." in text


SITE = "Connaught Place Station, Connaught Place, New Delhi"
ELSEWHERE_ON_EARTH = {"near_latitude": Decimal("12.9716"), "near_longitude": Decimal("77.5946")}
WHERE: dict[str, tuple[dict[str, Any], str]] = {
    "tags are the stations that have them": ({"location_tags": ("tier-2",)}, SITE),
    "a circle is the stations in it": ({**ELSEWHERE_ON_EARTH, "radius_km": Decimal(2000)}, SITE),
    "a circle around nothing": (
        {**ELSEWHERE_ON_EARTH, "radius_km": Decimal(5)},
        "At no station of cpo1.com EV charging at present.",
    ),
    "a city by its name": ({"cities": ("new delhi",)}, "At every station of cpo1.com EV charging in New Delhi."),
    "a city by its code": ({"cities": ("std:011",)}, "At every station of cpo1.com EV charging in New Delhi."),
    "a state": ({"states": ("Delhi",)}, "At every station of cpo1.com EV charging in Delhi."),
    "a charger": (
        {"charger_ids": ("EVSE-1",)},
        "Only at the chargers: EV Charger #1 (AC Fast Charger), Connaught Place Station",
    ),
    "a kind of connector": (
        {"connector_types": ("BHARAT_DC_001", "TYPE2"), "currents": ("DC",), "min_power_w": 15_000},
        "At every station of cpo1.com EV charging. Only on DC Bharat DC-001 or Type 2 connectors from 15 kW.",
    ),
    "a product": ({"item_ids": ("cup-1",)}, "At every station of cpo1.com EV charging. For: Coffee"),
}


@pytest.mark.parametrize(("scope", "said"), WHERE.values(), ids=WHERE)
def test_places_are_said_as_people_call_them(people: People, scope: dict[str, Any], said: str) -> None:
    site = people.here.location
    with cpo_scope(people.here.cpo):
        # What is published has a station then; it may be another one, or elsewhere, by the time somebody reads.
        Location.objects.update(tags=["tier-2"], latitude=Decimal("12.9716"), longitude=Decimal("77.5946"))
        Connector.objects.update(connector_type="TYPE2")
        Product.objects.create(cpo=people.here.cpo, product_id="cup-1", name="Coffee", price=Decimal(40))
    make(people, **scope)
    with cpo_scope(people.here.cpo):
        Location.objects.update(latitude=site.latitude, longitude=site.longitude)
        Connector.objects.update(connector_type="CCS2")
    assert f"Where {said} Conditions" in words(Client().get(PAGE))


HIDDEN: list[dict[str, Any]] = [
    {"charger_ids": ("EVSE-1",)},
    {"location_tags": ("tier-2",)},
    {"cities": ("New Delhi",)},
    {"item_ids": ("pe-charging-01",)},
]


@pytest.mark.parametrize("scope", HIDDEN, ids=lambda scope: next(iter(scope)))
def test_a_station_that_is_not_shown_to_buyer_apps_is_not_shown_here(people: People, scope: dict[str, Any]) -> None:
    with cpo_scope(people.here.cpo):
        Location.objects.update(tags=["tier-2"])
    make(people, **scope)
    with cpo_scope(people.here.cpo):
        Location.objects.update(is_published=False)
    text = words(Client().get(PAGE))
    assert "Connaught" not in text
    assert "EV Charger #1" not in text


def test_conditions_call_products_days_and_other_offers_by_name(people: People) -> None:
    cpo = people.here.cpo
    with cpo_scope(cpo):
        goods = {"category": "CAFE", "price": Decimal(40)}
        coffee = Product.objects.create(cpo=cpo, product_id="cup-1", name="Coffee", **goods)
        ProductStock.objects.create(product=coffee, units=9)
        Product.objects.create(cpo=cpo, product_id="cup-2", name="Tea", **goods)
        Segment.objects.create(cpo=cpo, segment_id="vip", name="Whales we must not lose")
        HolidayCalendar.objects.create(
            cpo=cpo,
            calendar_id="ops-7",
            name="Ops calendar 7",
            days=[{"date": "2020-11-08", "name": "Past"}, {"date": "2035-11-08", "name": "Diwali"}],
        )
    make(people, "second", additive=True, name="Second", display_code="", exclusivity_group="g-7")
    make(people, "third", additive=True, name="Third", display_code="")
    make(
        people,
        "coded",
        additive=True,
        name="For few",
        display_code="SECRET",
        requires_code=True,
        exclusivity_group="g-7",
    )
    make(
        people,
        additive=True,
        exclusivity_group="g-7",
        excludes=("third",),
        categories=("CAFE",),
        segment_ids=("vip",),
        stock_product_id="cup-1",
        stock_at_least=5,
        holiday_calendar="ops-7",
        holidays="ONLY",
        weekly_windows=(),
        blackout_dates=(date(2035, 12, 25),),
        limits=OfferLimits(uses_per_customer_week=1, budget_per_day=Decimal(900), redemption_cap=Decimal(90)),
    )
    make(people, "later", additive=True, name="Later", display_code="", excludes=("weekend",))
    text = words(Client().get(PAGE))
    assert text[text.index("Conditions") : text.index("Your app may call")] == (
        "Conditions Applied automatically. From ₹50.00 on, for energy, time and products before fees and tax. "
        "While at least 5 of Coffee are in stock. Only on 8 Nov 2035 (Diwali). Not on 25 Dec 2035. "
        "For some customers: your app shows whether you are among them. Only for Coffee or Tea. "
        "May be combined with other offers, but not with “Later”, “Second”, “Third” or some others. "
        "Once per customer and week. Each day only as long as what is set aside for that day lasts. "
    )


SLABS = (
    {"item_count": 10, "item_count_upper": 19, "value": "10", "value_type": "percent", "value_cap": "50"},
    {"item_count": 20, "item_count_upper": None, "value": "40", "value_type": "amount", "value_cap": "40"},
)
EMI = {
    "provider": "Some Bank",
    "method": "EMI",
    "months": 6,
    "annual_percent": "12",
    "subvention_percent": "50",
}
TYPES: dict[str, tuple[dict[str, Any], str]] = {
    "slab": (
        NO_VALUE | {"slabs": SLABS},
        "10 % off, at most ₹50.00, for 10–19 kWh; ₹40.00 off, at most ₹40.00, for 20 kWh and more ",
    ),
    "freebie": (
        NO_VALUE | {"benefit_item_count": 2, "benefit_item_id": "coffee"},
        "2 × Filter coffee free ",
    ),
    "buyXgetY": (
        NO_VALUE | {"item_unit": "KWH", "qualifier_item_count": 10, "benefit_item_count": 2, "item_value": Decimal(5)},
        "2 kWh at ₹5.00 each after every 10 kWh ",
    ),
    "combo": (
        {"qualifier_item_ids": ("coffee",), "value": Decimal(20)},
        "20 % off in combination with Filter coffee, at most ₹100.00 ",
    ),
    "delivery": ({"value": Decimal(50), "value_cap": None}, "50 % off the fees "),
    "exchange": (NO_VALUE, "An exchange, valued when it is returned; the price stays as it is "),
    "financing": (
        NO_VALUE | {"finance_terms": (EMI,)},
        "6 monthly instalments at 12 % a year by Some Bank, 50 % of the interest borne by the seller ",
    ),
    "discount": (
        {"value_type": "per_kwh", "value": Decimal("2.50"), "value_cap": None},
        "₹2.50 off each kWh ",
    ),
}


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_said_in_plain_words(people: People, kind: str) -> None:
    said, benefit = TYPES[kind]
    with cpo_scope(people.here.cpo):
        Product.objects.create(cpo=people.here.cpo, product_id="coffee", name="Filter coffee", price=Decimal(60))
    make(people, benefit_kind=kind, min_value=None, name="Deal", **said)
    text = words(Client().get(PAGE))
    assert f"Deal {benefit}" in text
    together = "Only together with Filter coffee in one session."
    assert (together in text) is (kind == "combo")
    assert ("As long as it is in stock." in text) is (kind == "freebie")


HIDDEN = "a product that is not sold now"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param(
            TYPES["freebie"][0] | {"benefit_kind": "freebie"},
            "The product that it gives is not sold at the moment: nobody gets the offer until it is. ",
            id="given",
        ),
        pytest.param(
            {"stock_product_id": "coffee", "stock_at_least": 5},
            f"While at least 5 of {HIDDEN} are in stock.",
            id="counted",
        ),
    ],
)
def test_a_product_that_is_hidden_from_buyer_apps_has_no_name(
    people: People, said: dict[str, Any], sentence: str
) -> None:
    with cpo_scope(people.here.cpo):
        coffee = Product.objects.create(cpo=people.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
        ProductStock.objects.create(product=coffee, units=9)
    make(people, min_value=None, **said)
    with cpo_scope(people.here.cpo):
        Product.objects.update(is_published=False, name="Secret Espresso")
    text = words(Client().get(PAGE))
    assert sentence in text
    assert ("2 × product free" in text) is (said.get("benefit_kind") == "freebie")
    assert "Secret" not in text
    assert "coffee" not in text.casefold()


def test_it_needs_neither_a_script_nor_a_cookie_nor_another_site(people: People) -> None:
    make(people, image_url="https://elsewhere.example/i.png")
    answer = Client().get(PAGE)
    text = answer.content.decode()
    assert "<script" not in text
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in text
    assert re.findall(r'(?:src|href)="(https?:)?//', text) == []
    assert answer.cookies == {}
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_what_an_author_writes_is_text_and_no_markup(people: People) -> None:
    make(people, name="<b>Bold</b>", long_desc="a <script>x</script> b", terms_text="c <i>y</i> d")
    text = Client().get(PAGE).content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;" in text
    assert "a &lt;script&gt;x&lt;/script&gt; b" in text
    assert "c &lt;i&gt;y&lt;/i&gt; d" in text


def test_its_terms_stand_behind_its_conditions_and_without_any_there_is_no_heading(people: People) -> None:
    offer = make(people)
    assert "Terms" not in words(Client().get(PAGE))
    authoring.save_draft(offer, weekend(terms_text="Not for taxis.\n\nOne a household."))
    authoring.publish(offer)
    text = words(Client().get(PAGE))
    assert "Terms Not for taxis. One a household." in text
    assert text.index("Conditions") < text.index("Terms")
