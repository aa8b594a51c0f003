"""The price check: the rules' worked numbers, the trace in words, and not a row written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Customer
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import ConnectorStatus, Location, Product, ProductStock
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import CustomerCounter, Offer, OfferCounter
from pricing import authoring as pricing_authoring
from pricing.authoring import Place, TariffContent
from pricing.models import HolidayCalendar
from tests.people import api_client, weekend
from tests.world import World, make_offer

pytestmark = pytest.mark.django_db

SATURDAY = "2026-12-05T10:00:00+05:30"
WEDNESDAY = "2026-12-09T10:00:00+05:30"
HUNDRED = {"value": "100", "unit": "INR"}


@pytest.fixture
def offer(world: World) -> Offer:
    return authoring.publish(authoring.create_offer(world.cpo, "weekend-discount-25", weekend()))


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


def check(client: Client, **changes: Any) -> Any:
    body = {"item_id": "pe-charging-01", "measure": HUNDRED, "starts_at": SATURDAY} | changes
    return client.post("/api/price-check", json.dumps(body), content_type="application/json")


def test_a_hundred_rupees_on_a_saturday_are_priced_as_the_rules_say(staff: Client, offer: Offer) -> None:
    answer = check(staff)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["total"], body["energy_wh"], body["currency"]) == ("91.45", 5000, "INR")
    assert [(line["kind"], line["amount"]) for line in body["lines"]] == [
        ("ENERGY", "90.00"),
        ("FEE", "10.00"),
        ("DISCOUNT", "-22.50"),
        ("TAX", "13.95"),
    ]
    assert body["trace"]["chosen"] == ["weekend-discount-25"]
    assert body["trace"]["offers"][0]["words"] == "Applied. It saves ₹22.50."


def test_readings_are_billed_instead_of_the_plan(staff: Client, offer: Offer) -> None:
    readings = [
        {"at": "2026-12-05T10:20:00+05:30", "register_wh": 1_005_200},
        {"at": SATURDAY, "register_wh": 1_000_000},
    ]
    body = check(staff, readings=readings).json()
    assert (body["total"], body["energy_wh"]) == ("94.64", 5200)


def test_a_weekday_says_why_not_and_when_next(staff: Client, offer: Offer) -> None:
    body = check(staff, starts_at=WEDNESDAY).json()
    assert body["total"] == "118.00"
    outcome = body["trace"]["offers"][0]
    assert outcome["outcome"] == "INELIGIBLE"
    assert outcome["words"] == (
        "Not eligible. The planned start, Wed 10:00, is outside its weekly windows (next window Sat 00:00)."
    )
    failing = next(found for found in outcome["checks"] if not found["passed"])
    assert (failing["code"], failing["margin"]) == ("OUTSIDE_WEEKLY_WINDOW", "next window Sat 00:00")


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        pytest.param({"measure": {"value": "5", "unit": "kWh"}}, "91.45", id="5 kWh"),
        pytest.param({"measure": {"value": "10", "unit": "min"}}, "91.45", id="10 minutes at 30 kW"),
        pytest.param({"declined": ["weekend-discount-25"]}, "118.00", id="declined"),
        pytest.param({"measure": {"value": "100", "unit": "INR", "basis": "ALL_IN"}}, "99.99", id="everything in"),
        pytest.param(
            {"measure": {"value": "5", "unit": "kWh"}, "products": [{"product_id": "coffee", "count": 1}]},
            "197.65",
            id="with a coffee",
        ),
    ],
)
def test_each_way_of_asking_has_its_price(
    world: World, staff: Client, offer: Offer, changes: dict[str, Any], total: str
) -> None:
    with cpo_scope(world.cpo):
        Product.objects.create(cpo=world.cpo, product_id="coffee", name="Coffee", price=Decimal(120))
    answer = check(staff, **changes)
    assert answer.status_code == 200, answer.content
    assert answer.json()["total"] == total


def test_as_of_prices_with_what_was_published_then(world: World, staff: Client, offer: Offer) -> None:
    with cpo_scope(world.cpo):
        tariff = world.tariff
    pricing_authoring.save_draft(tariff, TariffContent(rate=Decimal(18), places=(Place(),)))
    pricing_authoring.publish(tariff)
    then = timezone.now()
    authoring.end(offer)
    pricing_authoring.save_draft(tariff, TariffContent(rate=Decimal(36), places=(Place(),)))
    pricing_authoring.publish(tariff)
    kwh = {"value": "5", "unit": "kWh"}
    start = (then + timedelta(days=1)).isoformat()
    now = check(staff, measure=kwh, starts_at=start).json()
    before = check(staff, measure=kwh, starts_at=start, as_of=then.isoformat()).json()
    assert (now["tariff_version"], before["tariff_version"]) == (3, 2)
    assert [line["amount"] for line in now["lines"] if line["kind"] == "ENERGY"] == ["180.00"]
    assert [line["amount"] for line in before["lines"] if line["kind"] == "ENERGY"] == ["90.00"]
    assert "weekend-discount-25" in [found["offer_id"] for found in before["trace"]["offers"]]


def test_a_full_explanation_names_every_offer_with_what_fails(world: World, staff: Client, offer: Offer) -> None:
    elsewhere = weekend(display_code="", item_ids=("far-01",))
    with cpo_scope(world.cpo):
        Product.objects.create(cpo=world.cpo, product_id="far-01", name="Far", price=Decimal(1))
    authoring.publish(authoring.create_offer(world.cpo, "elsewhere", elsewhere))
    authoring.create_offer(world.cpo, "planned", weekend(display_code=""))
    authoring.pause(authoring.publish(authoring.create_offer(world.cpo, "resting", weekend(display_code=""))))
    authoring.archive(authoring.create_offer(world.cpo, "gone", weekend(display_code="")))
    short, full = check(staff).json(), check(staff, explain="full", opted_in=["nobodys"]).json()
    assert [x["offer_id"] for x in short["trace"]["offers"]] == ["weekend-discount-25"]
    failing = {
        x["offer_id"]: (x["outcome"], [(c["code"], c["expected"], c["actual"]) for c in x["checks"] if not c["passed"]])
        for x in full["trace"]["offers"]
    }
    assert failing == {
        "elsewhere": ("INELIGIBLE", [("ITEM", "far-01", "pe-charging-01")]),
        "planned": ("INELIGIBLE", [("NOT_LIVE", "APPROVED", "DRAFT")]),
        "resting": ("INELIGIBLE", [("PAUSED", "APPROVED", "PAUSED")]),
        "weekend-discount-25": ("APPLIED", []),
        "nobodys": ("INELIGIBLE", [("UNKNOWN", "an offer of this CPO", "no such offer")]),
    }
    assert (full["total"], full["trace"]["chosen"]) == (short["total"], short["trace"]["chosen"])


NO_VALUE = {"value": None, "value_cap": None, "value_type": "", "min_value": None}
ELSEWHERE: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    "used up": ({"total_uses": 3}, [("TOTAL_USES", "3", "3")]),
    "used up by its customer": ({"uses_per_customer": 1}, [("CUSTOMER_USES", "1", "1")]),
    "money left": ({"budget": Decimal("132.50"), "redemption_cap": Decimal("32.50")}, []),
    "a paisa short": (
        {"budget": Decimal("132.49"), "redemption_cap": Decimal("32.50")},
        [("BUDGET", "32.50", "32.49")],
    ),
    "for gold": ({"segment_ids": ["gold"]}, [("SEGMENT", "Gold", "none")]),
    "for a quiet site": ({"max_busy_percent": 100}, [("BUSY", "under 100 %", "1 of 1 chargers")]),
    "for a full shelf": ({"stock_product_id": "coffee", "stock_at_least": 8}, [("STOCK", "8", "7")]),
    "for a shelf": ({"stock_product_id": "coffee", "stock_at_least": 7}, []),
    "for the second session": ({"nth_session": 2}, [("SESSION_NUMBER", "2", "1")]),
    "a gift": (
        {**NO_VALUE, "benefit_kind": "freebie", "benefit_item_id": "coffee", "benefit_item_count": 8},
        [("ITEM_STOCK", "8", "7")],
    ),
}


@pytest.fixture
def asha(world: World) -> Customer:
    """A customer where seven coffees are left and the only charger is busy."""
    save_segment(world.cpo, SegmentContent("gold", "Gold", ({"fact": "TIER", "values": ["Gold"]},)))
    with cpo_scope(world.cpo):
        coffee = Product.objects.create(cpo=world.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
        ProductStock.objects.create(product=coffee, units=7)
        point = {"latitude": Decimal(28), "longitude": Decimal(77)}
        Location.objects.create(cpo=world.cpo, location_id="far", name="Far", address="Far", city="Noida", **point)
        HolidayCalendar.objects.create(cpo=world.cpo, calendar_id="in", name="India", days=[])
        rows = ConnectorStatus.objects.filter(connector=world.connector)
        rows.delete()
        ConnectorStatus.objects.create(connector=world.connector, status="CHARGING", reported_at=timezone.now())
        return Customer.objects.create(cpo=world.cpo)


def failing_of(answer: Any) -> dict[str, list[tuple[str, str, str]]]:
    assert answer.status_code == 200, answer.content
    return {
        x["offer_id"]: [(c["code"], c["expected"], c["actual"]) for c in x["checks"] if not c["passed"]]
        for x in answer.json()["trace"]["offers"]
    }


def test_an_offer_for_elsewhere_is_told_with_limits_segments_levels_and_stock(
    world: World, staff: Client, asha: Customer
) -> None:
    """One offer for each row, all in one answer: three uses and ₹100.00 of it are gone, one use by the customer."""
    with cpo_scope(world.cpo):
        for number, (said, _) in enumerate(ELSEWHERE.values()):
            made = make_offer(world.cpo, f"o{number}", location_ids=["far"], display_code="", **said)
            used = {"uses_committed": 3, "budget_committed": 100}
            OfferCounter.objects.filter(offer=made).update(**used)
            CustomerCounter.objects.create(offer=made, customer=asha, uses=1, limit_uses=1)
    failing = failing_of(check(staff, explain="full", customer=str(asha.pk)))
    place = world.connector.charger.location.location_id
    assert {name: failing[f"o{n}"] for n, name in enumerate(ELSEWHERE)} == {
        name: [("LOCATION", "far", place), *more] for name, (_, more) in ELSEWHERE.items()
    }


def test_a_draft_is_told_with_what_it_asks_of_the_moment(world: World, staff: Client, asha: Customer) -> None:
    content = weekend(display_code="", segment_ids=("gold",), max_busy_percent=100, nth_session=2)
    authoring.create_offer(world.cpo, "planned", content)
    assert failing_of(check(staff, explain="full", customer=str(asha.pk)))["planned"] == [
        ("NOT_LIVE", "APPROVED", "DRAFT"),
        ("SEGMENT", "Gold", "none"),
        ("BUSY", "under 100 %", "1 of 1 chargers"),
        ("SESSION_NUMBER", "2", "1"),
    ]


def test_a_full_explanation_takes_as_many_queries_whatever_there_is_to_explain(
    world: World, staff: Client, asha: Customer
) -> None:
    days = {"holiday_calendar": "in", "holidays": "EXCEPT"}
    asks = {"segment_ids": ("gold",), "max_busy_percent": 50, "nth_session": 2, "display_code": "", **days}
    counts = []
    for batch in (range(1), range(1, 30)):
        for number in batch:
            authoring.create_offer(world.cpo, f"planned-{number}", weekend(**asks))
            make_offer(
                world.cpo, f"live-{number}", location_ids=["far"], total_uses=5, **asks | {"segment_ids": ["gold"]}
            )
        found = []
        for explain in ("candidates", "full"):
            check(staff, explain=explain, customer=str(asha.pk))
            with CaptureQueriesContext(connection) as queries:
                assert check(staff, explain=explain, customer=str(asha.pk)).status_code == 200
            found.append(len(queries))
        counts.append(found)
    # The drafts, what all offers ask of the moment, and the names of the places that they are for.
    assert [full - short for short, full in counts] == [3, 3], counts
    assert counts[0] == counts[1]


def test_a_full_explanation_of_the_past_names_no_draft_of_today(world: World, staff: Client, offer: Offer) -> None:
    with cpo_scope(world.cpo):
        tariff = world.tariff
    pricing_authoring.save_draft(tariff, TariffContent(rate=Decimal(18), places=(Place(),)))
    pricing_authoring.publish(tariff)
    then = timezone.now()
    authoring.create_offer(world.cpo, "planned", weekend(display_code=""))
    body = check(staff, explain="full", as_of=then.isoformat()).json()
    assert [x["offer_id"] for x in body["trace"]["offers"]] == ["weekend-discount-25"]


def test_a_full_explanation_of_the_past_sums_the_ledger_of_each_offer_once(world: World, staff: Client) -> None:
    with cpo_scope(world.cpo):
        Product.objects.create(cpo=world.cpo, product_id="far-01", name="Far", price=Decimal(1))
        tariff = world.tariff
    pricing_authoring.save_draft(tariff, TariffContent(rate=Decimal(18), places=(Place(),)))
    pricing_authoring.publish(tariff)
    for name, items in (("here", ()), ("far", ("far-01",))):
        said, limits = weekend(display_code="", item_ids=items), OfferLimits(total_uses=5)
        authoring.publish(authoring.create_offer(world.cpo, name, said, limits=limits))
    then = timezone.now()
    summed: list[list[str]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "offers_ledgerentry" in sql:
            summed.append(params["offers"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = check(staff, explain="full", as_of=then.isoformat())
    assert summed == [["here"], ["far"]]
    assert failing_of(answer) == {"here": [], "far": [("ITEM", "far-01", "pe-charging-01")]}


def test_nothing_is_written(world: World, staff: Client, offer: Offer) -> None:
    def rows() -> dict[str, int]:
        with every_cpo():
            return {
                model._meta.label: model._default_manager.count()
                for model in apps.get_models()
                if model._meta.app_label in {"offers", "pricing", "charging", "network", "beckn"}
            }

    check(staff)
    before = rows()
    assert check(staff, opted_in=["weekend-discount-25"], explain="full").status_code == 200
    assert rows() == before


def test_a_customer_who_used_up_the_offer_is_told_so(world: World, staff: Client, offer: Offer) -> None:
    authoring.set_limits(offer, OfferLimits(uses_per_customer=1))
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
        CustomerCounter.objects.create(offer=offer, customer=customer, uses=1, limit_uses=1)
    assert check(staff).json()["total"] == "91.45"
    body = check(staff, customer=str(customer.pk)).json()
    assert body["total"] == "118.00"
    assert body["trace"]["offers"][0]["outcome"] == "LIMITED"


@pytest.mark.parametrize(
    ("scope", "status"),
    [(TokenScope.STAFF, 200), (TokenScope.STAFF_READ, 200), (TokenScope.CHARGING_SYSTEM, 403), (None, 401)],
    ids=str,
)
def test_reading_tokens_may_ask(world: World, scope: TokenScope | None, status: int) -> None:
    client = api_client(world.cpo, scope) if scope else Client()
    assert check(client).status_code == status


def test_the_moment_of_the_check_is_utc(staff: Client, offer: Offer) -> None:
    """An instant written in any offset is the same instant."""
    same = datetime.fromisoformat(SATURDAY).astimezone(UTC).isoformat()
    assert check(staff, starts_at=same).json() == check(staff).json()


def gift(world: World, units: int, **said: Any) -> None:
    """Publish an offer at the weekend that gives something; there are so many coffees, and two when it is published."""
    with cpo_scope(world.cpo):
        coffee = Product.objects.create(cpo=world.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
        ProductStock.objects.create(product=coffee, units=2)
    authoring.publish(authoring.create_offer(world.cpo, "gift", replace(weekend(), **NO_VALUE | said)))
    with cpo_scope(world.cpo):
        ProductStock.objects.update(units=units)


FREE = {"benefit_kind": "freebie", "benefit_item_count": 2, "benefit_item_id": "coffee"}
KWH = {
    "benefit_kind": "buyXgetY",
    "item_unit": "KWH",
    "qualifier_item_count": 10,
    "benefit_item_count": 2,
    "item_value": Decimal(5),
}


def test_what_is_given_is_a_line_with_its_offer_and_its_discount(world: World, staff: Client) -> None:
    gift(world, 2, **FREE)
    body = check(staff).json()
    assert [(line["kind"], line["title"], line["amount"], line["code"]) for line in body["lines"][1:4]] == [
        ("PRODUCT", "Coffee × 2, given", "120.00", "gift"),
        ("FEE", "Service Fee", "10.00", "service-fee"),
        ("DISCOUNT", "Weekend Special – 25 % off (2 free)", "-120.00", "gift"),
    ]
    assert (body["total"], body["trace"]["offers"][0]["words"]) == ("118.00", "Applied. It saves ₹120.00.")


@pytest.mark.parametrize(
    ("said", "units", "words"),
    [
        pytest.param(
            FREE,
            1,
            "Limit reached. What it gives, Coffee, is out of stock: 1 instead of 2 (1 short).",
            id="out-of-stock",
        ),
        pytest.param(
            KWH,
            0,
            "Not eligible. Too little is bought for more to be given: 5 kWh instead of above 10 kWh (5.001 kWh short).",
            id="too-little-energy",
        ),
    ],
)
def test_why_nothing_is_given_is_said_with_its_numbers(
    world: World, staff: Client, said: dict[str, Any], units: int, words: str
) -> None:
    gift(world, units, **said)
    for explain in ({}, {"explain": "full"}):
        (found,) = check(staff, **explain).json()["trace"]["offers"]
        assert found["words"] == words
