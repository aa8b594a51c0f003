"""The demonstration's offers, one in every state; dates are fixed so that they hold for years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from beckn.demo.tables import HIGHWAY, MAIN

INDIA = ZoneInfo("Asia/Kolkata")
OPENS, CLOSES = datetime(2026, 1, 1, tzinfo=INDIA), datetime(2030, 1, 1, tzinfo=INDIA)
LATER, MUCH_LATER = CLOSES, datetime(2030, 7, 1, tzinfo=INDIA)

#: DEG use case 6's own offer, and its twin that holds on any day.
WEEKEND, ANY_DAY = "weekend-discount-25", "weekend-special-25-any-day"
#: The offer whose one use is spent by the demonstration's own order.
SPENT = "opening-gift"
#: The move that leaves an offer to its CPO's owner: the manager has submitted it, and reviews are required.
REVIEW = "submit"


def windows(weekdays: str, start: str = "00:00", end: str = "00:00") -> tuple[dict[str, Any], ...]:
    """Return one weekly window: windows("67") is Saturday and Sunday, all day."""
    return ({"weekdays": [int(day) for day in weekdays], "start": start, "end": end},)


@dataclass(frozen=True, slots=True)
class Campaign:
    """An offer: its content as OfferContent names it, its limits, and the moves that lead to its state.

    `at_tag` limits it to the locations with this tag, `in_city` to those of this city code, `at` to the named one.
    """

    cpo: str
    offer_id: str
    content: Mapping[str, Any]
    moves: tuple[str, ...] = ("publish",)
    limits: Mapping[str, Any] = field(default_factory=dict)
    valid: tuple[datetime, datetime] = (OPENS, CLOSES)
    at_tag: str = ""
    in_city: str = ""
    at: str = ""


_WEEKEND_25: dict[str, Any] = {
    "value": Decimal(25),
    "value_cap": Decimal(100),
    "min_value": Decimal(50),
    "campaign_kind": "WEEKEND_SPECIAL",
    "short_desc": "Get 25% off on all charging sessions this weekend",
    "long_desc": "25 % off energy and add-ons at every station on Saturdays and Sundays, from ₹50 on, at most ₹100.",
    "terms_text": "A session counts by the day on which it is planned to start. Not to be exchanged for money.",
}

CAMPAIGNS = (
    Campaign(
        MAIN,
        WEEKEND,
        _WEEKEND_25
        | {"name": "Weekend Special - 25% Off", "display_code": "WEEKEND25", "weekly_windows": windows("67")},
    ),
    Campaign(
        MAIN,
        ANY_DAY,
        _WEEKEND_25
        | {
            "name": "Weekend Special - 25% Off, any day",
            "display_code": "ANYDAY25",
            "short_desc": "The weekend's 25% off, on the day you choose",
            "long_desc": "25 % off energy and add-ons at every station on any day, if you ask for it.",
            "terms_text": "Not to be exchanged for money.",
            "auto": False,
        },
    ),
    Campaign(
        MAIN,
        "happy-hour-20",
        {
            "name": "Happy Hour - 20% Off",
            "short_desc": "20% off from 11 to 4 on working days",
            "value": Decimal(20),
            "value_cap": Decimal(80),
            "display_code": "HAPPY20",
            "campaign_kind": "HAPPY_HOUR",
            "weekly_windows": windows("12345", "11:00", "16:00"),
        },
        in_city="std:080",
    ),
    Campaign(
        MAIN,
        "night-owl-30",
        {
            "name": "Night Owl - ₹30 Off",
            "short_desc": "₹30 off every session of ₹150 or more between 10 at night and 6 in the morning",
            "value_type": "amount",
            "value": Decimal(30),
            "min_value": Decimal(150),
            "campaign_kind": "HAPPY_HOUR",
            "additive": True,
            "weekly_windows": windows("1234567", "22:00", "06:00"),
        },
        in_city="std:040",
    ),
    Campaign(
        MAIN,
        "airport-welcome-10",
        {
            "name": "Airport Welcome - 10% Off",
            "short_desc": "10% off at our airport stations with the code AIRPORT10",
            "value": Decimal(10),
            "value_cap": Decimal(60),
            "display_code": "AIRPORT10",
            "requires_code": True,
            "campaign_kind": "REGIONAL",
            "additive": True,
            "auto": False,
        },
        limits={"uses_per_customer": 3},
        at_tag="airport",
    ),
    Campaign(
        MAIN,
        "mall-budget-15",
        {
            "name": "Shop and Charge - 15% Off",
            "short_desc": "15% off while you shop, as long as the budget lasts",
            "value": Decimal(15),
            "campaign_kind": "URBAN_RURAL",
            "auto": False,
        },
        limits={
            "total_uses": 10_000,
            "uses_per_customer": 5,
            "budget": Decimal(250_000),
            "redemption_cap": Decimal(50),
        },
        at_tag="mall",
    ),
    Campaign(
        MAIN,
        "summer-2030",
        {
            "name": "Summer 2030 - 12% Off",
            "short_desc": "12% off through the hot months",
            "value": Decimal(12),
            "campaign_kind": "OTHER",
        },
        valid=(LATER, MUCH_LATER),
    ),
    Campaign(
        MAIN,
        "holiday-special-30",
        {
            "name": "Holiday Special - 30% Off",
            "short_desc": "30% off on public holidays",
            "value": Decimal(30),
            "value_cap": Decimal(120),
            "campaign_kind": "HOLIDAY_PROMOTION",
            "auto": False,
        },
        moves=("publish", "pause"),
    ),
    Campaign(
        MAIN,
        "whitefield-launch",
        {
            "name": "Whitefield Launch - ₹50 Off",
            "short_desc": "₹50 off at our new station",
            "value_type": "amount",
            "value": Decimal(50),
            "min_value": Decimal(100),
            "campaign_kind": "NEW_STATION",
        },
        moves=("publish", "end"),
        at="bengaluru-whitefield",
    ),
    Campaign(
        MAIN,
        "flash-90",
        {
            "name": "Flash - 90% Off",
            "short_desc": "Published with one nine too many",
            "value": Decimal(90),
            "auto": False,
        },
        moves=("publish", "withdraw"),
    ),
    Campaign(
        MAIN,
        "republic-day",
        {
            "name": "Republic Day - 26% Off",
            "short_desc": "26% off on the 26th",
            "value": Decimal(26),
            "campaign_kind": "HOLIDAY_PROMOTION",
            "auto": False,
        },
        moves=("publish", "end", "archive"),
    ),
    Campaign(
        MAIN,
        "early-bird-15",
        {
            "name": "Early Bird - 15% Off",
            "short_desc": "15% off before 8 in the morning",
            "value": Decimal(15),
            "campaign_kind": "EARLY_BIRD",
            "weekly_windows": windows("12345", "05:00", "08:00"),
        },
        moves=(),
    ),
    Campaign(
        HIGHWAY,
        "highway-special-10",
        {
            "name": "Highway Special - 10% Off",
            "short_desc": "10% off on the road",
            "value": Decimal(10),
            "value_cap": Decimal(150),
            "display_code": "ROAD10",
            "campaign_kind": "HIGHWAY_SPECIAL",
        },
        at_tag="highway",
    ),
    Campaign(
        HIGHWAY,
        SPENT,
        {
            "name": "Opening Gift - ₹100 Off",
            "short_desc": "₹100 off for the first driver at Mysuru Palace",
            "value_type": "amount",
            "value": Decimal(100),
            "min_value": Decimal(150),
            "campaign_kind": "NEW_STATION",
            "auto": False,
        },
        limits={"total_uses": 1},
        at="mysuru-palace",
    ),
    Campaign(
        HIGHWAY,
        "capital-cities-5",
        {
            "name": "Capital Cities - 5% Off",
            "short_desc": "5% off in town",
            "value": Decimal(5),
            "campaign_kind": "URBAN_RURAL",
        },
        moves=(),
        at_tag="urban",
    ),
    Campaign(
        HIGHWAY,
        "bulk-40kwh",
        {
            "name": "Bulk Charging - 8% Off",
            "short_desc": "8% off from ₹720 of energy",
            "value": Decimal(8),
            "min_value": Decimal(720),
            "campaign_kind": "BULK_CHARGING",
        },
        moves=(REVIEW,),
    ),
)
