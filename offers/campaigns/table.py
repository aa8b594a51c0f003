"""The table of templates: each kind of campaign of use case 6 with one sentence and what the form is filled in with.

A template is data alone: it names fields of the ordinary form, and a new kind is a new entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cpo_portal.charging.balances.units import ENERGY
from cpo_portal.charging.segments.rules import Fact


class Makes(StrEnum):
    """What a template fills in, as the API calls it: an offer, a balance, a group that shares one, or the policy."""

    OFFER = "offers"
    BALANCE = "balances"
    GROUP = "customer-groups"
    POLICY = "offer-policy"


@dataclass(frozen=True, slots=True)
class Need:
    """Something of the CPO's own that an offer must name: without it the template would be for everybody.

    `facts` are those that a segment looks at, and `tag` is a location's, where the field is one of these.
    """

    field: str
    sentence: str
    missing: str
    facts: frozenset[str] = frozenset()
    tag: str = ""


def _segment(sentence: str, *facts: Fact) -> Need:
    missing = f"Make a segment first: {sentence}."
    return Need("segment_ids", f"A segment: {sentence}.", missing, frozenset(fact.value for fact in facts))


def _tag(tag: str) -> Need:
    return Need(
        "location_tags",
        f"Locations with the tag “{tag}”.",
        f"Give the tag “{tag}” to the locations first.",
        tag=tag,
    )


MEMBERS = _segment("customers of a list, an organisation or a tier", Fact.LIST, Fact.ORGANISATION, Fact.TIER)
TIER = _segment("customers of a tier, which comes with their records", Fact.TIER)
ANNIVERSARY = _segment("customers around the day they joined, which comes with their records", Fact.ANNIVERSARY)
CALENDAR = Need("holiday_calendar", "A holiday calendar.", "Make a holiday calendar first, or import one.")
PLAN = Need("plan", "A tariff of the model Subscription.", "Publish a tariff of the model Subscription first.")
REGION = Need("states", "Locations that say their state.", "Say at the locations which state they are in first.")


@dataclass(frozen=True, slots=True)
class Template:
    """One kind: `said` are fields of the content and `limits` those of the limits, or the fields of another form."""

    key: str
    title: str
    #: For the author; {currency} before an amount is the CPO's.
    sentence: str
    said: Mapping[str, Any]
    limits: Mapping[str, Any] = field(default_factory=dict)
    need: Need | None = None
    makes: Makes = Makes.OFFER


def _window(days: list[int], start: str, end: str) -> tuple[dict[str, Any], ...]:
    return ({"weekdays": days, "start": start, "end": end},)


def _percent(kind: str, value: int, cap: int, **more: Any) -> dict[str, Any]:
    return {"campaign_kind": kind, "value_type": "percent", "value": Decimal(value), "value_cap": Decimal(cap), **more}


def _slab(first: int, last: int | None, percent: str, cap: str) -> dict[str, Any]:
    band = {"item_count": first, "item_count_upper": last}
    return band | {"value": percent, "value_type": "percent", "value_cap": cap}


_WEEKDAYS, _WEEKEND, _DAILY = [1, 2, 3, 4, 5], [6, 7], [1, 2, 3, 4, 5, 6, 7]
_PER_KWH = {"value_type": "per_kwh", "value_cap": Decimal(100)}

TEMPLATES: tuple[Template, ...] = (
    Template(
        "happy-hour",
        "Happy hour",
        "20 % off while the stations are quiet: weekdays from 14:00 to 17:00.",
        _percent(
            "HAPPY_HOUR",
            20,
            100,
            short_desc="Charge for less on weekday afternoons.",
            weekly_windows=_window(_WEEKDAYS, "14:00", "17:00"),
        ),
    ),
    Template(
        "weekend-special",
        "Weekend special",
        "25 % off all of Saturday and Sunday, for sessions from {currency} 50 on.",
        _percent(
            "WEEKEND_SPECIAL",
            25,
            100,
            short_desc="Charge for less all weekend.",
            min_value=Decimal(50),
            weekly_windows=_window(_WEEKEND, "00:00", "00:00"),
        ),
    ),
    Template(
        "holiday-promotion",
        "Holiday promotion",
        "20 % off on the holidays of a calendar.",
        _percent("HOLIDAY_PROMOTION", 20, 100, short_desc="Charge for less on holidays.", holidays="ONLY"),
        need=CALENDAR,
    ),
    Template(
        "early-bird",
        "Early bird",
        "15 % off for drivers who charge before the day begins: from 05:00 to 08:00.",
        _percent(
            "EARLY_BIRD",
            15,
            75,
            short_desc="Charge for less early in the morning.",
            weekly_windows=_window(_DAILY, "05:00", "08:00"),
        ),
    ),
    Template(
        "bulk-charging",
        "Bulk charging",
        "The more kWh, the more off: 5 % from 20 kWh, 10 % from 40 kWh, of what is delivered.",
        {
            "campaign_kind": "BULK_CHARGING",
            "short_desc": "The more you charge, the less each kWh costs.",
            "benefit_kind": "slab",
            "value_type": "",
            "slabs": (_slab(20, 39, "5.00", "50.00"), _slab(40, None, "10.00", "150.00")),
        },
    ),
    Template(
        "monthly-package",
        "Monthly package of sessions",
        "Ten sessions a month at 15 % off for those who have taken the package.",
        _percent("MONTHLY_PACKAGE", 15, 100, short_desc="Your package: sessions for less, every month."),
        limits={"uses_per_customer_month": 10},
        need=MEMBERS,
    ),
    Template(
        "monthly-credit",
        "Monthly package of credit",
        "A driver pays for a month ahead, and sessions draw the balance down; it lives 30 days after each top-up.",
        {"name": "Monthly package", "valid_days": 30},
        makes=Makes.BALANCE,
    ),
    Template(
        "monthly-energy",
        "Monthly package of energy",
        "A driver pays for kWh ahead, which sessions on a subscription include; they live 30 days after each top-up.",
        {"name": "Monthly plan", "currency": ENERGY, "valid_days": 30},
        need=PLAN,
        makes=Makes.BALANCE,
    ),
    Template(
        "prepaid-credits",
        "Prepaid credits",
        "A driver pays ahead, and sessions draw the balance down; it lives a year after each top-up.",
        {"name": "Prepaid credit", "valid_days": 365},
        makes=Makes.BALANCE,
    ),
    Template(
        "family-plan",
        "Family plan",
        "A group of drivers who share one balance: make the group, add its members, then give it a balance.",
        {"name": "Family"},
        makes=Makes.GROUP,
    ),
    Template(
        "family-offer",
        "Family offer",
        "10 % off ten sessions a month, which the members of a family use up together; who is in no group, alone.",
        _percent("FAMILY_PLAN", 10, 100, short_desc="Sessions for less, whoever of the family drives."),
        limits={"uses_per_customer_month": 10, "shared_in_groups": True},
    ),
    Template(
        "member-exclusive",
        "Member exclusive",
        "10 % off for members alone.",
        _percent("MEMBER_EXCLUSIVE", 10, 100, short_desc="Members charge for less."),
        need=MEMBERS,
    ),
    Template(
        "tier-pricing",
        "Tier pricing",
        "{currency} 2 off each kWh for the customers of a tier.",
        {
            "campaign_kind": "TIER_PRICING",
            "short_desc": "Less for each kWh, for your tier.",
            "value": Decimal(2),
            **_PER_KWH,
        },
        need=TIER,
    ),
    Template(
        "referral-bonus",
        "Referral bonus",
        "{currency} 100 each, once, for who brings a new customer and for the new customer, when the first session of "
        "theirs is billed; it lives a year.",
        {"referrer_reward": Decimal(100), "friend_reward": Decimal(100), "referral_days": 365},
        makes=Makes.POLICY,
    ),
    Template(
        "anniversary-reward",
        "Anniversary reward",
        "{currency} 50 off around the day that the customer joined, once in each calendar month that those days "
        "touch: a segment of the day itself gives it once.",
        {
            "campaign_kind": "ANNIVERSARY",
            "short_desc": "A present around the day that you joined us.",
            "value_type": "amount",
            "value": Decimal(50),
        },
        limits={"uses_per_customer_month": 1},
        need=ANNIVERSARY,
    ),
    Template(
        "new-station-launch",
        "New station launch",
        "30 % off at new stations, three times for each customer.",
        _percent("NEW_STATION", 30, 150, short_desc="Try our new stations for less."),
        limits={"uses_per_customer": 3},
        need=_tag("new-station"),
    ),
    Template(
        "highway-special",
        "Highway special",
        "{currency} 1.50 off each kWh at stations on the highway, for sessions from 10 kWh on.",
        {
            "campaign_kind": "HIGHWAY_SPECIAL",
            "short_desc": "Less for each kWh on the highway.",
            "value": Decimal("1.50"),
            "min_energy_wh": 10_000,
            **_PER_KWH,
        },
        need=_tag("highway"),
    ),
    Template(
        "urban-rural-pricing",
        "Urban or rural pricing",
        "15 % off at rural stations; name another tag for those in the city.",
        _percent("URBAN_RURAL", 15, 75, short_desc="Charge for less outside of the city."),
        need=_tag("rural"),
    ),
    Template(
        "regional-promotion",
        "Regional promotion",
        "10 % off at the stations of a state; cities or a circle do as well.",
        _percent("REGIONAL", 10, 100, short_desc="Charge for less in this region."),
        need=REGION,
    ),
)
BY_KEY: Mapping[str, Template] = {template.key: template for template in TEMPLATES}
