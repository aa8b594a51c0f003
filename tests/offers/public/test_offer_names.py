"""What an offer's public page calls places, products, stocks and contacts: each said once, and by its name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, Location, Product, ProductStock
from offers.engine.values import OfferLimits
from tests.offers.public.asking import NO_VALUE, PAGE, make, words
from tests.people import People, make_people, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    people = make_people()
    with cpo_scope(people.here.cpo):
        for key, name, category in (("c", "Coffee", "CAFE"), ("t", "Tea", "CAFE"), ("s", "Samosa", "FOOD")):
            row = Product.objects.create(
                cpo=people.here.cpo, product_id=key, name=name, category=category, price=Decimal(60)
            )
            ProductStock.objects.create(product=row, units=90)
    return people


STATIONS = {
    "address-without-city": ("Hub", "12 MG Road", "Bengaluru", "Hub, 12 MG Road, Bengaluru"),
    "address-ends-with-city": ("Hub", "12 MG Road, Bengaluru", "Bengaluru", "Hub, 12 MG Road, Bengaluru"),
    "and-its-pin": ("Hub", "12 MG Road, bengaluru 560001", "Bengaluru", "Hub, 12 MG Road, bengaluru 560001"),
    "city-inside-of-a-word": ("Hub", "Punekar Road", "Pune", "Hub, Punekar Road, Pune"),
    "name-has-the-city": ("Pune Central", "FC Road", "Pune", "Pune Central, FC Road"),
    "name-is-the-address": ("FC Road", "FC Road", "Pune", "FC Road, Pune"),
    "no-address": ("Hub", "", "Pune", "Hub, Pune"),
}


@pytest.mark.parametrize(("name", "address", "city", "shown"), STATIONS.values(), ids=STATIONS.keys())
def test_a_station_names_its_city_once(people: People, name: str, address: str, city: str, shown: str) -> None:
    with cpo_scope(people.here.cpo):
        Location.objects.filter(location_id="cp-station").update(name=name, address=address, city=city)
    make(people, location_ids=("cp-station",))
    assert f"<li>{shown}</li>" in Client().get(PAGE).content.decode()


MORE = NO_VALUE | {
    "benefit_kind": "buyXgetY", "item_unit": "PRODUCT", "qualifier_item_count": 2, "benefit_item_count": 1,
    "min_value": None, "auto": False, "name": "Deal", "weekly_windows": (),
}  # fmt: skip
PRICED, FREE = MORE | {"item_value": Decimal(15)}, MORE | {"item_value": Decimal(0), "auto": True}
GIVEN: dict[str, tuple[dict[str, Any], str]] = {
    "of-one": (PRICED | {"item_ids": ("c",)}, "1 more × Coffee at ₹15.00 each for every 2 bought"),
    "of-several": (
        PRICED | {"item_ids": ("c", "s")},
        "1 more of the same product at ₹15.00 each for every 2 bought of it: Coffee or Samosa",
    ),
    "of-a-category": (
        PRICED | {"categories": ("CAFE",)},
        "1 more of the same product at ₹15.00 each for every 2 bought of it: Coffee or Tea",
    ),
    "of-any": (PRICED, "1 more of the same product at ₹15.00 each for every 2 bought of it"),
    "another-for-one": (
        FREE | {"item_ids": ("c",), "benefit_item_id": "s"}, "1 × Samosa free for every 2 × Coffee",
    ),
    "another-for-several": (
        PRICED | {"categories": ("CAFE",), "benefit_item_id": "s"},
        "1 × Samosa at ₹15.00 each for every 2 bought of Coffee or Tea",
    ),
    "another-for-any": (FREE | {"benefit_item_id": "s"}, "1 × Samosa free for every 2 products bought"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "benefit"), GIVEN.values(), ids=GIVEN.keys())
def test_more_for_what_is_bought_says_of_what(people: People, said: dict[str, Any], benefit: str) -> None:
    make(people, **said)
    assert f'<p class="benefit">{benefit}</p>' in Client().get(PAGE).content.decode()


def test_a_hidden_product_is_not_named_where_it_is_bought(people: People) -> None:
    with cpo_scope(people.here.cpo):
        Product.objects.filter(product_id="t").update(is_published=False)
    make(people, **PRICED | {"categories": ("CAFE",)})
    text = words(Client().get(PAGE))
    assert ("1 more × Coffee at ₹15.00 each for every 2 bought" in text, "Tea" in text) == (True, False)


UNSOLD = "The product that it gives is not sold at the moment: nobody gets the offer until it is."
UNSOLD_BOUGHT = "What it is given for is not sold at the moment: nobody gets the offer until it is."
ALIKE = "1 more of the same product at ₹15.00 each for every 2 bought of it"
ANOTHER = "1 × Samosa at ₹15.00 each for every 2 bought of products that are not sold now"
OF_HIDDEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "of-one": (PRICED | {"item_ids": ("c",)}, ALIKE, UNSOLD),
    "of-several": (PRICED | {"item_ids": ("c", "t")}, ALIKE, UNSOLD),
    "of-a-category": (PRICED | {"categories": ("CAFE",)}, ALIKE, UNSOLD),
    "one-is-sold": (
        PRICED | {"item_ids": ("c", "s")}, "1 more × Samosa at ₹15.00 each for every 2 bought", "",
    ),
    "of-any": (PRICED, ALIKE, ""),
    "another-for-several": (PRICED | {"item_ids": ("c", "t"), "benefit_item_id": "s"}, ANOTHER, UNSOLD_BOUGHT),
    "another-for-a-category": (PRICED | {"categories": ("CAFE",), "benefit_item_id": "s"}, ANOTHER, UNSOLD_BOUGHT),
    "another-that-is-hidden": (
        PRICED | {"item_ids": ("t",), "benefit_item_id": "c"},
        "1 × a product that is not sold now at ₹15.00 each for every 2 bought of products that are not sold now",
        UNSOLD,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("said", "benefit", "note"), OF_HIDDEN.values(), ids=OF_HIDDEN.keys())
def test_an_offer_of_products_that_are_all_hidden_says_that_nobody_gets_it(
    people: People, said: dict[str, Any], benefit: str, note: str
) -> None:
    make(people, **said)
    with cpo_scope(people.here.cpo):
        Product.objects.filter(category="CAFE").update(is_published=False)
    page = Client().get(PAGE)
    assert f'<p class="benefit">{benefit}</p>' in page.content.decode()
    assert [x for x in (UNSOLD, UNSOLD_BOUGHT) if x in words(page)] == ([note] if note else [])


def test_the_stock_is_said_in_one_line(people: People) -> None:
    limits = OfferLimits(total_uses=9, budget_per_day=Decimal(900), redemption_cap=Decimal(150))
    gift = NO_VALUE | {"benefit_kind": "freebie", "benefit_item_count": 2, "benefit_item_id": "c", "min_value": None}
    make(people, limits=limits, stock_product_id="c", stock_at_least=5, **gift)
    conditions = words(Client().get(PAGE)).partition(" Conditions ")[2]
    assert conditions.startswith(
        "Applied automatically. While at least 5 of Coffee are in stock. Not combined with other offers. "
        "As long as it lasts, each day only until its part is used up. Your app"
    )


SUPPORT = {
    "both": (
        "+91 98765-43210", "help+ev@example.com",
        '<a href="tel:+919876543210">+91 98765-43210</a>, '
        '<a href="mailto:help%2Bev@example.com">help+ev@example.com</a></p>',
    ),
    "phone": ("1800 123 456", "", '<a href="tel:1800123456">1800 123 456</a></p>'),
    "e-mail": ("", "a@example.com", ': <a href="mailto:a@example.com">a@example.com</a></p>'),
}  # fmt: skip


@pytest.mark.parametrize(("phone", "email", "shown"), SUPPORT.values(), ids=SUPPORT.keys())
def test_phone_and_e_mail_are_links(people: People, phone: str, email: str, shown: str) -> None:
    Cpo.objects.filter(pk=people.here.cpo.pk).update(support_phone=phone, support_email=email)
    make(people)
    assert shown in Client().get(PAGE).content.decode()


COMBO: dict[str, Any] = {
    "benefit_kind": "combo", "value": Decimal(20), "min_value": None, "name": "Deal", "weekly_windows": (),
}  # fmt: skip
ALL, SITE = "At every station of cpo1.com EV charging.", "Connaught Place Station, Connaught Place, New Delhi"
#: What a combination is with, where these things are sold, and the stations that its page names.
SOLD_AT: dict[str, tuple[tuple[str, ...], dict[str, tuple[str, ...]], str]] = {
    "everywhere": (("c", "t"), {}, ALL),
    "one of them at some": (("c", "t"), {"c": ("cp-station", "far")}, f"{SITE} Far, Road, Pune"),
    "each at others": (("c", "t"), {"c": ("cp-station", "far"), "t": ("far",)}, "Far, Road, Pune"),
    "nowhere together": (
        ("c", "t"), {"c": ("cp-station",), "t": ("far",)}, "At no station of cpo1.com EV charging at present.",
    ),
    "another thing at some": (("c", "t"), {"s": ("far",)}, ALL),
    "a connector": (("c", "pe-charging-01"), {}, SITE),
}  # fmt: skip


def _far_away(people: People) -> None:
    site = Location.objects.get(location_id="cp-station")
    site.pk, site.location_id, site.name, site.address, site.city = None, "far", "Far", "Road", "Pune"
    site.save(force_insert=True)


@pytest.mark.parametrize(("items", "sold", "said"), SOLD_AT.values(), ids=SOLD_AT)
def test_a_combination_is_had_where_all_of_its_items_are_sold(
    people: People, items: tuple[str, ...], sold: dict[str, tuple[str, ...]], said: str
) -> None:
    with cpo_scope(people.here.cpo):
        _far_away(people)
        for product, places in sold.items():
            Product.objects.get(product_id=product).locations.set(Location.objects.filter(location_id__in=places))
    make(people, qualifier_item_ids=items, **COMBO)
    text = words(Client().get(PAGE))
    assert text[text.index("Where ") : text.index(" Conditions")] == f"Where {said}"


LESS: dict[str, Any] = {
    "value": Decimal(10), "value_cap": None, "min_value": None, "name": "Deal", "weekly_windows": (),
}  # fmt: skip
HERE = ("pe-charging-01",)
#: What a discount is for, and what its page, the driver's, the staff's, says that it takes.
TAKEN_OF: dict[str, tuple[dict[str, Any], str, str]] = {
    "anything": ({}, "10 % off energy and add-ons", "10 % off energy and add-ons"),
    "with surge": (
        {"base": "ITEMS_AND_SURGE"}, "10 % off energy, add-ons and surge", "10 % off energy, add-ons and surge",
    ),
    "a product": ({"item_ids": ("c",)}, "10 % off Coffee", "10 % off Coffee"),
    "products": ({"item_ids": ("c", "s")}, "10 % off Coffee and Samosa", "10 % off Coffee and Samosa"),
    "a connector": ({"item_ids": HERE}, "10 % off energy", "10 % off Charger"),
    "a connector with surge": (
        {"item_ids": HERE, "base": "ITEMS_AND_SURGE"}, "10 % off energy and surge", "10 % off Charger and surge",
    ),
    "a connector and a product": (
        {"item_ids": (*HERE, "c")}, "10 % off energy and Coffee", "10 % off Charger and Coffee",
    ),
    "charging": ({"categories": ("ev-charging",)}, "10 % off energy", "10 % off charging"),
    "a category": ({"categories": ("CAFE",)}, "10 % off Coffee and Tea", "10 % off CAFE (Coffee, Tea)"),
    "charging and a category": (
        {"categories": ("CAFE", "ev-charging")}, "10 % off energy, Coffee and Tea",
        "10 % off CAFE (Coffee, Tea) and charging",
    ),
    "each kWh of a connector": (
        {"item_ids": HERE, "value_type": "per_kwh"}, "₹10.00 off each kWh", "₹10.00 off each kWh",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("said", "driver", "staff"), TAKEN_OF.values(), ids=TAKEN_OF)
def test_a_discount_says_what_it_is_taken_of(people: People, said: dict[str, Any], driver: str, staff: str) -> None:
    with cpo_scope(people.here.cpo):
        Charger.objects.update(name="Charger")
    offer = make(people, **LESS | said)
    assert f'<p class="benefit">{driver}</p>' in Client().get(PAGE).content.decode()
    page = signed_in(people.analyst).get(f"/admin/offers/offer/{offer.pk}/change/").content.decode()
    assert f"Takes {staff}, at every location" in page


def test_a_discount_of_what_is_hidden_takes_of_nothing(people: People) -> None:
    make(people, **LESS | {"categories": ("FOOD",)})
    with cpo_scope(people.here.cpo):
        Product.objects.filter(category="FOOD").update(is_published=False)
    text = words(Client().get(PAGE))
    assert ("10 % off products that are not sold now" in text, "Samosa" in text) == (True, False)


#: What a discount is for, where that is sold, and the stations that its page names.
HAD_AT: dict[str, tuple[dict[str, Any], dict[str, tuple[str, ...]], str]] = {
    "a product of everywhere": ({"item_ids": ("c",)}, {}, ALL),
    "a product of one station": ({"item_ids": ("c",)}, {"c": ("cp-station",)}, SITE),
    "one of two is sold everywhere": ({"item_ids": ("c", "s")}, {"c": ("far",)}, ALL),
    "each of two at one": ({"item_ids": ("c", "s")}, {"c": ("far",), "s": ("cp-station",)}, f"{SITE} Far, Road, Pune"),
    "a category": ({"categories": ("FOOD",)}, {"s": ("cp-station",)}, SITE),
    "a category and charging": ({"categories": ("FOOD", "ev-charging")}, {"s": ("far",)}, ALL),
}


@pytest.mark.parametrize(("of", "sold", "said"), HAD_AT.values(), ids=HAD_AT)
def test_a_discount_of_products_is_had_where_they_are_sold(
    people: People, of: dict[str, Any], sold: dict[str, tuple[str, ...]], said: str
) -> None:
    with cpo_scope(people.here.cpo):
        _far_away(people)
        for product, places in sold.items():
            Product.objects.get(product_id=product).locations.set(Location.objects.filter(location_id__in=places))
    make(people, **LESS | of)
    text = words(Client().get(PAGE))
    where = text[text.index("Where ") : text.index(" Conditions")]
    assert where.partition(" For: ")[0] == f"Where {said}"


def test_a_combination_names_its_items_on_all_its_pages(people: People) -> None:
    offer = make(people, qualifier_item_ids=("t", "c"), **COMBO)
    said = "20 % off in combination with Coffee and Tea, at most ₹100.00"
    assert said in words(Client().get(PAGE))
    page = signed_in(people.analyst).get(f"/admin/offers/offer/{offer.pk}/change/").content.decode()
    assert f"Takes {said}" in page
    assert f"Deal · {said}" in page


def test_a_combination_with_something_hidden_is_given_to_nobody_and_does_not_name_it(people: People) -> None:
    make(people, qualifier_item_ids=("t", "c"), **COMBO)
    with cpo_scope(people.here.cpo):
        Product.objects.filter(product_id="t").update(is_published=False)
    text = words(Client().get(PAGE))
    assert "20 % off in combination with 2 items" in text
    assert "What it is given for is not sold at the moment: nobody gets the offer until it is." in text
    assert "Tea" not in text


@pytest.mark.parametrize(("sold", "said"), [((), ALL), (("far",), "Far, Road, Pune")], ids=["everywhere", "at one"])
def test_a_free_product_is_given_where_it_is_sold(people: People, sold: tuple[str, ...], said: str) -> None:
    gives = {"benefit_kind": "freebie", "benefit_item_count": 1, "benefit_item_id": "c", "weekly_windows": ()}
    make(people, **(NO_VALUE | {"min_value": None, "name": "Gift"} | gives))
    with cpo_scope(people.here.cpo):
        _far_away(people)
        Product.objects.get(product_id="c").locations.set(Location.objects.filter(location_id__in=sold))
    text = words(Client().get(PAGE))
    assert text[text.index("Where ") : text.index(" Conditions")] == f"Where {said}"
