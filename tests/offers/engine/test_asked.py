"""What an offer asks is worked out once and stays with its terms; whatever it asks is looked at."""

from __future__ import annotations

import copy
import pickle
from dataclasses import fields, replace
from datetime import date, time
from decimal import Decimal

import pytest

from cpo_portal.charging.segments.rules import Segment
from offers.engine.asked import asked_of
from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.facts import Circle, Current, HolidayChoice, HolidayRule
from offers.engine.values import (
    Applicability,
    Benefit,
    BenefitKind,
    ItemUnit,
    OfferLimits,
    OfferTerms,
    Qualifier,
    ValueType,
)
from pricing.engine.values import WeeklyWindow
from tests.offers.engine.samples import offer

NOTHING_BUT_ITS_VALIDITY = offer(valid_from=None, valid_until=None, min_value="50.00")
ASKED = {
    "a location": ("where_and_when", {"location_ids": frozenset({"station-1"})}),
    "an item": ("where_and_when", {"item_ids": frozenset({"coffee"})}),
    "a category": ("where_and_when", {"categories": frozenset({"FOOD"})}),
    "a tag": ("where_and_when", {"location_tags": frozenset({"mall"})}),
    "a city": ("where_and_when", {"cities": frozenset({"Delhi"})}),
    "a state": ("where_and_when", {"states": frozenset({"DL"})}),
    "a circle": ("where_and_when", {"circle": Circle(Decimal(28), Decimal(77), Decimal(5))}),
    "a charger": ("where_and_when", {"charger_ids": frozenset({"c1"})}),
    "a connector's type": ("where_and_when", {"connector_types": frozenset({"CCS2"})}),
    "a current": ("where_and_when", {"currents": frozenset({Current.DC})}),
    "a least power": ("where_and_when", {"min_power_w": 1}),
    "a largest power": ("where_and_when", {"max_power_w": 1}),
    "a weekly window": (
        "where_and_when",
        {"weekly_windows": (WeeklyWindow(frozenset({6}), time(10), time(12)),)},
    ),
    "holidays": ("where_and_when", {"holidays": HolidayRule("in", "India", HolidayChoice.ONLY)}),
    "a blackout date": ("where_and_when", {"blackout_dates": frozenset({date(2026, 11, 8)})}),
    "to be chosen": ("to_choose", {"auto": False}),
    "a code": ("to_choose", {"requires_code": True}),
    "a segment": ("for_whom", {"segments": (Segment("s1", "Gold", ()),)}),
    "the customer's third session": ("for_whom", {"nth_session": 3}),
    "a quiet site": ("for_whom", {"max_busy_percent": 30}),
    "stock": ("for_whom", {"stock_product_id": "coffee", "stock_at_least": 1}),
    "uses": ("for_whom", {"total_uses": 1}),
    "a customer's uses": ("for_whom", {"uses_per_customer": 1}),
    "a customer's uses a day": ("for_whom", {"uses_per_customer_day": 1}),
    "a customer's uses a week": ("for_whom", {"uses_per_customer_week": 1}),
    "a customer's uses a month": ("for_whom", {"uses_per_customer_month": 1}),
    "a budget": ("for_whom", {"budget": Decimal(1)}),
    "a budget a day": ("for_whom", {"budget_per_day": Decimal(1)}),
}
#: Fields of an offer that ask for none of this, each with what looks at it instead.
NOT_ASKED = {
    "offer_id": "it names the offer",
    "version": "it names the offer",
    "name": "it is for people",
    "short_desc": "it is for people",
    "long_desc": "it is for people",
    "terms_text": "they are for people",
    "images": "they are for people",
    "campaign_kind": "it is for people",
    "display_code": "it is asked for where `requires_code` says so",
    "single_use": "it says how a code is checked where `requires_code` asks for one",
    "currency": "every cart is checked for it",
    "state": "every offer is checked for it",
    "priority": "it ranks what may be chosen",
    "additive": "the choice among the eligible ones looks at it",
    "exclusivity_group": "the choice among the eligible ones looks at it",
    "excludes": "the choice among the eligible ones looks at it",
    "applicability": "its fields have rows of their own",
    "qualifier": "its fields have rows of their own",
    "limits": "its fields have rows of their own",
    "benefit": "the module of its kind looks at it",
    "valid_from": "every offer is checked for it",
    "valid_until": "every offer is checked for it",
    "min_value": "it is asked of the cart, as `least`",
    "min_wh": "it is asked of the cart",
    "max_wh": "it is asked of the cart",
    "item_ids of the qualifier": "the module of its kind looks at them",
    "item_count": "the module of its kind looks at it, and at whose sessions they are",
    "redemption_cap": "it cuts what is given",
    "give_use_back": "reversals look at it",
    "shared_in_groups": "it says whose uses count where those of a customer are limited",
}
FLAGS = ("where_and_when", "to_choose", "for_whom")


@pytest.mark.parametrize(("flag", "said"), ASKED.values(), ids=ASKED.keys())
def test_an_offer_that_asks_for_it_is_asked_that_and_nothing_else(flag, said):
    assert {x: getattr(asked_of(offer(**said)), x) for x in FLAGS} == {x: x == flag for x in FLAGS}


def test_every_field_of_an_offer_is_asked_for_or_says_what_looks_at_it():
    # The two conditions of one name: that of the applicability has a row.
    called = {(Qualifier, "item_ids"): "item_ids of the qualifier"}
    known = [
        called.get((kind, x.name), x.name)
        for kind in (OfferTerms, Applicability, Qualifier, OfferLimits)
        for x in fields(kind)
    ]
    assert sorted(known) == sorted([*{x for _, said in ASKED.values() for x in said}, *NOT_ASKED])


def test_an_offer_that_asks_for_a_value_alone_is_asked_nothing_else():
    asked = asked_of(NOTHING_BUT_ITS_VALIDITY)
    assert [getattr(asked, x) for x in FLAGS] == [False, False, False]
    assert (asked.least, asked.beside) == ("50.00", False)


def test_sessions_that_are_counted_are_asked_of_the_customer():
    fifth = Benefit(BenefitKind.BUY_X_GET_Y, ValueType.AMOUNT, Decimal(0), item_count=1, item_unit=ItemUnit.SESSION)
    assert asked_of(replace(offer(), benefit=fifth)).for_whom is True


def test_financing_stands_beside_the_order():
    financing = Benefit(BenefitKind.FINANCING, ValueType.PERCENT, Decimal(0))
    assert asked_of(replace(offer(), benefit=financing)).beside is True


def test_it_is_worked_out_once_and_anew_for_another_version():
    terms = offer()
    assert asked_of(terms) is asked_of(terms)
    assert asked_of(replace(terms, auto=False)).to_choose is True
    assert asked_of(terms).to_choose is False


COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda x: pickle.loads(pickle.dumps(x))}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES.keys())
def test_the_terms_are_what_they_were(copied):
    fresh, terms = offer(min_value="50"), offer(min_value="50")
    asked_of(terms)
    assert (terms, hash(terms), repr(terms)) == (fresh, hash(fresh), repr(fresh))
    assert offer_to_json(terms) == offer_to_json(fresh)
    again = copied(terms)
    assert again == fresh
    assert asked_of(again) == asked_of(terms) == asked_of(offer_from_json(offer_to_json(terms)))
