"""Offers in plain words, and as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cpo_portal.charging.segments.rules import Segment
from offers.engine.benefits.financing import term_words
from offers.engine.codec import offer_from_json, offer_hash, offer_to_json, trace_from_json, trace_to_json
from offers.engine.describe import benefit_in_words, customers_in_words, summary, way_in
from offers.engine.values import DiscountBase, FinanceMethod, FinanceTerm
from tests.offers.engine.samples import WEEKEND, offer, quoted, rupees_off
from tests.offers.engine.samples_types import combo, loan
from tests.pricing.engine.samples import kwh

FULL = offer(
    value_cap=Decimal(100),
    min_value="50",
    location_ids=frozenset({"a", "b", "c"}),
    weekly_windows=WEEKEND,
    valid_from=datetime(2026, 10, 31, 18, 30, tzinfo=UTC),
    valid_until=datetime(2026, 11, 30, 18, 30, tzinfo=UTC),
    total_uses=1000,
    uses_per_customer=2,
    budget=Decimal(184320),
    redemption_cap=Decimal(150),
)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        pytest.param(offer(), "25 % off energy and add-ons", id="percent"),
        pytest.param(offer(value="12.50"), "12.5 % off energy and add-ons", id="half-percent"),
        pytest.param(FULL, "25 % off energy and add-ons, at most ₹100.00, from ₹50.00", id="capped-from"),
        pytest.param(rupees_off("a", "184320"), "₹1,84,320.00 off energy and add-ons", id="an-amount-in-indian-digits"),
        pytest.param(
            offer(base=DiscountBase.ITEMS_AND_SURGE), "25 % off energy, add-ons and surge", id="with-the-surge"
        ),
        pytest.param(offer(item_ids=frozenset({"x"})), "25 % off the item that it is for", id="an-item"),
        pytest.param(offer(item_ids=frozenset({"x", "y"})), "25 % off the 2 items that it is for", id="two-items"),
        pytest.param(offer(categories=frozenset({"tea", "cake"})), "25 % off cake and tea", id="categories"),
        pytest.param(
            offer(redemption_cap=Decimal(80)), "25 % off energy and add-ons, at most ₹80.00", id="redemption-cap"
        ),
    ],
)
def test_a_benefit_in_words(terms, words):
    assert benefit_in_words(terms) == words


def test_a_whole_offer_in_one_sentence():
    assert summary(FULL, "Asia/Kolkata") == (
        "Takes 25 % off energy and add-ons, at most ₹100.00, from ₹50.00, at 3 locations, "
        "Saturdays and Sundays all day, from 1 Nov 2026 00:00 IST until 1 Dec 2026 00:00 IST; "
        "applied automatically; combines with no other offer; "
        "at most 1,000 uses in all; 2 per customer; a budget of ₹1,84,320.00."
    )


@pytest.mark.parametrize(
    ("terms", "end"),
    [
        pytest.param(
            offer(auto=False), "applied when the driver chooses it; combines with no other offer.", id="opt-in"
        ),
        pytest.param(
            offer(requires_code=True, display_code="W25", additive=True),
            "applied with the code W25; combines with other offers.",
            id="code",
        ),
        pytest.param(
            offer(item_ids=frozenset({"x"}), categories=frozenset({"FOOD"})),
            "at every location, for 1 item, in FOOD; applied automatically; combines with no other offer.",
            id="scope",
        ),
        pytest.param(
            offer(additive=True, exclusivity_group="night"),
            "combines with other offers, but no other of the group night.",
            id="group",
        ),
        pytest.param(
            offer(additive=True, exclusivity_group="night", excludes=frozenset({"b", "a", "c"})),
            "combines with other offers, but no other of the group night and not a, b and c.",
            id="exclusions",
        ),
        pytest.param(
            offer(exclusivity_group="night", excludes=frozenset({"b"})), "combines with no other offer.", id="alone"
        ),
    ],
)
def test_conditions_end_the_sentence(terms, end):
    assert summary(terms, "Asia/Kolkata").endswith(end)


@pytest.mark.parametrize(
    ("term", "words"),
    [
        pytest.param(("EMI", 1, "0", "0"), "1 monthly instalment without interest by Bank", id="one-instalment"),
        pytest.param(("EMI", 2, "9.50", "0"), "2 monthly instalments at 9.5 % a year by Bank", id="instalments"),
        pytest.param(
            ("EMI", 6, "12", "2.50"),
            "6 monthly instalments at 12 % a year by Bank, 2.5 % of the interest borne by the seller",
            id="subvention",
        ),
        pytest.param(("PAY_LATER", 1, "0", "0"), "payment after 1 month without interest by Bank", id="in-a-month"),
        pytest.param(("PAY_LATER", 3, "0", "0"), "payment after 3 months without interest by Bank", id="later"),
    ],
)
def test_a_term_of_financing_in_words(term, words):
    method, months, interest, borne = term
    assert term_words(FinanceTerm("Bank", FinanceMethod(method), months, Decimal(interest), Decimal(borne))) == words


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param({}, "applied automatically", id="automatic"),
        pytest.param({"auto": False}, "applied when the driver chooses it", id="chosen"),
        pytest.param({"requires_code": True, "display_code": "W25"}, "applied with the code W25", id="a-code-for-all"),
        pytest.param(
            {"requires_code": True, "single_use": True},
            "applied with a code of the driver's own, once",
            id="a-code-of-ones-own",
        ),
    ],
)
def test_how_to_get_it(said, words):
    assert way_in(offer(**said)) == words


@pytest.mark.parametrize(
    ("names", "words"),
    [
        pytest.param((), "2 items", id="not-known"),
        pytest.param(("Coffee",), "Coffee", id="one"),
        pytest.param(("Cake", "Coffee"), "Cake and Coffee", id="two"),
        pytest.param(("Cake", "Coffee", "Tea"), "Cake, Coffee and Tea", id="three"),
    ],
)
def test_a_combination_is_with_its_items_by_name_where_they_are_known(names, words):
    benefit = f"20 % off in combination with {words}, at most ₹500.00"
    assert benefit_in_words(combo("cake", "coffee"), names) == benefit
    assert summary(combo("cake", "coffee"), "Asia/Kolkata", names).startswith(f"Takes {benefit}, at every location;")


@pytest.mark.parametrize(("uses", "words"), [(1, "at most 1 use in all"), (2, "at most 2 uses in all")])
def test_uses_in_all_are_counted(uses, words):
    assert summary(offer(total_uses=uses), "Asia/Kolkata").endswith(f"; {words}.")


def test_counts_of_uses_are_grouped_as_amounts_are():
    terms = offer(total_uses=100_000, uses_per_customer=200_000, uses_per_customer_day=300_000)
    assert summary(terms, "Asia/Kolkata").endswith(
        "; at most 1,00,000 uses in all; 2,00,000 per customer; 3,00,000 per customer and day."
    )


def test_instants_are_those_of_the_zone_asked_for():
    assert "from 31 Oct 2026 22:30 +04 until 30 Nov 2026 22:30 +04" in summary(FULL, "Asia/Dubai")


def test_what_leaves_the_price_alone_is_offered():
    assert summary(loan(), "Asia/Kolkata").startswith("Offers 6 monthly instalments at 12 % a year by Some Bank")


def test_customers_are_of_one_of_the_segments():
    segments = tuple(Segment(x, x, ()) for x in ("Gold", "Silver", "New"))
    assert customers_in_words(offer(segments=segments)) == ["for customers of segment Gold, Silver or New"]


def test_an_offer_survives_json():
    assert offer_from_json(json.loads(json.dumps(offer_to_json(FULL)))) == FULL
    assert offer_hash(offer(value="25.00")) == offer_hash(offer(value="25")) != offer_hash(offer(value="26"))


def test_a_trace_survives_json():
    trace = quoted(kwh("5"), offer("a", min_value="50"), offer("b", "20"), opted_in=frozenset({"x"})).trace
    again = trace_from_json(json.loads(json.dumps(trace_to_json(trace))))
    assert again == trace
    assert str(again.difference) == "4.50 INR"
