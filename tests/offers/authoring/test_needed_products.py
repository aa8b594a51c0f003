"""A product that a published offer needs is not deleted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product, ProductStock
from cpo_portal.network.usage import Needed, lock_for_delete, refuse_used
from offers import authoring
from offers.models import Offer
from offers.products import offers_needing, why_kept
from tests.offers.authoring.test_races import at_once
from tests.people import People, api_client, make_people, signed_in, weekend

pytestmark = pytest.mark.django_db

FREE: dict[str, Any] = {
    "benefit_kind": "freebie",
    "value_type": "",
    "value": None,
    "value_cap": None,
    "benefit_item_id": "coffee",
    "benefit_item_count": 1,
    "weekly_windows": (),
    "min_value": None,
    "display_code": "",
    "name": "Free coffee",
}
KEPT = (
    "“Coffee” cannot be deleted: the published offer “Free coffee” (free-coffee) needs it. Publish it without the "
    "product or end it, then delete the product."
)


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        Product.objects.create(cpo=made.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
    return made


def coffee() -> Product:
    return Product.objects.get(product_id="coffee")


def give(people: People, offer_id: str = "free-coffee", **changes: Any) -> Offer:
    return authoring.publish(authoring.create_offer(people.here.cpo, offer_id, weekend(**{**FREE, **changes})))


def delete_by_form(people: People) -> list[str]:
    with cpo_scope(people.here.cpo):
        address = f"/admin/network/product/{coffee().pk}/delete/"
    answer = signed_in(people.owner).post(address, {"post": "yes"}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def call(people: People, method: str, body: Any = None) -> Any:
    client = api_client(people.here.cpo)
    sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    answer = getattr(client, method)("/api/products/coffee", **sent)
    return answer.status_code, answer.json() if answer.content else None


def test_a_product_that_a_published_offer_gives_is_deleted_by_nobody(people: People) -> None:
    give(people)
    assert delete_by_form(people) == [KEPT]
    assert call(people, "delete") == (409, {"error": {"code": "in_use", "message": KEPT}})
    with cpo_scope(people.here.cpo):
        assert coffee().price == Decimal(60)


#: What needs the product: the version's content.
NEEDING: dict[str, dict[str, Any]] = {
    "given": {},
    "given for what is bought": {
        "benefit_kind": "buyXgetY",
        "item_unit": "PRODUCT",
        "qualifier_item_count": 2,
        "benefit_item_id": "",
        "item_value": Decimal(0),
        "item_ids": ("coffee",),
    },
    "bought together": {
        "benefit_kind": "combo",
        "benefit_item_id": "",
        "benefit_item_count": None,
        "qualifier_item_ids": ("coffee",),
        "value": Decimal(10),
        "value_type": "percent",
        "value_cap": Decimal(50),
    },
    "counted": {
        "benefit_kind": "discount",
        "benefit_item_id": "",
        "benefit_item_count": None,
        "value": Decimal(10),
        "value_type": "percent",
        "value_cap": Decimal(50),
        "stock_product_id": "coffee",
        "stock_at_least": 5,
    },
}


@pytest.mark.parametrize("said", NEEDING.values(), ids=NEEDING)
def test_every_way_to_need_a_product_keeps_it(people: People, said: dict[str, Any]) -> None:
    with cpo_scope(people.here.cpo):
        ProductStock.objects.create(product=coffee(), units=9)
    give(people, **said)
    with cpo_scope(people.here.cpo), pytest.raises(Needed) as refused:
        refuse_used(coffee())
    assert str(refused.value) == KEPT


def _with_draft(offer: Offer, content: Any) -> Offer:
    authoring.save_draft(offer, content)
    return offer


#: What is not given, or not without another check: what was done to the offer.
FREE_TO_GO: dict[str, Any] = {
    "a draft": lambda people: authoring.create_offer(people.here.cpo, "free-coffee", weekend(**FREE)),
    "ended": lambda people: authoring.end(give(people)),
    "withdrawn": lambda people: authoring.withdraw(give(people)),
    "archived": lambda people: authoring.archive(authoring.end(give(people))),
    "published without it": lambda people: authoring.publish(_with_draft(give(people), weekend(weekly_windows=()))),
}


@pytest.mark.parametrize("make", FREE_TO_GO.values(), ids=FREE_TO_GO)
def test_a_product_that_is_not_given_goes(people: People, make: Any) -> None:
    make(people)
    assert call(people, "delete") == (204, None)
    with cpo_scope(people.here.cpo):
        assert not Product.objects.exists()


def test_a_paused_and_a_future_offer_keep_it_and_one_that_is_over_does_not(people: People) -> None:
    authoring.pause(give(people, "a-paused", name="Paused"))
    give(people, "b-planned", name="Planned", valid_from=datetime(2039, 1, 1, tzinfo=UTC))
    give(people, "c-over", name="Over", valid_until=datetime(2030, 1, 1, tzinfo=UTC))
    needing = {2029: ["a-paused", "b-planned", "c-over"], 2030: ["a-paused", "b-planned"], 2040: []}
    with cpo_scope(people.here.cpo):
        found = {
            year: [x.offer_id for x in offers_needing(coffee(), datetime(year, 1, 1, tzinfo=UTC))] for year in needing
        }
    assert found == needing


def test_of_many_offers_three_are_named(people: People) -> None:
    for number in range(5):
        give(people, f"free-{number}", name=f"Free {number}")
    with cpo_scope(people.here.cpo):
        assert why_kept(coffee()) == (
            "“Coffee” cannot be deleted: the published offers “Free 0” (free-0), “Free 1” (free-1), “Free 2” (free-2) "
            "and 2 more need it. Publish them without the product or end them, then delete the product."
        )


def test_a_product_of_another_cpo_is_not_kept_by_it(people: People) -> None:
    give(people)
    with cpo_scope(people.there.cpo):
        theirs = Product.objects.create(cpo=people.there.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
        assert why_kept(theirs) == ""


#: Each way in which an offer names a product, and the refusal where it has gone.
NAMING = [
    pytest.param(FREE, "You have no product “coffee”: give the id of one of yours.", id="given"),
    pytest.param(
        {"stock_product_id": "coffee", "stock_at_least": 1},
        "You have no product “coffee”: give the id of one of yours.",
        id="in-stock",
    ),
    pytest.param(
        {"item_ids": ("coffee",)},
        "You have no connector or product “coffee”: give the id of one of yours.",
        id="for-it-alone",
    ),
    pytest.param(
        {"benefit_kind": "combo", "qualifier_item_ids": ("coffee", "connector-01")},
        "You have no connector or product “coffee”: give the id of one of yours.",
        id="in-combination",
    ),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("named", "gone"), NAMING)
def test_an_offer_published_while_its_product_is_deleted_wins_or_is_refused(named: dict[str, Any], gone: str) -> None:
    people = make_people()
    with cpo_scope(people.here.cpo):
        product = Product.objects.create(cpo=people.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
        ProductStock.objects.create(product=product, units=9)
        item_id = people.here.connector.item_id
    said = {
        name: tuple(item_id if x == "connector-01" else x for x in value) if name == "qualifier_item_ids" else value
        for name, value in named.items()
    }
    offer = authoring.create_offer(people.here.cpo, "free-coffee", weekend(**{"name": "Free coffee", **said}))

    def delete() -> None:
        with cpo_scope(people.here.cpo), transaction.atomic():
            row = coffee()
            lock_for_delete(row)
            try:
                refuse_used(row)
            except Needed as refusal:
                raise ValidationError(refusal.message) from refusal
            row.delete()

    answers = at_once(lambda: authoring.publish(offer), delete)
    with cpo_scope(people.here.cpo):
        is_there, is_live = Product.objects.exists(), Offer.objects.filter(state="APPROVED").exists()
    assert (answers, is_there, is_live) in [
        (sorted([KEPT, "done"]), True, True),
        (sorted([gone, "done"]), False, False),
    ]
