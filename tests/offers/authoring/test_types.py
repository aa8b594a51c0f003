"""Each type of offer is held to its row of the matrix by authoring, the form, the API and the database alike."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

import offers
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product, ProductStock
from offers import authoring
from offers.authoring import OfferContent
from offers.engine.matrix import FIELDS, NEEDS, Need, fault
from offers.engine.values import BenefitKind, OfferLimits
from offers.mapping import offer_terms
from offers.models import Offer, OfferVersion
from tests.offers.authoring.test_offer_admin import ADD, FORM, checks, edit_form, page
from tests.people import WEEKEND, People, make_people, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        Product.objects.create(cpo=made.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
    return made


SLAB = {"item_count": 10, "item_count_upper": 19, "value": "10.00", "value_type": "percent", "value_cap": "50.00"}
LOAN = {
    "provider": "Some Bank",
    "method": "EMI",
    "months": 6,
    "annual_percent": "12.00",
    "subvention_percent": "50.00",
}
#: Something in every field of the matrix, as authoring takes it.
SAID: dict[str, Any] = {
    "min_value": Decimal("50.00"),
    "qualifier_item_ids": ("pe-charging-01",),
    "value": Decimal("25.00"),
    "value_type": "percent",
    "value_cap": Decimal("100.00"),
    "base": "ITEMS_AND_SURGE",
    "slabs": (SLAB,),
    "finance_terms": (LOAN,),
    "item_unit": "PRODUCT",
    "qualifier_item_count": 2,
    "benefit_item_count": 1,
    "benefit_item_id": "coffee",
    "item_value": Decimal("15.00"),
}
NOTHING: dict[str, Any] = {
    "min_value": None,
    "qualifier_item_ids": (),
    "value": None,
    "value_type": "",
    "value_cap": None,
    "base": "ITEMS",
    "slabs": (),
    "finance_terms": (),
    "item_unit": "",
    "qualifier_item_count": None,
    "benefit_item_count": None,
    "benefit_item_id": "",
    "item_value": None,
}
KINDS = [kind.value for kind in BenefitKind]
CELLS = [
    pytest.param(kind, field, id=f"{kind}-{field}") for kind in KINDS for field in FIELDS if NEEDS[BenefitKind(kind)]
]


def content(kind: str, **changes: Any) -> OfferContent:
    """Return an offer of this type that says all that it may, with changes."""
    needs = NEEDS[BenefitKind(kind)]
    said = {name: (NOTHING if needs[name] is Need.NOT_APPLICABLE else SAID)[name] for name in FIELDS}
    # A product that the driver pays for is chosen by the driver.
    return replace(WEEKEND, **{"benefit_kind": kind, "auto": kind != "buyXgetY", **said, **changes})


def twisted(kind: str, field: str) -> tuple[dict[str, Any], str]:
    """Return the field the other way round, and the sentence that refuses it; "" where either way is right."""
    given = NEEDS[BenefitKind(kind)][field] is Need.NOT_APPLICABLE
    return {field: (SAID if given else NOTHING)[field]}, fault(BenefitKind(kind), field, given=given)


@pytest.mark.parametrize("kind", KINDS)
def test_a_type_that_says_what_it_must_is_stored_and_read_back(people: People, kind: str) -> None:
    offer = authoring.create_offer(people.here.cpo, "typed", content(kind))
    authoring.publish(offer)
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.select_related("offer").get()
        assert authoring.content_of(version) == replace(content(kind), currency="INR")
        terms = offer_terms(version.offer, version)
    assert (terms.benefit.kind.value, terms.qualifier.min_value) == (kind, Decimal("50.00"))


@pytest.mark.parametrize(("kind", "field"), CELLS)
def test_authoring_holds_each_cell(people: People, kind: str, field: str) -> None:
    changes, sentence = twisted(kind, field)
    if not sentence:
        authoring.create_offer(people.here.cpo, "typed", content(kind, **changes))
        return
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content(kind, **changes))
    assert refusal.value.message_dict == {field: [sentence]}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(("kind", "field"), CELLS)
def test_the_database_holds_each_cell(people: People, kind: str, field: str) -> None:
    changes, sentence = twisted(kind, field)
    authoring.create_offer(people.here.cpo, "typed", content(kind))
    changes = {name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()}
    with cpo_scope(people.here.cpo):
        if not sentence:
            assert OfferVersion.objects.update(**changes) == 1
            return
        with pytest.raises(IntegrityError, match=f"offer_{field}_fits_its_type"), transaction.atomic():
            OfferVersion.objects.update(**changes)
        assert OfferVersion.objects.get().benefit_kind == kind


PARTS = [
    pytest.param(kind, field, row, name, id=f"{field}-{name}")
    for kind, field, row in (("slab", "slabs", SLAB), ("financing", "finance_terms", LOAN))
    for name in row
]


@pytest.mark.parametrize(("kind", "field", "row", "name"), PARTS)
def test_the_database_refuses_a_row_that_leaves_something_out(
    people: People, kind: str, field: str, row: dict[str, Any], name: str
) -> None:
    authoring.create_offer(people.here.cpo, "typed", content(kind))
    part = {key: value for key, value in row.items() if key != name}
    with cpo_scope(people.here.cpo):
        with pytest.raises(IntegrityError, match=f"offer_{field}_are_whole"), transaction.atomic():
            OfferVersion.objects.update(**{field: [row, part]})
        assert getattr(OfferVersion.objects.get(), field) == [row]


@pytest.mark.parametrize("kind", ["combo", "delivery"])
def test_only_a_discount_is_counted_per_kwh(people: People, kind: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content(kind, value_type="per_kwh"))
    assert refusal.value.message_dict["value_type"] == ["Only a discount is counted per kWh: choose percent or amount."]
    authoring.create_offer(people.here.cpo, "typed", content(kind))
    with cpo_scope(people.here.cpo), pytest.raises(IntegrityError, match="per_kwh"), transaction.atomic():
        OfferVersion.objects.update(value_type="per_kwh")


def slab(**changes: Any) -> dict[str, Any]:
    return SLAB | changes


BAD_SLABS = [
    pytest.param(
        (slab(), slab(item_count=19, item_count_upper=30)),
        "Slab 2 begins inside slab 1: let each kWh belong to one slab.",
        id="overlap-by-one-kwh",
    ),
    pytest.param(
        (slab(item_count=20, item_count_upper=None), slab(item_count=30, item_count_upper=40)),
        "Slab 2 begins inside slab 1: let each kWh belong to one slab.",
        id="above-an-open-one",
    ),
    pytest.param(
        (slab(item_count_upper=9),), "Slab 1: it ends below its beginning: give a higher end.", id="upside-down"
    ),
    pytest.param(
        (slab(item_count="9.5"),),
        "Slab 1: give whole kWh, such as from 10 to 19; an empty end is open.",
        id="half-a-kwh",
    ),
    pytest.param((slab(value="0"),), "Slab 1: give a percentage above 0.", id="nothing-off"),
    pytest.param(
        (slab(value="100.01"),), "Slab 1: a percentage is at most 100: lower it, or choose an amount.", id="over-100"
    ),
    pytest.param(
        (slab(value_cap=""),),
        "Slab 1: give the value and the most that it saves as numbers with at most two decimals.",
        id="no-cap",
    ),
    pytest.param(
        (slab(value_cap="0"),), "Slab 1: the cap is the most the driver saves: write a number above 0.", id="cap-of-0"
    ),
    pytest.param(
        (slab(value_type="amount", value="60"),), "Slab 1: the cap is below the amount: raise it.", id="cap-below"
    ),
    pytest.param(
        (slab(value_type="per_kwh"),), "Slab 1: it takes off percent or an amount: choose one of them.", id="per-kwh"
    ),
]


@pytest.mark.parametrize(("slabs", "sentence"), BAD_SLABS)
def test_a_slab_that_cannot_be_is_refused_with_its_number(people: People, slabs: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content("slab", slabs=slabs))
    assert refusal.value.message_dict["slabs"][0] == sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"provider": " "}, "Way 1: name who lends, in at most 100 characters.", id="nobody-lends"),
        pytest.param({"method": "CASH"}, "Way 1: choose EMI or PAY_LATER.", id="cash"),
        pytest.param({"months": 0}, "Way 1: give whole months from 1 to 120.", id="0-months"),
        pytest.param({"months": 121}, "Way 1: give whole months from 1 to 120.", id="121-months"),
        pytest.param(
            {"annual_percent": "100.01"},
            "Way 1: give the interest a year as a percentage from 0 to 100.",
            id="interest-over-100",
        ),
        pytest.param(
            {"subvention_percent": "-1"},
            "Way 1: give the share of the interest that you bear as a percentage from 0 to 100.",
            id="negative-share",
        ),
    ],
)
def test_a_way_to_pay_that_cannot_be_is_refused_with_its_number(
    people: People, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content("financing", finance_terms=(LOAN | changes,)))
    assert refusal.value.message_dict == {"finance_terms": [sentence]}


def test_the_form_writes_ways_to_pay(people: People) -> None:
    rows = {f"finance_terms-0-{name}": str(value) for name, value in LOAN.items()}
    # An empty share of the interest is none.
    rows["finance_terms-0-subvention_percent"] = ""
    changes = {"benefit_kind": "financing", "value": "", "value_cap": "", "_save": "1"}
    assert signed_in(people.owner).post(ADD, FORM | rows | changes).status_code == 302
    with cpo_scope(people.here.cpo):
        assert OfferVersion.objects.get().finance_terms == [LOAN | {"subvention_percent": "0.00"}]


def test_slabs_are_kept_by_rising_kwh_with_gaps(people: People) -> None:
    slabs = (slab(item_count=30, item_count_upper=None, value="20"), slab(item_count=5, item_count_upper=9), slab())
    authoring.create_offer(people.here.cpo, "typed", content("slab", slabs=slabs))
    with cpo_scope(people.here.cpo):
        stored = OfferVersion.objects.get().slabs
    assert [(x["item_count"], x["item_count_upper"], x["value"]) for x in stored] == [
        (5, 9, "10.00"),
        (10, 19, "10.00"),
        (30, None, "20.00"),
    ]


def test_the_items_of_a_combination_are_the_cpos_own(people: People) -> None:
    with cpo_scope(people.there.cpo):
        Product.objects.create(cpo=people.there.cpo, product_id="their-coffee", name="Coffee", price=Decimal(60))
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content("combo", qualifier_item_ids=("their-coffee",)))
    assert refusal.value.message_dict == {
        "qualifier_item_ids": ["You have no connector or product “their-coffee”: choose one of yours."]
    }


SLAB_ROWS = {f"slabs-0-{name}": str(value) for name, value in SLAB.items()}


def test_the_form_writes_slabs_and_drops_what_stood_there_for_another_type(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "weekend-25", WEEKEND)
    # The hidden fields of a browser still say what the discount said.
    answer = signed_in(people.owner).post(page(offer), edit_form(offer, benefit_kind="slab", **SLAB_ROWS, _save="1"))
    assert answer.status_code == 302
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.get()
    assert (version.benefit_kind, version.value, version.value_type, version.value_cap) == ("slab", None, "", None)
    assert version.slabs == [SLAB]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param(
            {"benefit_kind": "slab", "value": "", "value_cap": ""},
            "slabs",
            "Give at least one slab of whole kWh.",
            id="no-slab",
        ),
        pytest.param(
            {"benefit_kind": "slab", **SLAB_ROWS},
            "value",
            "An offer by slabs has no use for a value of its own: leave it empty.",
            id="a-value-was-typed",
        ),
        pytest.param(
            {**SLAB_ROWS},
            "slabs",
            "A discount has no use for slabs: leave it empty.",
            id="slabs-of-a-discount",
        ),
        pytest.param(
            {"benefit_kind": "combo"},
            "qualifier_item_ids",
            "Choose the items that must be in the session beside the offer's own.",
            id="a-combination-of-nothing",
        ),
        pytest.param(
            {"benefit_kind": "slab", "value": "", "value_cap": "", **SLAB_ROWS, "slabs-0-item_count": "ten"},
            "slabs",
            "Slab 1: give whole kWh, such as from 10 to 19; an empty end is open.",
            id="no-number",
        ),
    ],
)
def test_the_form_refuses_at_the_field(people: People, changes: dict[str, Any], field: str, sentence: str) -> None:
    answer = signed_in(people.owner).post(ADD, FORM | {"_save": "1"} | changes)
    assert answer.context["adminform"].form.errors[field] == [sentence]
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


def test_the_sheet_hides_exactly_what_a_type_has_no_use_for() -> None:
    sheet = (Path(offers.__file__).parent / "static/offers/types.css").read_text()
    hidden = [
        (kind.value, field) for kind, needs in NEEDS.items() for field in FIELDS if needs[field] is Need.NOT_APPLICABLE
    ]
    assert sheet.count(":not(.errors)") == len(hidden)
    for kind, field in hidden:
        assert f'form:has(#id_benefit_kind option[value="{kind}"]:checked) .field-{field}:not(.errors)' in sheet


def test_the_page_shows_the_author_where_the_price_jumps(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "bulk", content("slab"))
    text = signed_in(people.owner).get(checks(offer)).content.decode()
    assert "At ₹18.00/kWh, the price falls from ₹180.00 to ₹162.00 when the session reaches 10 kWh." in text
    assert "At ₹18.00/kWh, the price rises from ₹324.00 to ₹360.00 when the session reaches 20 kWh." in text


KWH = {"item_unit": "KWH", "benefit_item_id": ""}
PAID = "A driver who pays for the product chooses it: switch “applied automatically” off, or give it at 0."
#: What cannot be given: the type, what it says, and the refusal at its field.
BAD_GIFTS = [
    pytest.param("freebie", {"benefit_item_count": 0}, "Give a number from 1 to 1000.", id="none"),
    pytest.param("freebie", {"benefit_item_count": 1001}, "Give a number from 1 to 1000.", id="too-many"),
    pytest.param(
        "freebie", {"benefit_item_id": "tea"}, "You have no product “tea”: choose one of yours.", id="unknown-product"
    ),
    pytest.param(
        "freebie", {"benefit_item_id": "theirs"}, "You have no product “theirs”: choose one of yours.", id="of-others"
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
