"""The one sale that the golden messages tell: Sarah charges at Connaught Place on Saturday, 27 September 2025."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from beckn.protocol import catalog_views as cv
from beckn.protocol import order_views as ov
from beckn.protocol.jsontext import read_json
from beckn.protocol.values import Billing, Measure, MeasureUnit, Person
from pricing.engine.money import Money
from pricing.engine.values import LineKind, QuoteLine

GOLDEN = Path(__file__).parent / "golden"
BPP_ID = "example-bpp.com"
BPP_URI = "https://example-bpp.com/pilot/bpp/energy/v1"
TRANSACTION = "6743e9e2-4fb5-487c-92b7-13ba8018f176"
QUOTE_ID = "5f3f2f4e-58a5-4a3e-9c0d-0a3a6f1c7a11"


def golden(name: str) -> dict[str, Any]:
    """Return the body of a golden message as the platform reads it: fractions are Decimals."""
    raw = (GOLDEN / f"{name}.json").read_bytes()
    body: dict[str, Any] = read_json(raw, refuse_duplicates=True)["body"]
    return body


def at(clock: str, day: int = 27) -> datetime:
    """Return an instant of September 2025 in UTC."""
    hour, minute, second = (int(part) for part in clock.split(":"))
    return datetime(2025, 9, day, hour, minute, second, tzinfo=UTC)


def inr(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


LOCATION = cv.LocationView(
    id="LOC-DELHI-001",
    gps="28.6315,77.2167",
    name="BlueCharge Connaught Place Station",
    address="Connaught Place, New Delhi",
    city_code="std:011",
    city="New Delhi",
    state="Delhi",
)
WEEKEND = cv.OfferView(
    id="weekend-discount-25",
    name="Weekend Special - 25% Off",
    short_desc="Get 25% off on all charging sessions this weekend",
    long_desc="25 % off the energy of every session that starts on 27 or 28 September 2025, up to 100 rupees.",
    campaign_kind="WEEKEND_SPECIAL",
    display_code="WEEKEND25",
    value=Decimal("25"),
    value_cap=Decimal("100"),
    min_value=Decimal("50"),
    valid_from=at("18:30:00", 26),
    valid_until=at("18:29:59", 28),
    images=("https://cpo1.com/images/weekend.png",),
    location_ids=("LOC-DELHI-001",),
    category_ids=("weekend-special",),
    item_ids=("pe-charging-01",),
    auto=False,
)
CONNECTOR = cv.ConnectorView(
    connector_id="1",
    power_type="AC_3_PHASE",
    connector_type="CCS2",
    connector_format="SOCKET",
    charging_speed="FAST",
    power_rating="30kW",
    status="Available",
)
CHARGER = cv.ItemView(
    id="pe-charging-01",
    name="EV Charger #1 (AC Fast Charger)",
    price=Decimal("18.00"),
    per="kWh",
    short_desc="Book now",
    connector=CONNECTOR,
)
WASH = cv.ItemView(id="car-wash", name="Car wash", price=Decimal("50"), code="add-on-item")
SURGE = cv.SurchargeView(
    name="Evening congestion",
    rate=Decimal("20"),
    basis="PERCENT",
    window="18:00-21:00",
    days="MON,TUE,WED,THU,FRI,SAT,SUN",
    reason="The grid is at its busiest in these hours.",
    calculation="20 % of the energy delivered between 18:00 and 21:00.",
    effective_from=at("00:00:00", 1),
    when="Every day 18:00–21:00",
    page_url="https://portal.example/s/cpo1.com/evening",
)
MORNING_SURGE = replace(
    SURGE,
    name="Morning congestion",
    window="09:00-12:00",
    calculation="20 % of the energy delivered between 09:00 and 12:00.",
    when="Every day 09:00–12:00",
    page_url="https://portal.example/s/cpo1.com/morning",
)
PROVIDER = cv.ProviderView(
    id="cpo1.com",
    name="CPO1 EV charging Company",
    short_desc="CPO1 provides EV charging facility across India",
    images=("https://cpo1.com/images/logo.png",),
)
CATALOG = cv.CatalogView(
    name="Example seller platform",
    expires_at=at("04:10:00"),
    providers=(
        replace(
            PROVIDER,
            categories=(cv.CategoryView("weekend-special", "Weekend Special Offer"),),
            locations=(LOCATION,),
            fulfillments=(
                cv.FulfillmentView(
                    id="1",
                    stops=(
                        cv.StopView(
                            cv.StopType.START,
                            range_start=at("04:30:00"),
                            range_end=at("10:30:00"),
                            location=LOCATION,
                            instructions="Ground floor, Pillar Number 4",
                        ),
                    ),
                ),
            ),
            offers=(WEEKEND,),
            items=(
                replace(
                    CHARGER,
                    category_ids=("weekend-special",),
                    location_ids=("LOC-DELHI-001",),
                    fulfillment_ids=("1",),
                    offers=(cv.InlineOfferView(WEEKEND, Decimal("13.50")),),
                    surcharges=(SURGE,),
                    cheaper=cv.CheaperView("pe-charging-07", "BlueCharge Janpath Station", Decimal("1.2"), Decimal(18)),
                    add_ons=(WASH,),
                ),
                replace(WASH, location_ids=("LOC-DELHI-001",)),
            ),
        ),
    ),
)
EMPTY_CATALOG = cv.CatalogView(name="Example seller platform")

SARAH = Person(name="Sarah Johnson", phone="+91-9876543210")
BILLING = Billing(
    name="Sarah Johnson",
    organization="GreenCharge Pvt Ltd",
    address="123 MG Road, Bangalore, Karnataka, 560001, India",
    state="Karnataka",
    city="Bengaluru",
    email="sarah.johnson@email.com",
    phone="+91-9876543210",
    tax_id="29ABCDE1234F1Z5",
    at=at("04:05:00"),
)
HUNDRED = Measure(Decimal("100"), MeasureUnit.INR)
SELECTED = replace(CHARGER, selected=HUNDRED)
SESSION = cv.FulfillmentView(
    id="1",
    stops=(
        cv.StopView(
            cv.StopType.START,
            at=at("04:30:00"),
            location=LOCATION,
            instructions="Ground floor, Pillar Number 4",
            otp_required=True,
        ),
        cv.StopView(cv.StopType.STOP, at=at("05:30:00"), location=LOCATION),
    ),
    vehicle_make="Tata",
    vehicle_model="Nexon EV",
)


def lines(kwh: str, energy: str, discount: str, tax: str, surge: str = "") -> tuple[QuoteLine, ...]:
    """Return the lines of a price at 18 rupees a kWh with a fee of 10, an offer of 25 % and GST of 18 %."""
    found = [
        QuoteLine(
            "ENERGY-1",
            LineKind.ENERGY,
            f"Charging session cost ({kwh} kWh @ ₹18.00/kWh)",
            inr(energy),
            Decimal(kwh),
            "kWh",
            Decimal("18.00"),
            "pe-charging-01",
        ),
        QuoteLine("FEE-1", LineKind.FEE, "Service Fee", inr("10"), code="service-fee"),
    ]
    if surge:
        found.append(QuoteLine("SURGE-1", LineKind.SURGE, "Morning congestion (20%)", inr(surge), code="morning"))
    if discount:
        title = "Weekend Special - 25% Off"
        found.append(QuoteLine("DISCOUNT-1", LineKind.DISCOUNT, title, inr(discount), code="weekend-discount-25"))
    found.append(QuoteLine("TAX-1", LineKind.TAX, "GST (18%)", inr(tax), rate=Decimal("18"), code="GST"))
    return tuple(found)


def quote(total: str, found: tuple[QuoteLine, ...]) -> ov.QuoteView:
    assert sum(line.amount.amount for line in found) == Decimal(total)
    return ov.QuoteView(QUOTE_ID, timedelta(minutes=15), inr(total), found)


APPLIED = replace(WEEKEND, validation=cv.OfferValidationView(True, discount=inr("22.5"), ceiling=inr("100")))
REFUSED = replace(
    WEEKEND,
    validation=cv.OfferValidationView(False, reason_code="MIN_VALUE", reason="The energy is ₹5.00 short of ₹50.00."),
)
ESTIMATE = quote("91.45", lines("5", "90", "-22.5", "13.95"))
