"""Offers of every type as a buyer app reads them in DEG v1, and the item's price where a type has one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from beckn.presenting.parts import offer_view
from beckn.protocol.catalog_views import CatalogView, OfferValidationView, ProviderView
from beckn.protocol.deg_v1.render_catalog import render_on_search, write_item
from beckn.protocol.deg_v1.render_order import write_offers
from beckn.protocol.deg_v1.tags import write_group
from offers.engine.values import BenefitKind, ValueType
from offers.published import discounted_rate
from pricing.engine.money import Money
from tests.beckn.protocol import samples
from tests.beckn.protocol.schemas import complaints, ours
from tests.offers.engine.samples import offer, rupees_off
from tests.offers.engine.samples_types import EMI, beside, by_slabs, combo, off_the_fee, per_kwh, slab
from tests.offers.engine.test_giving import freebie, more


def published(terms):
    """Return an offer as a catalogue has it."""
    catalogue = CatalogView(
        name="Catalogue", providers=(ProviderView(id="cpo", name="CPO", offers=(offer_view(terms),)),)
    )
    (sent,) = render_on_search(catalogue)["catalog"]["providers"][0]["offers"]
    return sent


def said(offer):
    """Return the tag groups of an offer: [(code, [(tag, value)])]."""
    return [
        (group["descriptor"]["code"], [(tag["descriptor"]["code"], tag["value"]) for tag in group["list"]])
        for group in offer["tags"]
    ]


def details(*said):
    common = [("offer-type", "WEEKEND_SPECIAL"), ("auto", "yes")]
    return ("offer-details", [*said, *common])


CASES = [
    pytest.param(offer(), [details(("discount-type", "PERCENTAGE"), ("discount-value", "25"))], id="discount"),
    pytest.param(
        per_kwh("2"), [details(("discount-type", "AMOUNT_PER_KWH"), ("discount-value", "2.00"))], id="per-kwh"
    ),
    pytest.param(
        off_the_fee("50", value_cap=Decimal(4)),
        [
            details(("discount-type", "PERCENTAGE"), ("discount-value", "50"), ("max-discount", "4.00")),
            ("offer-benefit", [("type", "delivery")]),
        ],
        id="delivery",
    ),
    pytest.param(
        combo("coffee", "cake"),
        [
            details(("discount-type", "PERCENTAGE"), ("discount-value", "20"), ("max-discount", "500.00")),
            ("offer-benefit", [("type", "combo")]),
            ("offer-qualifier", [("item_id", "cake"), ("item_id", "coffee")]),
        ],
        id="combo",
    ),
    pytest.param(
        beside(kind=BenefitKind.EXCHANGE), [details(), ("offer-benefit", [("type", "exchange")])], id="exchange"
    ),
    pytest.param(
        replace(beside(), benefit=replace(beside().benefit, finance=(EMI,))),
        [
            details(),
            ("offer-benefit", [("type", "financing")]),
            (
                "offer-finance",
                [
                    ("provider", "Some Bank"),
                    ("method", "EMI"),
                    ("months", "6"),
                    ("annual_percent", "12"),
                    ("subvention_percent", "50"),
                ],
            ),
        ],
        id="financing",
    ),
    pytest.param(
        freebie(count=2, min_value="200"),
        [
            details(("min-session-value", "200.00")),
            ("offer-benefit", [("type", "freebie"), ("item_count", "2"), ("item_id", "coffee")]),
        ],
        id="freebie",
    ),
    pytest.param(
        more("KWH", 10, 2),
        [
            details(),
            (
                "offer-benefit",
                [("type", "buyXgetY"), ("item_count", "2"), ("item_value", "0.00"), ("item_unit", "KWH")],
            ),
            ("offer-qualifier", [("item_count", "10")]),
        ],
        id="more-kwh",
    ),
    pytest.param(
        more("PRODUCT", 3, 1, "15", item="cake"),
        [
            details(),
            (
                "offer-benefit",
                [
                    ("type", "buyXgetY"),
                    ("item_count", "1"),
                    ("item_id", "cake"),
                    ("item_value", "15.00"),
                    ("item_unit", "PRODUCT"),
                ],
            ),
            ("offer-qualifier", [("item_count", "3")]),
        ],
        id="another-product",
    ),
    pytest.param(
        by_slabs(slab(10, 19, cap="50"), slab(20, None, "30", "30", ValueType.AMOUNT)),
        [
            details(),
            ("offer-benefit", [("type", "slab")]),
            (
                "offer-slab",
                [
                    ("item_count", "10"),
                    ("item_count_upper", "19"),
                    ("value_type", "percent"),
                    ("value", "10"),
                    ("value_cap", "50.00"),
                ],
            ),
            (
                "offer-slab",
                [("item_count", "20"), ("value_type", "amount"), ("value", "30.00"), ("value_cap", "30.00")],
            ),
        ],
        id="slab",
    ),
]


@pytest.mark.parametrize(("terms", "groups"), CASES)
def test_a_published_offer_says_all_of_its_type(terms, groups):
    assert said(published(terms)) == groups
    assert complaints(ours("callbacks.json", "publishedOffer"), published(terms)) == []


@pytest.mark.parametrize(("terms", "groups"), CASES)
def test_an_order_says_of_its_offers_what_a_discounts_amount_does_not(terms, groups):
    validation = OfferValidationView(True, discount=Money(Decimal("0.00"), "INR"))
    [written] = write_offers([replace(offer_view(terms), validation=validation)])
    assert said(written)[:-1] == groups[1:]
    assert said(written)[-1][0] == "offer-validation"
    assert complaints(ours("callbacks.json", "orderOffer"), written) == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        pytest.param("offer-details", "Offer Details", id="hyphens"),
        pytest.param("annual_percent", "Annual Percent", id="underscores"),
        pytest.param("value", "Value", id="one-word"),
    ],
)
def test_a_tag_is_named_in_words_and_keeps_its_code(code, name):
    group = write_group(code, [(code, "1")])
    assert group == {
        "descriptor": {"code": code, "name": name},
        "list": [{"descriptor": {"code": code, "name": name}, "value": "1"}],
    }


@pytest.mark.parametrize(
    ("described", "terms_text", "long_desc"),
    [
        pytest.param("All weekend.", "Not for taxis.", "All weekend.\n\nTerms: Not for taxis.", id="both"),
        pytest.param("", "Not for taxis.", "Terms: Not for taxis.", id="terms-alone"),
        pytest.param("All weekend.", "", "All weekend.", id="none"),
        pytest.param("", "", None, id="neither"),
    ],
)
def test_the_terms_stand_behind_the_long_description(described, terms_text, long_desc):
    terms = replace(offer(), long_desc=described, terms_text=terms_text)
    validation = OfferValidationView(True, discount=Money(Decimal("0.00"), "INR"))
    [ordered] = write_offers([replace(offer_view(terms), validation=validation)])
    assert [x["descriptor"].get("long_desc") for x in (published(terms), ordered)] == [long_desc, long_desc]


@pytest.mark.parametrize("terms", [pytest.param(*case.values[:1], id=case.id) for case in CASES])
def test_the_schema_knows_what_a_published_offer_says(terms):
    catalogue = CatalogView(
        name="Catalogue", providers=(ProviderView(id="cpo", name="CPO", offers=(offer_view(terms),)),)
    )
    (sent,) = render_on_search(catalogue)["catalog"]["providers"][0]["offers"]
    assert complaints(ours("callbacks.json", "publishedOffer"), sent) == []


@pytest.mark.parametrize(
    ("terms", "rate"),
    [
        pytest.param(offer(), "13.50", id="a-percentage"),
        pytest.param(per_kwh("2"), "16.00", id="per-kwh"),
        pytest.param(per_kwh("18.01"), "0.00", id="never-below-nothing"),
        pytest.param(rupees_off("a", "5"), None, id="an-amount"),
        pytest.param(off_the_fee("50"), None, id="off-the-fee"),
        pytest.param(combo("coffee"), None, id="a-combination"),
        pytest.param(by_slabs(slab(1, None)), None, id="slabs"),
        pytest.param(beside(), None, id="financing"),
        pytest.param(freebie(), None, id="freebie"),
        pytest.param(more("KWH", 10, 2), None, id="more-kwh"),
    ],
)
def test_only_a_discount_in_percent_or_per_kwh_has_a_price_of_its_own(terms, rate):
    found = discounted_rate(terms, Decimal(18))
    assert found == (None if rate is None else Decimal(rate))


@pytest.mark.parametrize(
    ("basis", "rate", "told"),
    [
        pytest.param("PERCENT", "12.5", "12.5", id="percent"),
        pytest.param("PER_KWH", "1", "1.00", id="per-kwh"),
        pytest.param("PER_KWH", "0.125", "0.125", id="finer-than-the-currency"),
        pytest.param("FIXED", "30", "30.00", id="once"),
    ],
)
def test_a_surge_tells_its_rate_as_it_is(basis: str, rate: str, told: str) -> None:
    item = replace(samples.CHARGER, surcharges=(replace(samples.SURGE, basis=basis, rate=Decimal(rate)),))
    [_, group] = write_item(item)["tags"]
    assert {x["descriptor"]["code"]: x["value"] for x in group["list"]}["rate"] == told
    assert complaints(ours("callbacks.json", "surcharge"), group) == []
