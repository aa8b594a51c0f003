"""Offers limited by tags, cities, states, a circle, a charger, a kind of connector or a band of power."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.book import OfferBook
from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.describe import summary
from offers.engine.evaluate import evaluate_offer
from offers.engine.facts import Circle, Current, PlaceFacts
from offers.engine.places import distance_km, is_placed
from offers.engine.values import Outcome
from offers.reasons.traces import check_in_words
from tests.offers.engine.samples import cart, context, offer

HERE = PlaceFacts(
    tags=frozenset({"highway", "New-Station"}),
    areas=frozenset({"New Delhi", "std:011"}),
    state="Delhi",
    latitude=Decimal("28.631451"),
    longitude=Decimal("77.216667"),
    charger_id="EVSE-1",
    connector_type="CCS2",
    current=Current.DC,
    max_power_w=60_000,
)
#: India Gate, 2.413 km from the station by the haversine formula.
GATE = (Decimal("28.612912"), Decimal("77.229510"))
AWAY = Decimal("2.413")
#: A thousandth of a degree north of the station.
NEAR = (Decimal("28.632451"), Decimal("77.216667"))


def names(*found):
    return frozenset(found)


# limits, whether they hold here, the code where they do not, and its margin
LIMITS = [
    pytest.param({"location_tags": names("highway", "x")}, None, "", id="one-of-the-tags"),
    pytest.param({"location_tags": names("new-station")}, None, "", id="a-tag-in-other-letters"),
    pytest.param({"location_tags": names("urban")}, "LOCATION_TAG", "", id="another-tag"),
    pytest.param({"cities": names("new delhi")}, None, "", id="the-city"),
    pytest.param({"cities": names("STD:011")}, None, "", id="the-code-of-the-city"),
    pytest.param({"cities": names("Delhi")}, "AREA", "", id="half-the-name-of-the-city"),
    pytest.param({"states": names("delhi", "Goa")}, None, "", id="one-of-the-states"),
    pytest.param({"states": names("Goa")}, "AREA", "", id="another-state"),
    pytest.param({"circle": Circle(*GATE, Decimal("2.413"))}, None, "", id="on-the-edge-of-the-circle"),
    pytest.param(
        {"circle": Circle(*NEAR, Decimal("0.111"))}, None, "", id="on-an-edge-that-no-binary-number-is-equal-to"
    ),
    pytest.param(
        {"circle": Circle(*GATE, Decimal("2.412"))}, "DISTANCE", "0.001 km too far", id="a-metre-outside-the-circle"
    ),
    pytest.param({"charger_ids": names("EVSE-1", "EVSE-2")}, None, "", id="one-of-the-chargers"),
    pytest.param({"charger_ids": names("EVSE-2")}, "CHARGER", "", id="another-charger"),
    pytest.param({"connector_types": names("CCS2")}, None, "", id="the-connector-type"),
    pytest.param({"connector_types": names("TYPE2")}, "CONNECTOR_CLASS", "", id="another-connector-type"),
    pytest.param({"currents": names(Current.DC)}, None, "", id="dc"),
    pytest.param({"currents": names(Current.AC)}, "CONNECTOR_CLASS", "", id="ac"),
    pytest.param({"min_power_w": 60_000}, None, "", id="the-least-power"),
    pytest.param({"min_power_w": 60_001}, "POWER", "0.001 kW too weak", id="a-watt-too-weak"),
    pytest.param({"max_power_w": 60_000}, None, "", id="the-most-power"),
    pytest.param({"max_power_w": 59_999}, "POWER", "0.001 kW too strong", id="a-watt-too-strong"),
    pytest.param({"min_power_w": 50_000, "max_power_w": 150_000}, None, "", id="inside-the-band"),
    pytest.param(
        {"location_tags": names("highway"), "states": names("Goa")}, "AREA", "", id="attributes-must-all-hold"
    ),
]


@pytest.mark.parametrize(("limits", "code", "margin"), LIMITS)
def test_a_limit_of_place(limits, code, margin):
    found = evaluate_offer(offer(**limits), cart(), context(place=HERE))
    expected = Outcome.ELIGIBLE_NOT_CHOSEN if code is None else Outcome.INELIGIBLE
    assert found.outcome is expected
    assert (found.reason and found.reason.code.value) == code
    assert (found.reason.margin if found.reason else "") == margin


@pytest.mark.parametrize(("limits", "code", "margin"), LIMITS)
def test_the_book_leaves_out_what_does_not_apply_here_and_nothing_else(limits, code, margin):
    everywhere, here = offer("everywhere"), offer("here", **limits)
    book = OfferBook.compile([everywhere, here], revision=1)
    found = [x.offer_id for x in book.candidates("station-1", "connector-1", "EV_CHARGING", place=HERE)]
    assert found == (["everywhere", "here"] if code is None else ["everywhere"])
    assert is_placed(here.applicability)
    assert not is_placed(everywhere.applicability)


def test_places_of_one_location_do_not_share_their_answers():
    book = OfferBook.compile(
        [offer("dc", currents=names(Current.DC)), offer("ac", currents=names(Current.AC))], revision=1
    )
    ask = ("station-1", "connector-1", "EV_CHARGING")
    assert [x.offer_id for x in book.candidates(*ask, place=HERE)] == ["dc"]
    assert [x.offer_id for x in book.candidates(*ask, place=replace(HERE, current=Current.AC))] == ["ac"]


@pytest.mark.parametrize(
    ("at", "kilometres"),
    [
        pytest.param(GATE, Decimal("0.000"), id="the-centre"),
        pytest.param((Decimal("28.631451"), Decimal("77.216667")), AWAY, id="connaught-place"),
        pytest.param((Decimal("12.971600"), Decimal("77.594600")), Decimal("1739.647"), id="bengaluru"),
        pytest.param(
            (Decimal("-28.612912"), Decimal("-102.770490")), Decimal("20015.114"), id="the-other-side-of-the-earth"
        ),
    ],
)
def test_distances_are_great_circles_to_the_metre(at, kilometres):
    place = PlaceFacts(latitude=at[0], longitude=at[1])
    assert distance_km(Circle(*GATE, Decimal(1)), place) == kilometres


def test_a_place_without_coordinates_lies_in_no_circle():
    found = evaluate_offer(offer(circle=Circle(*GATE, Decimal(20000))), cart(), context())
    assert (found.reason.code.value, found.reason.actual, found.reason.margin) == ("DISTANCE", "no coordinates", "")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param({"location_tags": names("highway", "airport")}, "at airport or highway locations", id="tags"),
        pytest.param({"cities": names("New Delhi"), "states": names("Delhi")}, "in New Delhi, in Delhi", id="areas"),
        pytest.param({"circle": Circle(*GATE, Decimal("5.000"))}, "within 5 km of 28.612912, 77.22951", id="circle"),
        pytest.param({"charger_ids": names("EVSE-1")}, "at charger EVSE-1", id="charger"),
        pytest.param(
            {
                "connector_types": names("CCS2"),
                "currents": names(Current.DC),
                "min_power_w": 50_000,
                "max_power_w": 150_000,
            },
            "on DC CCS2 connectors from 50 kW up to 150 kW",
            id="class",
        ),
    ],
)
def test_places_in_plain_words(limits, words):
    text = summary(offer(**limits), "Asia/Kolkata")
    assert text == f"Takes 25 % off energy and add-ons, {words}; applied automatically; combines with no other offer."


def test_a_failing_limit_in_words():
    found = evaluate_offer(offer(circle=Circle(*GATE, Decimal(1))), cart(), context(place=HERE))
    assert check_in_words(found.reason) == (
        "It is for locations nearer to another point: 2.413 km instead of within 1 km (1.413 km too far)."
    )


def test_terms_from_before_still_read_and_those_of_now_survive():
    now = offer(circle=Circle(*GATE, Decimal(5)), currents=names(Current.DC), location_tags=names("highway"))
    assert offer_from_json(offer_to_json(now)) == now
    before = offer_to_json(offer())
    for name in ("location_tags", "cities", "states", "circle", "charger_ids", "connector_types", "currents"):
        del before["applicability"][name]
    assert offer_from_json(before) == offer()
