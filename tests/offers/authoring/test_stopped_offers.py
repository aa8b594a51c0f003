"""A change of a product that stops offers which are given now is told once it is saved, whatever else they lack."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.catalogue import sold_as
from cpo_portal.network.models import Connector, Product, ProductStock
from offers import authoring, products
from offers.models import Offer
from offers.products import effects_on_offers
from tests.offers.authoring.test_needed_products import call, coffee, give, people
from tests.people import People, signed_in

__all__ = ["people"]
pytestmark = pytest.mark.django_db

STOPPED = "The published offer “Free coffee” (free-coffee) is not given now. "
#: What staff change of a product, and what they are told of the offer that gives it.
CHANGES = [
    pytest.param(
        {"price": "0.00"},
        [STOPPED + "It saves nothing: Coffee costs nothing itself. Give it a price, or give another product."],
        id="for-nothing",
    ),
    pytest.param(
        {"is_published": False},
        [
            STOPPED + "“Coffee” is sold at no station in its scope: sell it at one of them, or give another product.",
        ],
        id="hidden",
    ),
    pytest.param(
        {"stock": 0},
        [STOPPED + "Nobody gets it: 0 of Coffee are left, and one redemption gives 1."],
        id="sold-out",
    ),
    pytest.param({"price": "45.00"}, [], id="cheaper"),
]


@pytest.mark.parametrize(("change", "warnings"), CHANGES)
def test_a_change_that_stops_an_offer_is_saved_and_told(
    people: People, change: dict[str, Any], warnings: list[str]
) -> None:
    give(people)
    status, answer = call(people, "patch", change)
    assert (status, answer["warnings"]) == (200, warnings)
    assert {name: answer[name] for name in change} == change
    assert "warnings" not in call(people, "get")[1]


def test_the_form_tells_it_as_well(people: People) -> None:
    give(people)
    with cpo_scope(people.here.cpo):
        address = f"/admin/network/product/{coffee().pk}/change/"
    rows = {"stock_row-TOTAL_FORMS": "0", "stock_row-INITIAL_FORMS": "0"}
    form = rows | {"name": "Coffee", "kind": "GOOD", "price": "0", "currency": "INR", "is_published": "on"}
    browser = signed_in(people.owner)
    with CaptureQueriesContext(connection) as queries:
        answer = browser.post(address, form, follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert STOPPED + "It saves nothing: Coffee costs nothing itself. Give it a price, or give another product." in told
    with cpo_scope(people.here.cpo):
        assert coffee().price == 0
    said = [x["sql"] for x in queries]
    before = said[: next(place for place, sql in enumerate(said) if '"network_connector"' in sql)]
    opened, ended = (sum(sql.startswith(word) for sql in before) for word in ("SAVEPOINT", "RELEASE SAVEPOINT"))
    assert opened == ended > 0  # by then it is committed


def test_a_paused_offer_is_not_told_of(people: People) -> None:
    authoring.pause(give(people))
    assert call(people, "patch", {"price": "0.00"})[1]["warnings"] == []


#: What the offer lacks besides: what is done once it is published.
LACKS: dict[str, Any] = {
    "a station": lambda offer: Connector.objects.update(is_published=False),
    "a budget": lambda offer: Offer.objects.update(budget=Decimal(1), redemption_cap=Decimal(100)),
    "nothing": lambda offer: None,
}


@pytest.mark.parametrize("lack", LACKS.values(), ids=LACKS)
def test_what_the_product_has_no_part_in_is_not_told(people: People, lack: Any) -> None:
    offer = give(people)
    with cpo_scope(people.here.cpo):
        lack(offer)
    assert call(people, "patch", {"price": "59.00"})[1]["warnings"] == []


def test_the_want_of_another_product_is_not_told(people: People) -> None:
    with cpo_scope(people.here.cpo):
        cake = Product.objects.create(cpo=people.here.cpo, product_id="cake", name="Cake", price=Decimal(90))
    bought = {"benefit_kind": "buyXgetY", "item_unit": "PRODUCT", "qualifier_item_count": 2, "item_value": Decimal(0)}
    give(people, **bought, benefit_item_id="cake", item_ids=("coffee",))
    with cpo_scope(people.here.cpo):
        ProductStock.objects.create(product=cake, units=0)
    assert call(people, "patch", {"price": "59.00"})[1]["warnings"] == []
    nothing = (
        "No product that counts for it is sold at a station in its scope: sell one there, or choose other products."
    )
    assert call(people, "patch", {"is_published": False})[1]["warnings"] == [STOPPED + nothing]


def test_the_want_of_another_product_to_buy_is_not_told(people: People) -> None:
    with cpo_scope(people.here.cpo):
        tea = Product.objects.create(cpo=people.here.cpo, product_id="tea", name="Tea", price=Decimal(40))
    give(people, item_ids=("tea",))
    with cpo_scope(people.here.cpo):
        Product.objects.filter(pk=tea.pk).update(is_published=False)
    assert call(people, "patch", {"price": "59.00"})[1]["warnings"] == []


#: What a product of 60.00 with 5 units is sold as next, whether that is looked into, for an offer that gives 2 of it.
LOOKED = [
    pytest.param({"name": "Filter coffee", "short_desc": "Hot"}, False, id="its-name"),
    pytest.param({"price": "60.00", "stock": 5}, False, id="the-same-again"),
    pytest.param({"stock": 2}, False, id="still-enough-units"),
    pytest.param({"stock": 50}, False, id="more-units"),
    pytest.param({"stock": None}, False, id="not-counted"),
    pytest.param({"stock": 1}, True, id="too-few-units"),
    pytest.param({"price": "61.00"}, True, id="price"),
    pytest.param({"category": "drinks"}, True, id="category"),
    pytest.param({"is_published": False}, True, id="hidden"),
    pytest.param({"locations": ["LOCATION"]}, True, id="places"),
]


@pytest.mark.parametrize(("change", "looked"), LOOKED)
def test_only_what_may_stop_an_offer_is_looked_into(people: People, change: dict[str, Any], looked: bool) -> None:
    give(people, benefit_item_count=2)
    assert call(people, "patch", {"stock": 5})[0] == 200
    if "locations" in change:
        change = {"locations": [people.here.location.location_id]}
    with CaptureQueriesContext(connection) as queries:
        assert call(people, "patch", change)[0] == 200
    assert any('"network_connector"' in x["sql"] for x in queries) is looked


def reads(people: People) -> tuple[list[str], int]:
    """Return what is told of the coffee as it is sold now, and how many queries that takes."""
    with cpo_scope(people.here.cpo), CaptureQueriesContext(connection) as queries:
        told = effects_on_offers(coffee(), None)
    return told, len(queries)


def test_however_many_offers_need_it_connectors_are_read_once_and_three_are_named(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(people, "free-0", name="Free 0")
    with cpo_scope(people.here.cpo):
        Product.objects.update(price=Decimal(0))
    told, queries = reads(people)
    assert len(told) == 1
    with cpo_scope(people.here.cpo):
        Product.objects.update(price=Decimal(60))
    for number in range(1, 6):
        give(people, f"free-{number}", name=f"Free {number}")
    with cpo_scope(people.here.cpo):
        Product.objects.update(price=Decimal(0))
    nothing = "It saves nothing: Coffee costs nothing itself. Give it a price, or give another product."
    named = [f"The published offer “Free {x}” (free-{x}) is not given now. {nothing}" for x in range(3)]
    assert reads(people) == ([*named, "3 more published offers are not given now either."], queries)
    monkeypatch.setattr(products, "MOST_TRIED", 4)
    rest = "2 more published offers need the product and were not checked: look at their pages."
    assert reads(people)[0] == [*named, "1 more published offer is not given now either.", rest]
    monkeypatch.setattr(products, "MOST_TRIED", 5)
    rest = "1 more published offer needs the product and was not checked: its page says whether it is given."
    assert reads(people)[0] == [*named, "2 more published offers are not given now either.", rest]


def test_what_is_sold_the_same_way_is_not_looked_into(people: People) -> None:
    give(people)
    with cpo_scope(people.here.cpo):
        Product.objects.update(price=Decimal(0))
        assert effects_on_offers(coffee(), sold_as(coffee())) == []
        assert len(effects_on_offers(coffee(), None)) == 1
