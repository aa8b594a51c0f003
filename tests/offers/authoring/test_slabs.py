"""Slabs and ways to pay: their normal form, and each that cannot be by its number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product
from offers import authoring
from offers.models import OfferVersion
from tests.offers.authoring.test_offer_admin import ADD, FORM
from tests.offers.authoring.typed import LOAN, content, slab
from tests.people import People, make_people, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        Product.objects.create(cpo=made.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
    return made


@pytest.mark.parametrize("kind", ["combo", "delivery"])
def test_only_a_discount_is_counted_per_kwh(people: People, kind: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content(kind, value_type="per_kwh"))
    assert refusal.value.message_dict["value_type"] == ["Only a discount is counted per kWh: choose percent or amount."]
    authoring.create_offer(people.here.cpo, "typed", content(kind))
    with cpo_scope(people.here.cpo), pytest.raises(IntegrityError, match="per_kwh"), transaction.atomic():
        OfferVersion.objects.update(value_type="per_kwh")


BAD_SLABS = [
    pytest.param(
        (slab(), slab(item_count=19, item_count_upper=30)),
        "Slab 2 begins inside slab 1, which goes on to 19 kWh: end slab 1 at 18, or begin slab 2 at 20.",
        id="overlap-by-one-kwh",
    ),
    pytest.param(
        (slab(item_count=20, item_count_upper=40), slab(item_count=40, item_count_upper=None)),
        "Slab 2 begins inside slab 1, which goes on to 40 kWh: end slab 1 at 39, or begin slab 2 at 41.",
        id="the-last-kwh-below-an-open-one",
    ),
    pytest.param(
        (slab(item_count=40, item_count_upper=None), slab(item_count=20, item_count_upper=40)),
        "Slab 1 begins inside slab 2, which goes on to 40 kWh: end slab 2 at 39, or begin slab 1 at 41.",
        id="in-another-order",
    ),
    pytest.param(
        (slab(item_count=20, item_count_upper=40), slab(item_count=25, item_count_upper=40)),
        "Slab 2 begins inside slab 1, which goes on to 40 kWh: end slab 1 at 24.",
        id="within-another",
    ),
    pytest.param(
        (slab(), slab()), "Slab 2 begins inside slab 1: let each kWh belong to one slab.", id="the-same-twice"
    ),
    pytest.param(
        (slab(item_count=20, item_count_upper=None), slab(item_count=30, item_count_upper=40)),
        "Slab 2 begins inside slab 1, which has no end: end slab 1 at 29.",
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
        "Slab 1: give the most that it saves, “at most”, as a number with at most two decimals.",
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
        pytest.param(
            {"provider": "\u202eBank"},
            "Way 1: the name of who lends holds a sign that nobody sees: type it anew.",
            id="turned-round",
        ),
        pytest.param(
            {"provider": "\u3164"},
            "Way 1: the name of who lends holds a sign that nobody sees: type it anew.",
            id="a-filler",
        ),
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


def test_an_end_that_is_an_empty_text_is_open(people: People) -> None:
    said = content("slab", slabs=(slab(item_count_upper=""),))
    offer = authoring.create_offer(people.here.cpo, "typed", said)
    with cpo_scope(people.here.cpo):
        assert [row["item_count_upper"] for row in OfferVersion.objects.get(offer=offer).slabs] == [None]


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
