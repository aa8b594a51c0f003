"""Conditions on the session: said alike in the form and the API, refused alike, and refused by the database."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product, ProductStock
from offers import authoring
from offers.admin.pages import offer_page
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferVersion
from tests.offers.authoring.test_offer_admin import ADD, FORM
from tests.people import People, api_client, make_people, signed_in, weekend

pytestmark = pytest.mark.django_db

CONTENT = {"name": "Here", "value": "25", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2040-01-01T00:00:00Z"}
CONDITIONS: dict[str, Any] = {
    "min_energy_wh": 10_000,
    "max_energy_wh": 20_500,
    "nth_session": 1,
    "max_busy_percent": 30,
    "stock_product_id": "coffee",
    "stock_at_least": 5,
}
IN_FORM = CONDITIONS | {"min_energy_wh": "10", "max_energy_wh": "20.5"}


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        coffee = Product.objects.create(cpo=made.here.cpo, product_id="coffee", name="Coffee", price=Decimal(40))
        ProductStock.objects.create(product=coffee, units=20)
        Product.objects.create(cpo=made.here.cpo, product_id="wash", name="Car wash", price=Decimal(90))
    return made


def send(people: People, conditions: dict[str, Any]) -> Any:
    body = json.dumps({"offer_id": "here", "content": CONTENT | conditions})
    return api_client(people.here.cpo).post("/api/offers", body, content_type="application/json")


def test_the_api_reads_back_what_it_was_given(people: People) -> None:
    answer = send(people, CONDITIONS)
    assert answer.status_code == 201, answer.content
    assert {name: answer.json()["draft"]["content"][name] for name in CONDITIONS} == CONDITIONS


def test_the_form_saves_the_same(people: People) -> None:
    assert signed_in(people.owner).post(ADD, FORM | IN_FORM | {"_save": "1"}).status_code == 302
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.get()
    assert {name: getattr(version, name) for name in CONDITIONS} == CONDITIONS


BAD = [
    pytest.param(
        {"min_energy_wh": 20_001, "max_energy_wh": 20_000},
        "max_energy_wh",
        "The highest energy is below the lowest: swap them.",
        id="range-upside-down",
    ),
    pytest.param(
        {"nth_session": 0}, "nth_session", "Give the session's number, from 1 for the first to 1000.", id="session-0"
    ),
    pytest.param(
        {"max_busy_percent": 101}, "max_busy_percent", "Give a share of the chargers from 1 to 100 %.", id="101-percent"
    ),
    pytest.param(
        {"stock_product_id": "coffee"},
        "stock_at_least",
        "Choose a product, and how many must be in stock at least.",
        id="stock-without-a-number",
    ),
    pytest.param(
        {"stock_at_least": 5},
        "stock_product_id",
        "Choose a product, and how many must be in stock at least.",
        id="stock-without-a-product",
    ),
    pytest.param(
        {"stock_product_id": "coffee", "stock_at_least": 0},
        "stock_at_least",
        "Give a number from 1 to 1000000.",
        id="stock-of-0",
    ),
]


@pytest.mark.parametrize(("conditions", "field", "sentence"), BAD)
def test_form_and_api_refuse_at_the_field(
    people: People, conditions: dict[str, Any], field: str, sentence: str
) -> None:
    assert send(people, conditions).json()["error"]["fields"] == {"content": {field: [sentence]}}
    in_form = {name: value / 1000 if name.endswith("_wh") else value for name, value in conditions.items()}
    form = signed_in(people.owner).post(ADD, FORM | in_form | {"_save": "1"}).context["adminform"].form
    assert form.errors == {field: [sentence]}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


COUNTED = "An offer for one session of a customer is used once: set it to 1."


@pytest.mark.parametrize("uses", [pytest.param(None, id="no-limit"), pytest.param(2, id="two-uses")])
def test_an_offer_for_the_nth_session_is_published_with_one_use_per_customer_alone(
    people: People, uses: int | None
) -> None:
    first, api = {"nth_session": 1, "uses_per_customer": uses or ""}, api_client(people.here.cpo)
    form = signed_in(people.owner).post(ADD, FORM | first | {"_publish": "1"}).context["adminform"].form
    assert form.errors == {"uses_per_customer": [COUNTED]}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()
        authoring.create_offer(
            people.here.cpo, "here", weekend(nth_session=1), limits=OfferLimits(uses_per_customer=uses)
        )
    refused = api.post("/api/offers/here/publish", "{}", content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["fields"]) == (
        400,
        {"limits": {"uses_per_customer": [COUNTED]}},
    )
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == "DRAFT"


def test_a_published_offer_for_the_nth_session_keeps_its_one_use_per_customer(people: People) -> None:
    first = FORM | {"nth_session": 1, "uses_per_customer": 1}
    assert signed_in(people.owner).post(ADD, first | {"_publish": "1"}).status_code == 302
    with cpo_scope(people.here.cpo):
        offer = Offer.objects.get()
        assert offer.state == "APPROVED"
    sent = json.dumps({"limits": {"uses_per_customer": None}})
    answer = api_client(people.here.cpo).patch(f"/api/offers/{offer.offer_id}", sent, content_type="application/json")
    assert answer.json()["error"]["fields"] == {"limits": {"uses_per_customer": [COUNTED]}}
    page = f"/admin/offers/offer/{offer.pk}/change/"
    form = signed_in(people.owner).post(page, first | {"uses_per_customer": 3, "_save": "1"}).context["adminform"].form
    assert form.errors == {"uses_per_customer": [COUNTED]}
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().uses_per_customer == 1


@pytest.mark.parametrize("columns", [pytest.param({"min_energy_wh": 2, "max_energy_wh": 1}, id="range-upside-down")])
def test_the_database_refuses_it_too(people: People, columns: dict[str, Any]) -> None:
    with cpo_scope(people.here.cpo):
        authoring.create_offer(people.here.cpo, "here", weekend())
        with pytest.raises(IntegrityError), transaction.atomic():
            OfferVersion.objects.update(**columns)


@pytest.mark.parametrize(
    ("product", "sentence"),
    [
        ("tea", "You have no product “tea”: give the id of one of yours."),
        ("wash", "The stock of “wash” is not counted: set it at the product first."),
    ],
)
def test_a_stock_condition_needs_a_counted_product_of_ones_own(people: People, product: str, sentence: str) -> None:
    answer = send(people, {"stock_product_id": product, "stock_at_least": 5})
    assert answer.json()["error"]["fields"] == {"content": {"stock_product_id": [sentence]}}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


def test_the_page_says_what_a_draft_changes(people: People) -> None:
    offer = authoring.publish(authoring.create_offer(people.here.cpo, "here", weekend(max_energy_wh=5_000)))
    authoring.save_draft(offer, weekend(**CONDITIONS, blackout_dates=(date(2026, 12, 31),)))
    with cpo_scope(people.here.cpo):
        shown = offer_page(Offer.objects.get(), now=timezone.now(), with_facts=True)
    assert {x["label"]: (x["before"], x["after"]) for x in shown["changes"]} == {
        "From an energy of": ("–", "10 kWh"),
        "Up to an energy of": ("5 kWh", "20.5 kWh"),
        "Only this session of a customer": ("–", "1"),
        "While less than this much is busy": ("–", "30 %"),
        "While this product is in stock": ("–", "Coffee"),
        "With at least": ("–", "5 units"),
        "Blackout dates": ("–", "31 Dec 2026"),
    }
    assert ("Up to an energy of", "5 kWh") in shown["facts"]
