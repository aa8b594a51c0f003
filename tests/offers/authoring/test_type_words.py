"""Each type of offer has its own labels and help in the form, and what it gives is called by its name."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

import offers
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Location, Product
from offers import authoring
from offers.engine.matrix import Need, kinds_with
from offers.engine.values import BenefitKind
from offers.type_words import BY_TYPE, label_of, said_of
from tests.offers.authoring.test_offer_admin import ADD, checks, page
from tests.offers.authoring.test_types import content
from tests.people import People, make_people, signed_in

pytestmark = pytest.mark.django_db
K = BenefitKind


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        Product.objects.create(cpo=made.here.cpo, product_id="p-77", name="Filter coffee", price=Decimal(60))
    return made


def spoken(html: str, kind: BenefitKind) -> str:
    """Return a label or a help as the style sheet shows it for a type."""
    parts = re.findall(r'<span class="offer-of ([^"]*)">([^<]*)</span>', html)
    return next((text for classes, text in parts if f"offer-of-{kind.value}" in classes.split()), "" if parts else html)


SAID = [
    ("benefit_item_count", K.FREEBIE, "How many are free", "Units of the product, given with one session."),
    ("benefit_item_count", K.BUY_X_GET_Y, "The driver gets", "So many more."),
    (
        "benefit_item_id",
        K.FREEBIE,
        "Free product",
        "Given at the locations that sell it. It is held in stock from the booking on.",
    ),
    (
        "benefit_item_id",
        K.BUY_X_GET_Y,
        "Of this product",
        "It is held in stock from the booking on. Where products are counted, empty gives more of what is bought.",
    ),
    ("value", K.DISCOUNT, "Value", "Per cent, or ₹ for an amount."),
    ("value", K.DELIVERY, "Value", "Per cent, or ₹ for an amount; never more than the fee."),
    ("value", K.COMBO, "Value", "Per cent, or ₹ for an amount, off the items of the combination together."),
    ("value_cap", K.COMBO, "At most", "In ₹; the most that the driver saves in one session."),
]


def test_the_form_says_a_field_as_its_type_does(people: People) -> None:
    fields = signed_in(people.owner).get(ADD).context["adminform"].form.fields
    for name, kind, label, help_text in SAID:
        assert (spoken(fields[name].label, kind), spoken(fields[name].help_text, kind)) == (label, help_text)


def test_every_type_that_has_a_field_says_what_it_is() -> None:
    missing = [
        (name, kind)
        for name in BY_TYPE
        for kind in kinds_with(name, Need.MANDATORY, Need.OPTIONAL)
        if said_of(name, kind) is None
    ]
    assert missing == []


def test_the_sheet_shows_what_is_said_of_the_chosen_type_alone() -> None:
    sheet = (Path(offers.__file__).parent / "static/offers/types.css").read_text()
    switched = sheet.partition("@supports selector(:has(*))")[2]
    shown = re.findall(r'form:has\(#id_benefit_kind option\[value="(\w+)"\]:checked\) \.offer-of-(\w+)', switched)
    worded = {kind.value for name in BY_TYPE for kind in kinds_with(name, Need.MANDATORY, Need.OPTIONAL)}
    assert sorted(shown) == sorted((kind, kind) for kind in worded)
    assert ".offer-of { display: none; }" in switched


def test_a_field_is_called_what_the_form_of_its_type_calls_it() -> None:
    assert label_of("benefit_item_id", "freebie") == "Free product"
    assert label_of("benefit_item_id", "buyXgetY") == "Of this product"
    assert label_of("qualifier_item_count", "buyXgetY") == "For every"
    assert label_of("name", "freebie") == "Name"


def test_an_offer_says_what_it_gives_by_name_wherever_staff_read_it(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "gift", content("freebie", benefit_item_id="p-77", min_value=None))
    owner = signed_in(people.owner)
    for address in (page(offer), "/admin/offers/offer/"):
        text = owner.get(address).content.decode()
        assert "1 × Filter coffee free" in text
        assert "× p-77" not in text
    authoring.publish(offer)
    text = owner.get("/admin/offers/offer/").content.decode()
    assert ("1 × Filter coffee free" in text, "× p-77" in text) == (True, False)


def test_the_checks_of_a_freebie_name_its_own_field_and_its_product(people: People) -> None:
    with cpo_scope(people.here.cpo):
        place = Location.objects.create(
            cpo=people.here.cpo, location_id="elsewhere", name="Elsewhere", latitude=Decimal(19), longitude=Decimal(73)
        )
        Product.objects.get(product_id="p-77").locations.set([place])
    offer = authoring.create_offer(people.here.cpo, "gift", content("freebie", benefit_item_id="p-77", min_value=None))
    answer = signed_in(people.owner).get(checks(offer))
    (finding,) = answer.context["findings"]
    assert (finding["field"], finding["sentence"], finding["outcome"]) == (
        "Free product",
        "“Filter coffee” is sold at no station in its scope: sell it at one of them, or give another product.",
        "What it gives, Filter coffee, is not sold at this location.",
    )


def test_a_freebie_without_a_number_is_asked_for_its_own(people: People) -> None:
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(
            people.here.cpo, "gift", content("freebie", benefit_item_count=None, benefit_item_id="p-77")
        )
    assert refusal.value.message_dict == {"benefit_item_count": ["Give how many units of the product are free."]}
