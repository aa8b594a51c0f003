"""Requests: the golden messages to exact values, and the forms that are tolerated."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from beckn.protocol import envelope
from beckn.protocol import values as v
from beckn.protocol.deg_v1 import DIALECT
from tests.beckn.protocol import samples, schemas
from tests.beckn.protocol.edits import CIRCLE, MEASURE, SESSION, edited, tag

START, STOP = samples.at("04:30:00"), samples.at("05:30:00")
SARAH = v.Person("Sarah Johnson", "+91-9876543210", "")
CART = v.SelectRequest(
    provider_id="cpo1.com",
    item_id="pe-charging-01",
    measure=v.Measure(Decimal(100), v.MeasureUnit.INR),
    offers=v.OfferChoices(opted_in=("weekend-discount-25",)),
    fulfillment_id="1",
    starts_at=START,
    ends_at=STOP,
    vehicle_make="Tata",
    vehicle_model="Nexon EV",
)
INIT = v.InitRequest(selection=CART, billing=samples.BILLING, customer=SARAH)

GOLDEN: dict[str, v.Request] = {
    "search": v.SearchIntent(
        circle=v.GeoCircle(Decimal("28.6304"), Decimal("77.2177"), 5000),
        starts_at=START,
        ends_at=samples.at("10:30:00"),
        specs=(("connector-type", "CCS2"),),
        buyer_finder_fee=v.BuyerFinderFee("PERCENTAGE", Decimal(2)),
    ),
    "select": CART,
    "select_lenient": v.SelectRequest(
        provider_id="cpo1.com",
        item_id="pe-charging-01",
        measure=v.Measure(Decimal("5.25"), v.MeasureUnit.KWH),
        products=(v.ProductChoice("car-wash", 1), v.ProductChoice("coffee", 2)),
        offers=v.OfferChoices(
            opted_in=("weekend-discount-25", "members-only"),
            declined=("happy-hour",),
            codes=("CLUB10", "NEW-STATION"),
        ),
        fulfillment_id="1",
        starts_at=datetime(2025, 9, 27, 10),
        ends_at=STOP,
        vehicle_make="Tata",
        vehicle_model="Nexon EV",
    ),
    "init": INIT,
    "init_surge": v.InitRequest(
        selection=v.SelectRequest(
            provider_id="cpo1.com",
            item_id="pe-charging-01",
            measure=v.Measure(Decimal(100), v.MeasureUnit.INR),
            fulfillment_id="1",
            starts_at=START,
            ends_at=STOP,
            vehicle_make="Tata",
            vehicle_model="Nexon EV",
        ),
        billing=v.Billing(name="Ravi Kumar", email="ravi.kumar@greencharge.com", phone="+918765432100"),
        customer=v.Person("Ravi Kumar", "+918765432100"),
        buyer_finder_fee=v.BuyerFinderFee("PERCENTAGE", Decimal(2)),
        surcharge_acknowledgement=v.SurchargeAcknowledgement(True, samples.QUOTE_ID),
    ),
    "confirm": v.ConfirmRequest(
        init=v.InitRequest(CART, samples.BILLING, SARAH, quote_id=samples.QUOTE_ID),
        payments=(v.PaymentClaim("payment-001", "PAID", Decimal("91.45"), "INR", "txn-001"),),
        quoted_total=Decimal("91.45"),
    ),
    "status": v.StatusRequest("order-001"),
    "track": v.TrackRequest("order-001"),
    "update_start": v.UpdateRequest(v.SessionChange.START, "order-001", "1", "482913", "order.fulfillments[0].state"),
    "update_stop": v.UpdateRequest(v.SessionChange.STOP, "order-001", "1", "", "order.fulfillments[0].state"),
    "cancel": v.CancelRequest("order-001", "5", "Can't attend booking"),
    "rating": v.RatingRequest((v.Rating("Fulfillment", "1", Decimal(5)),)),
    "support": v.SupportRequest("order-001", "+919876543210", "sarah.johnson@email.com"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_request_is_read_to_exact_values(name: str) -> None:
    body = samples.golden(name)
    context = envelope.read_context(body["context"])
    assert DIALECT.parse(context.action, body) == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_request_is_what_we_promise_to_read(name: str) -> None:
    body = samples.golden(name)
    assert schemas.complaints(schemas.ours("requests.json", body["context"]["action"]), body) == []


def test_every_golden_request_is_told_here() -> None:
    told = {path.stem for path in samples.GOLDEN.glob("*.json") if not path.stem.startswith("on_")}
    assert told == set(GOLDEN)


def test_a_password_is_not_in_the_words_of_a_request() -> None:
    assert "482913" not in repr(GOLDEN["update_start"])


@pytest.mark.parametrize(
    ("value", "unit", "expected", "normal"),
    [
        ("100", "INR", "100", "INR"),
        (100, "inr", "100", "INR"),
        ("2.5", "KWH", "2.5", "kWh"),
        ("4", "kWH", "4", "kWh"),
        ("2500", "Wh", "2.500", "kWh"),
        ("45", "minutes", "45", "minutes"),
        ("45", "MIN", "45", "minutes"),
        ("1.5", "hours", "90.0", "minutes"),
        (Decimal("0.5"), "HOUR", "30.0", "minutes"),
    ],
)
def test_units_are_normalised(value: object, unit: str, expected: str, normal: str) -> None:
    request = edited("select", MEASURE, {"value": value, "unit": unit})
    assert isinstance(request, v.SelectRequest)
    assert request.measure is not None
    assert (str(request.measure.value), request.measure.unit.value) == (expected, normal)


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ([], v.OfferChoices()),
        (None, v.OfferChoices()),
        ([{"id": "a"}, {"id": "a"}], v.OfferChoices(opted_in=("a",))),
        ([{"id": "a", "tags": [tag("selection", apply="YES")]}], v.OfferChoices(opted_in=("a",))),
        ([{"id": "a", "tags": [tag("selection", apply="no")]}], v.OfferChoices(declined=("a",))),
        ([{"id": "a", "descriptor": {"code": "x"}}], v.OfferChoices(("a",), (), ("X",))),
        ([{"descriptor": {"code": " x "}}], v.OfferChoices((), (), ("X",))),
        ([{"id": "a", "tags": [tag("offer-code", code="x")]}], v.OfferChoices(("a",), (), ("X",))),
        ([{"id": "a", "tags": [tag("offer", offer_code="x")]}], v.OfferChoices(("a",), (), ("X",))),
        (
            [{"id": "a", "descriptor": {"code": "x"}, "tags": [tag("selection", apply="no")]}],
            v.OfferChoices(declined=("a",)),
        ),
    ],
)
def test_what_the_buyer_says_about_offers(offers: object, expected: v.OfferChoices) -> None:
    request = edited("select", "order.offers", offers)
    assert isinstance(request, v.SelectRequest)
    assert request.offers == expected


def test_a_walk_in_without_plan_and_quantity_is_read() -> None:
    body = {"message": {"order": {"provider": {"id": "p"}, "items": [{"id": "i"}]}}}
    assert DIALECT.parse("select", body) == v.SelectRequest("p", "i", None)


def test_the_item_with_a_measure_is_charged_and_the_others_are_products() -> None:
    items = [{"id": "coffee"}, {"id": "plug", "quantity": {"selected": {"measure": {"value": "1", "unit": "kWh"}}}}]
    request = edited("select", "order.items", items)
    assert isinstance(request, v.SelectRequest)
    assert (request.item_id, request.products) == ("plug", (v.ProductChoice("coffee", 1),))


@pytest.mark.parametrize(
    ("first", "last"), [("START", "STOP"), ("start", "end"), ("START-CHARGING", "END-CHARGING"), ("START", "END")]
)
def test_stop_types_are_alike(first: str, last: str) -> None:
    stops = [
        {"type": first, "time": {"timestamp": "2025-09-27T04:30:00Z"}},
        {"type": last, "time": {"timestamp": "2025-09-27T05:30:00Z"}},
    ]
    request = edited("select", f"{SESSION}.stops", stops)
    assert isinstance(request, v.SelectRequest)
    assert (request.starts_at, request.ends_at) == (START, STOP)


def test_a_stop_without_a_type_gives_both_times_by_its_range() -> None:
    stops = [{"time": {"range": {"start": "2025-09-27T04:30:00Z", "end": "2025-09-27T05:30:00Z"}}}]
    request = edited("select", f"{SESSION}.stops", stops)
    assert isinstance(request, v.SelectRequest)
    assert (request.starts_at, request.ends_at) == (START, STOP)


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        ({}, v.SearchIntent()),
        ({"descriptor": {"name": "EV charger"}}, v.SearchIntent()),
        ({"item": {"descriptor": {"code": "ev_charger"}}}, v.SearchIntent()),
        ({"item": {"descriptor": {"code": "energy"}}}, v.SearchIntent()),
        ({"descriptor": {"name": "loyalty programs"}}, v.SearchIntent(names=("loyalty programs",))),
        (
            {"item": {"descriptor": {"name": "Bay 7", "code": "CHARGER"}, "id": "i"}},
            v.SearchIntent(names=("Bay 7",), item_id="i"),
        ),
        ({"category": {"descriptor": {"code": "green-tariff"}}}, v.SearchIntent(categories=("green-tariff",))),
        ({"provider": {"id": "p"}, "offer": {"id": "o"}}, v.SearchIntent(provider_id="p", offer_id="o")),
        (
            {"item": {"tags": [tag("", connector_type="CCS2", colour="red")]}},
            v.SearchIntent(specs=(("connector-type", "CCS2"),)),
        ),
        (
            {"fulfillment": {"stops": [{"type": "STOP"}, {"time": {"timestamp": "2025:09:27:10:00:00"}}]}},
            v.SearchIntent(starts_at=datetime(2025, 9, 27, 10)),
        ),
    ],
)
def test_what_a_search_looks_for(intent: dict[str, Any], expected: v.SearchIntent) -> None:
    assert edited("search", "intent", intent) == expected


def test_a_radius_in_metres_and_a_gps_with_a_blank_are_read() -> None:
    circle = {"gps": "-28.5, 77", "radius": {"value": 250, "unit": "m"}}
    request = edited("search", CIRCLE, circle)
    assert isinstance(request, v.SearchIntent)
    assert request.circle == v.GeoCircle(Decimal("-28.5"), Decimal(77), 250)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("start-charging", v.SessionChange.START),
        ("START_CHARGING", v.SessionChange.START),
        ("stop-charging", v.SessionChange.STOP),
        ("end-charging", v.SessionChange.STOP),
    ],
)
def test_an_update_starts_or_stops(code: str, change: v.SessionChange) -> None:
    request = edited("update_start", f"{SESSION}.state.descriptor.code", code)
    assert isinstance(request, v.UpdateRequest)
    assert request.change is change


def test_a_password_may_stand_at_the_fulfillment() -> None:
    session = {"state": {"descriptor": {"code": "start"}}, "authorization": {"type": "OTP", "token": "2442"}}
    request = edited("update_start", SESSION, session)
    assert request == v.UpdateRequest(
        v.SessionChange.START, "order-001", otp="2442", update_target="order.fulfillments[0].state"
    )


def test_without_an_order_id_the_transaction_must_do() -> None:
    assert edited("status", "order_id", ...) == v.StatusRequest("")
    assert edited("cancel", "order_id", None) == v.CancelRequest("", "5", "Can't attend booking")


def test_a_reason_may_be_a_number() -> None:
    assert edited("cancel", "cancellation_reason_id", 5) == GOLDEN["cancel"]


def test_unknown_keys_and_nulls_change_nothing() -> None:
    body = samples.golden("select")
    body["message"]["order"] |= {"xinput": {"form": 1}, "billing": None, "payments": "whatever"}
    body["message"]["order"]["items"][0]["add_ons"] = None
    assert DIALECT.parse("select", body) == CART


@pytest.mark.parametrize("action", ["select", "init", "confirm"])
def test_an_add_on_that_an_offer_gave_is_not_bought(action: str) -> None:
    given = {"descriptor": {"code": "given"}, "list": [{"descriptor": {"code": "offer-id"}, "value": "o"}]}
    other = given | {"descriptor": {"code": "offer-details"}}
    body = samples.golden(action)
    body["message"]["order"]["items"][0]["add_ons"] = [
        {"id": "coffee", "quantity": {"selected": {"count": 2}}, "tags": [given]},
        {"id": "coffee", "tags": [other]},
    ]
    request = DIALECT.parse(action, body)
    found = request.init if isinstance(request, v.ConfirmRequest) else request
    cart = found.selection if isinstance(found, v.InitRequest) else found
    assert isinstance(cart, v.SelectRequest)
    assert cart.products == (v.ProductChoice("coffee", 1),)


def test_instants_are_utc() -> None:
    request = edited("select", f"{SESSION}.stops[0].time.timestamp", "2025-09-27T09:45:00+05:30")
    assert isinstance(request, v.SelectRequest)
    assert request.starts_at == samples.at("04:15:00")
    assert request.starts_at.tzinfo is UTC
