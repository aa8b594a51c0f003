"""The demonstration's words and figures: CPOs, people, prices, surges, products, refund terms, buyer apps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from pricing.engine.values import SurgeBasis
from pricing.surges.kinds import SurgeKind

MAIN, HIGHWAY = "cpo1.com", "cpo2.com"
#: The connector of the journey, at Connaught Place.
JOURNEY_ITEM = "pe-charging-01"


@dataclass(frozen=True, slots=True)
class CpoRow:
    """A CPO, its payment link and the prefixes of its connectors' and chargers' ids."""

    provider_id: str
    name: str
    short_desc: str
    image_url: str
    support_phone: str
    support_email: str
    support_url: str
    pay_url: str
    bank: tuple[str, str]
    item_prefix: str
    evse_prefix: str


CPOS = (
    CpoRow(
        provider_id=MAIN,
        name="CPO1 EV charging Company",
        short_desc="CPO1 provides EV charging facility across India",
        image_url="https://cpo1.com/images/logo.png",
        support_phone="+91-1800-555-0101",
        support_email="support@cpo1.example",
        support_url="https://cpo1.example/support",
        pay_url="https://payments.cpo1.example/pay?transaction_id=$transaction_id&amount=$amount",
        bank=("DEMO0000001", "50100012345678"),
        item_prefix="pe-charging",
        evse_prefix="IN-CP1-E",
    ),
    CpoRow(
        provider_id=HIGHWAY,
        name="VoltWay Charging",
        short_desc="Fast charging on India's highways and in its state capitals",
        image_url="https://cpo2.com/images/logo.png",
        support_phone="+91-1800-555-0202",
        support_email="help@cpo2.example",
        support_url="https://cpo2.example/help",
        pay_url="https://pay.cpo2.example/?t=$transaction_id&a=$amount",
        bank=("DEMO0000002", "000205012345"),
        item_prefix="vw-charging",
        evse_prefix="IN-VLW-E",
    ),
)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Who signs in; without a CPO the person operates the platform."""

    email: str
    first_name: str
    last_name: str
    cpo: str = ""
    role: str = ""


PEOPLE = (
    PersonRow("owner@cpo1.example", "Asha", "Rao", MAIN, "OWNER"),
    PersonRow("manager@cpo1.example", "Vikram", "Mehta", MAIN, "MANAGER"),
    PersonRow("analyst@cpo1.example", "Divya", "Nair", MAIN, "ANALYST"),
    PersonRow("owner@cpo2.example", "Imran", "Qureshi", HIGHWAY, "OWNER"),
    PersonRow("manager@cpo2.example", "Meera", "Iyer", HIGHWAY, "MANAGER"),
    PersonRow("operator@portal.example", "Leela", "Das"),
)


@dataclass(frozen=True, slots=True)
class Plug:
    """One connector of a kind of charger."""

    connector_type: str
    power_type: str
    watts: int
    speed: str
    connector_format: str = "CABLE"


#: The kinds of charger in locations.csv: the words for people, and the connectors.
CHARGER_KINDS: dict[str, tuple[str, tuple[Plug, ...]]] = {
    "dc30": ("DC Fast Charger", (Plug("CCS2", "DC", 30_000, "FAST"),)),
    "dc60": ("DC Fast Charger", (Plug("CCS2", "DC", 60_000, "FAST"),)),
    "dc60+": ("DC Fast Charger", (Plug("CCS2", "DC", 60_000, "FAST"), Plug("CHADEMO", "DC", 50_000, "FAST"))),
    "hpc180": ("Ultra-fast Charger", (Plug("CCS2", "DC", 180_000, "ULTRA_FAST"),) * 2),
    "gbt": ("DC Fast Charger for buses", (Plug("GB_T", "DC", 80_000, "FAST"),)),
    "ac22": ("AC Charger", (Plug("TYPE2", "AC_3_PHASE", 22_000, "FAST", "SOCKET"),)),
    "ac7": ("AC Charger", (Plug("TYPE2", "AC_1_PHASE", 7_400, "SLOW", "SOCKET"),)),
    "bharat": (
        "Bharat Charger",
        (Plug("BHARAT_DC_001", "DC", 15_000, "FAST"), Plug("BHARAT_AC_001", "AC_1_PHASE", 3_300, "SLOW", "SOCKET")),
    ),
    "lev": ("Light-vehicle Charger", (Plug("IS_17017_2_6", "DC", 7_000, "SLOW"),)),
}

#: Every eleventh connector of the second CPO is out of order, so that a state other than AVAILABLE can be seen.
BROKEN_EVERY = 11


@dataclass(frozen=True, slots=True)
class TariffRow:
    """A tariff: ₹ per kWh, in the evening too where that differs, its fee, ₹ per minute of standing after charging, and
    where it applies: a location, a location tag and/or a connector type, else everywhere.

    A `subscription` includes the energy of its pools; the price is that of what goes beyond."""

    cpo: str
    tariff_id: str
    name: str
    rate: str
    fee: str = ""
    location_tag: str = ""
    connector_type: str = ""
    published: bool = True
    evening: str = ""
    idle: str = ""
    location: str = ""
    subscription: bool = False


#: When the evening's price holds, every day, and for how long nobody pays for standing.
EVENING = (time(18), time(22))
GRACE_MINUTES = 15

TARIFFS = (
    TariffRow(MAIN, "standard", "Standard", "18", "10"),
    TariffRow(MAIN, "ac", "AC charging", "14", "5", connector_type="TYPE2"),
    TariffRow(MAIN, "airport", "Airports", "22", "10", location_tag="airport"),
    TariffRow(
        MAIN,
        "monthly-plan",
        "Monthly plan",
        "18",
        "10",
        connector_type="CCS2",
        location="bengaluru-mg-road",
        subscription=True,
    ),
    TariffRow(MAIN, "next-season", "Next season", "19.5", "10", published=False),
    TariffRow(HIGHWAY, "standard", "Standard", "21", "15"),
    TariffRow(HIGHWAY, "ac", "AC charging", "15", connector_type="TYPE2"),
    TariffRow(HIGHWAY, "highway", "Highways", "24", "15", location_tag="highway", evening="27", idle="2"),
)
FEE_TITLE = "Service Fee"


@dataclass(frozen=True, slots=True)
class PoolRow:
    """Energy that a driver has paid ahead for a subscription; it lives so many days after each top-up."""

    cpo: str
    plan: str
    name: str
    phone: str
    wh: str
    days: int


POOLS = (PoolRow(MAIN, "monthly-plan", "Monthly plan of 100 kWh", "+91-9876543210", "100000", 30),)


@dataclass(frozen=True, slots=True)
class SurgeRow:
    """A surge by the hours of some days at the locations with a tag: an amount per kWh, or percent up to a bound."""

    cpo: str
    schedule_id: str
    name: str
    kind: SurgeKind
    basis: SurgeBasis
    value: str
    weekdays: tuple[int, ...]
    hours: tuple[str, str]
    location_tag: str
    explanation: str
    at_most: str = ""
    vehicle_charge_below: int | None = None


SURGES = (
    SurgeRow(
        MAIN,
        "congestion",
        "Congestion fee",
        SurgeKind.RUSH_HOURS,
        SurgeBasis.PER_KWH,
        "1",
        (1, 2, 3, 4, 5, 6, 7),
        ("18:00", "21:00"),
        "airport",
        "Between 6 and 9 in the evening more cars arrive than there are chargers.",
        vehicle_charge_below=15,
    ),
    SurgeRow(
        HIGHWAY,
        "weekend-return",
        "Weekend return fee",
        SurgeKind.WEEKEND,
        SurgeBasis.PERCENT,
        "10",
        (7,),
        ("16:00", "22:00"),
        "highway",
        "On Sunday evenings everybody drives home at once.",
        at_most="60",
    ),
)

#: Numbers of nobody, in the states where the two are at home.
GSTINS = {MAIN: "07AAACD0001D1ZQ", HIGHWAY: "29AAACD0002D1ZJ"}


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A good or service; `location_tag` says where it is sold, `stock` how many are left where that is counted."""

    cpo: str
    product_id: str
    name: str
    kind: str
    category: str
    price: str
    short_desc: str = ""
    location_tag: str = ""
    stock: int | None = None


PRODUCTS = (
    ProductRow(MAIN, "filter-coffee", "Filter coffee", "GOOD", "food", "60", "Fresh, 150 ml", stock=400),
    ProductRow(MAIN, "car-wash", "Exterior wash", "SERVICE", "cleaning", "250", "While you charge", "mall"),
    ProductRow(MAIN, "valet", "Valet parking", "SERVICE", "valet", "100", "We plug in and park", "airport"),
    ProductRow(MAIN, "priority", "Priority access", "SERVICE", "priority", "50", "The next free bay is yours"),
    ProductRow(HIGHWAY, "thali", "Vegetarian thali", "GOOD", "food", "180", "At the food court", "highway", 120),
    ProductRow(HIGHWAY, "lounge-hour", "Lounge, one hour", "SERVICE", "lounge", "149", "Seat, water, Wi-Fi", "mall"),
)


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A tier of the refund terms; no percentage means that nothing comes back."""

    fulfillment_state: str
    notice_minutes: int
    percent: Decimal | None
    description: str
    within_minutes: int = 120


REFUND_TERMS = (
    RefundRow("PENDING", 240, Decimal(85), "85 % comes back if cancelled at least 4 hours before the start"),
    RefundRow("PENDING", 30, Decimal(50), "50 % comes back if cancelled at least 30 minutes before the start"),
    RefundRow("PENDING", 0, None, "Nothing comes back in the last 30 minutes before the start"),
    RefundRow("ACTIVE", 0, None, "Nothing comes back once charging has begun; what is left of the payment does"),
)


@dataclass(frozen=True, slots=True)
class BuyerRow:
    """A buyer app; `port_offset` is added to the journey's callback port."""

    bap_id: str
    file_name: str
    port_offset: int


BUYERS = (
    BuyerRow("demo-bap.example", "buyer.json", 0),
    BuyerRow("second-bap.example", "second-buyer.json", 1),
)
