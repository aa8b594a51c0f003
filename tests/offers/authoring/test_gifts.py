"""What offers give: each gift that cannot be is refused at its field, by form and database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product, ProductStock
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferVersion
from tests.offers.authoring.test_offer_admin import ADD, FORM
from tests.offers.authoring.typed import KWH, content
from tests.people import People, make_people, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        Product.objects.create(cpo=made.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
    return made


PAID = "A driver who pays for the product chooses it: switch “applied automatically” off, or give it at 0."
#: What cannot be given: the type, what it says, and the refusal at its field.
BAD_GIFTS = [
    pytest.param("freebie", {"benefit_item_count": 0}, "Give a number from 1 to 1000.", id="none"),
    pytest.param("freebie", {"benefit_item_count": 1001}, "Give a number from 1 to 1000.", id="too-many"),
    pytest.param(
        "freebie",
        {"benefit_item_id": "tea"},
        "You have no product “tea”: give the id of one of yours.",
        id="unknown-product",
    ),
    pytest.param(
        "freebie",
        {"benefit_item_id": "theirs"},
        "You have no product “theirs”: give the id of one of yours.",
        id="of-others",
    ),
    pytest.param(
        "freebie",
        {"benefit_item_id": "gone"},
        "“gone” is not sold: publish the product first, or choose another.",
        id="not-sold",
    ),
    pytest.param(
        "freebie",
        {"benefit_item_id": "last", "benefit_item_count": 3},
        "“last” is out of stock, 2 are left: raise its stock, or give fewer.",
        id="out-of-stock",
    ),
    pytest.param("buyXgetY", {"qualifier_item_count": 0}, "Give a number from 1 to 1000.", id="nothing-bought"),
    pytest.param(
        "buyXgetY", {"item_value": Decimal("-0.01")}, "A price cannot be negative: write 0 for nothing.", id="negative"
    ),
    pytest.param(
        "buyXgetY", {"item_value": Decimal("0.001")}, "Use a number with at most two decimals.", id="tenth-of-a-paisa"
    ),
    pytest.param("buyXgetY", {"item_value": Decimal(60)}, "“coffee” costs ₹60.00: give a lower price.", id="no-gain"),
    pytest.param("buyXgetY", {"item_unit": "MILES"}, "Choose KWH, SESSION or PRODUCT.", id="unknown-unit"),
    pytest.param(
        "buyXgetY",
        {**KWH, "qualifier_item_count": 2001},
        "Give a number of kWh from 1 to 2000.",
        id="more-kwh-than-a-session",
    ),
    pytest.param(
        "buyXgetY",
        {**KWH, "benefit_item_id": "coffee"},
        "Only products may be given as another item: leave the product empty.",
        id="coffee-for-kwh",
    ),
    pytest.param(
        "buyXgetY",
        {**KWH, "additive": True},
        "An offer of kWh or sessions stands alone: let it combine with no other.",
        id="additive-kwh",
    ),
    pytest.param("buyXgetY", {"auto": True}, PAID, id="automatic-at-a-price"),
    pytest.param("buyXgetY", {"benefit_item_id": "", "auto": True}, PAID, id="automatic-of-what-is-bought"),
]
#: The faults that stand at another field than the last that is said.
FIELDS_OF_FAULTS = {"“last” is out of stock, 2 are left: raise its stock, or give fewer.": "benefit_item_id"}


@pytest.mark.parametrize(("kind", "said", "sentence"), BAD_GIFTS)
def test_a_gift_that_cannot_be_is_refused_at_its_field(
    people: People, kind: str, said: dict[str, Any], sentence: str
) -> None:
    with cpo_scope(people.here.cpo):
        Product.objects.create(
            cpo=people.here.cpo, product_id="gone", name="Gone", price=Decimal(60), is_published=False
        )
        last = Product.objects.create(cpo=people.here.cpo, product_id="last", name="Last", price=Decimal(60))
        ProductStock.objects.create(product=last, units=5, reserved=3)
    with cpo_scope(people.there.cpo):
        Product.objects.create(cpo=people.there.cpo, product_id="theirs", name="Theirs", price=Decimal(60))
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content(kind, **said))
    assert refusal.value.message_dict == {FIELDS_OF_FAULTS.get(sentence, list(said)[-1]): [sentence]}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("units", "count", "left"),
    [
        pytest.param(0, 1, "none is left", id="none"),
        pytest.param(1, 1, "", id="the-last"),
        pytest.param(1, 2, "1 is left", id="one-too-few"),
        pytest.param(2, 3, "2 are left", id="two-of-three"),
    ],
)
def test_as_many_are_given_as_there_are(people: People, units: int, count: int, left: str) -> None:
    with cpo_scope(people.here.cpo):
        ProductStock.objects.create(product=Product.objects.get(), units=units + 3, reserved=3)
    given = content("freebie", benefit_item_count=count)
    if not left:
        authoring.create_offer(people.here.cpo, "typed", given)
        return
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", given)
    sentence = f"“coffee” is out of stock, {left}: raise its stock, or give fewer."
    assert refusal.value.message_dict == {"benefit_item_id": [sentence]}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        pytest.param({"qualifier_item_count": 0}, "offer_item_counts_in_range", id="nothing-bought"),
        pytest.param({"benefit_item_count": 0}, "offer_item_counts_in_range", id="nothing-given"),
        pytest.param({"item_value": Decimal("-0.01")}, "offer_item_value_not_negative", id="negative"),
        pytest.param({"item_unit": "KWH", "additive": False}, "offer_given_item_is_a_product", id="coffee-for-kwh"),
        pytest.param(
            {"item_unit": "SESSION", "benefit_item_id": "", "additive": True},
            "offer_given_session_stands_alone",
            id="additive-sessions",
        ),
        pytest.param({"auto": True}, "offer_paid_product_is_chosen", id="automatic-at-a-price"),
    ],
)
def test_the_database_refuses_a_gift_that_cannot_be(people: People, said: dict[str, Any], name: str) -> None:
    authoring.create_offer(people.here.cpo, "typed", content("buyXgetY"))
    with cpo_scope(people.here.cpo), pytest.raises(IntegrityError, match=name), transaction.atomic():
        OfferVersion.objects.update(**said)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"item_value": Decimal(0)}, id="free"),
        pytest.param({"item_unit": "KWH", "benefit_item_id": "", "additive": False}, id="kwh-at-a-price"),
    ],
)
def test_what_makes_no_bill_dearer_is_applied_automatically(people: People, said: dict[str, Any]) -> None:
    authoring.create_offer(people.here.cpo, "typed", content("buyXgetY", auto=True, **said))
    with cpo_scope(people.here.cpo):
        assert OfferVersion.objects.get().auto


@pytest.mark.parametrize("a_day", [None, 2])
def test_an_offer_of_sessions_is_published_with_one_use_a_day(people: People, a_day: int | None) -> None:
    said = content("buyXgetY", item_unit="SESSION", benefit_item_id="", additive=False)
    limits = OfferLimits(uses_per_customer_day=a_day)
    offer = authoring.create_offer(people.here.cpo, "typed", said, limits=limits)
    sentence = "An offer of sessions is given once a day to a customer: set it to 1."
    with pytest.raises(ValidationError) as refusal:
        authoring.publish(offer)
    assert refusal.value.message_dict == {"uses_per_customer_day": [sentence]}
    authoring.set_limits(offer, OfferLimits(uses_per_customer_day=1))
    authoring.publish(offer)
    with pytest.raises(ValidationError) as refusal:
        authoring.set_limits(offer, limits)
    assert refusal.value.message_dict == {"uses_per_customer_day": [sentence]}


GIFT = {
    "benefit_kind": "buyXgetY",
    "value": "",
    "value_cap": "",
    "item_unit": "PRODUCT",
    "qualifier_item_count": "2",
    "benefit_item_count": "1",
    "benefit_item_id": "coffee",
    "item_value": "15",
}


def test_the_form_refuses_a_product_at_a_price_that_nobody_chose(people: People) -> None:
    answer = signed_in(people.owner).post(ADD, FORM | {"_save": "1"} | GIFT)
    assert answer.context["adminform"].form.errors == {"auto": [PAID]}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


def test_the_form_writes_what_is_given(people: People) -> None:
    answer = signed_in(people.owner).post(ADD, FORM | {"_save": "1"} | GIFT | {"auto": ""})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.get()
    assert (version.benefit_kind, version.item_unit, version.benefit_item_id) == ("buyXgetY", "PRODUCT", "coffee")
    assert (version.qualifier_item_count, version.benefit_item_count, version.item_value) == (2, 1, Decimal("15.00"))
    assert (version.value, version.value_type, version.value_cap) == (None, "", None)
