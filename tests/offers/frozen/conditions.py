"""Frozen quotes of places, days, customers, codes, limits by the calendar, and offers that do not combine."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Rule, Segment
from offers.engine.facts import Circle, Current, Holiday, HolidayChoice, HolidayRule, Levels, PlaceFacts, StockLevel
from offers.engine.periods import Period
from offers.engine.proof import Evidence, LockedContext
from offers.engine.values import CodeStanding, OfferContext, SentCode, StackLimits, Usage
from tests.offers.engine.samples import context, offer, rupees_off
from tests.pricing.engine.samples import PLAIN, SATURDAY, delivered, kwh, window

SITE = PlaceFacts(
    tags=frozenset({"highway"}),
    areas=frozenset({"New Delhi", "std:011"}),
    state="Delhi",
    latitude=Decimal("28.631451"),
    longitude=Decimal("77.216667"),
    charger_id="EVSE-1",
    connector_type="CCS2",
    current="DC",
    max_power_w=30_000,
)
NEAR, FAR = (Circle(Decimal("28.61"), Decimal("77.21"), Decimal(radius)) for radius in ("2.5", "2"))
DIWALI = Holiday(SATURDAY.date(), "Diwali")


def at(*names: str, **said: object) -> OfferContext:
    """Return a buyer at the site who named these offers."""
    return context(opted_in=frozenset(names), place=SITE, **said)


def of(judged: OfferContext, *offers: object, energy: str = "5") -> Evidence:
    return Evidence(kwh(energy), PLAIN, offers, judged)  # type: ignore[arg-type]


def gold(*conditions: Condition) -> tuple[Segment, ...]:
    return (Segment("gold", "Gold", (Rule("gold", "Gold", True, conditions),)),)


TIER = Condition(Fact.TIER, ("Gold",))
MEMBER = CustomerFacts(tier="Gold", sessions=3, sessions_within=((30, 3),))
USED, TWICE = dict.fromkeys(Period, 1), dict.fromkeys(Period, 2)
SPANS = ("uses_per_customer", "uses_per_customer_day", "uses_per_customer_week", "uses_per_customer_month")

CONDITIONS: dict[str, Evidence] = {
    "place_that_fits": of(
        at("here"),
        offer(
            "here",
            location_tags=frozenset({"highway"}),
            cities=frozenset({"new delhi"}),
            states=frozenset({"delhi"}),
            circle=NEAR,
            charger_ids=frozenset({"EVSE-1"}),
            connector_types=frozenset({"CCS2"}),
            currents=frozenset({Current.DC}),
            min_power_w=30_000,
            max_power_w=30_000,
        ),
    ),
    "places_that_do_not_fit": of(
        at("tag", "city", "circle", "charger", "class", "current", "power"),
        offer("tag", location_tags=frozenset({"urban"})),
        offer("city", cities=frozenset({"Mumbai"})),
        offer("circle", circle=FAR),
        offer("charger", charger_ids=frozenset({"EVSE-2"})),
        offer("class", connector_types=frozenset({"CHADEMO"})),
        offer("current", currents=frozenset({Current.AC})),
        offer("power", min_power_w=30_001),
    ),
    "days_that_fit": of(
        at(),
        offer(
            holidays=HolidayRule("delhi", "Delhi", HolidayChoice.ONLY, (DIWALI,)),
            blackout_dates=frozenset({date(2026, 1, 1)}),
        ),
    ),
    "days_that_do_not_fit": of(
        at("except", "blackout"),
        offer("except", holidays=HolidayRule("delhi", "Delhi", HolidayChoice.EXCEPT, (DIWALI,))),
        offer("blackout", blackout_dates=frozenset({SATURDAY.date()})),
    ),
    "windows_on_days_that_do_not_fit": of(
        at("evening", "over"),
        offer("evening", weekly_windows=(window("18:00", "21:00"),), blackout_dates=frozenset({SATURDAY.date()})),
        offer("over", weekly_windows=(window("18:00", "21:00"),), valid_until=SATURDAY + timedelta(hours=8)),
    ),
    "energy_at_both_edges": of(at(), offer(min_wh=5_000, max_wh=5_000)),
    "energy_one_wh_above": of(at(), offer(max_wh=4_999)),
    "bill_one_wh_below_its_range": Evidence(
        delivered((0, 0), (20, 4_999), stop=20), PLAIN, (offer(min_wh=5_000),), LockedContext({}, "EV_CHARGING")
    ),
    "first_session_of_a_returning_driver": of(
        at(customer_known=True, identity_required=True, customer_sessions=1), offer(nth_session=1)
    ),
    "fifth_session": of(at(customer_known=True, identity_required=True, customer_sessions=4), offer(nth_session=5)),
    "quiet_and_stocked": of(
        at(levels=Levels(2, 10, (StockLevel("coffee", 5),))),
        offer(max_busy_percent=30, stock_product_id="coffee", stock_at_least=5),
    ),
    "busy_and_short_of_stock": of(
        at("quiet", "stocked", levels=Levels(3, 10, (StockLevel("coffee", 4),))),
        offer("quiet", max_busy_percent=30),
        offer("stocked", stock_product_id="coffee", stock_at_least=5),
    ),
    "segment_of_the_customer": of(at(customer_known=True, customer=MEMBER), offer(segments=gold(TIER))),
    "segment_of_nobody_known": of(at(), offer(segments=gold(TIER))),
    "segment_of_others": of(
        at(customer_known=True, customer=MEMBER, identity_required=True),
        offer(segments=gold(TIER, Condition(Fact.SESSIONS, number=4, days=30))),
    ),
    "single_use_code_that_is_free": of(
        at(single_use={"own": SentCode(7, CodeStanding.FREE)}),
        offer("own", requires_code=True, single_use=True, auto=False),
    ),
    "single_use_code_that_was_used": of(
        at(single_use={"own": SentCode(7, CodeStanding.USED)}),
        offer("own", requires_code=True, single_use=True, auto=False),
    ),
    "once_a_day_week_and_month": of(
        at(
            "day",
            "week",
            "month",
            customer_known=True,
            usage=dict.fromkeys(("day", "week", "month"), Usage(customer_uses=1, customer_period_uses=USED)),
        ),
        offer("day", uses_per_customer_day=1),
        offer("week", uses_per_customer_week=1),
        offer("month", uses_per_customer_month=1),
    ),
    "used_up_by_the_family": of(
        at(
            *SPANS,
            customer_known=True,
            usage=dict.fromkeys(SPANS, Usage(customer_uses=0, group_uses=2, group_period_uses=TWICE)),
        ),
        *(offer(name, shared_in_groups=True, **{name: 2}) for name in SPANS),
    ),
    "left_to_the_family": of(
        at(customer_known=True, usage={"weekend": Usage(customer_uses=0, group_uses=1, group_period_uses=USED)}),
        offer(uses_per_customer=2, uses_per_customer_month=2, shared_in_groups=True),
    ),
    "budget_of_a_day_short_by_a_paisa": of(
        at(usage={"weekend": Usage(budget_used_today=Decimal("77.51"))}),
        offer(budget_per_day=Decimal(100), redemption_cap=Decimal("22.50")),
    ),
    "one_of_a_group": of(
        at(),
        offer("first", "20", additive=True, exclusivity_group="night"),
        offer("second", "10", additive=True, exclusivity_group="night"),
        offer("third", "5", additive=True),
    ),
    "never_together": of(
        at(),
        offer("one", "20", additive=True, excludes=frozenset({"two"})),
        offer("two", "10", additive=True),
        offer("three", "5", additive=True),
    ),
    "stack_of_two": of(
        at(stack=StackLimits(2)),
        *(offer(name, value, additive=True) for name, value in (("a", "20"), ("b", "10"), ("c", "5"))),
    ),
    "largest_discount_cuts_the_last": of(
        at(stack=StackLimits(None, Decimal(25))),
        *(offer(name, value, additive=True) for name, value in (("a", "20"), ("b", "10"), ("c", "5"))),
    ),
    "bill_cut_at_the_largest_discount": Evidence(
        delivered((0, 0), (20, 5_200), stop=20),
        PLAIN,
        (offer("a", "20", additive=True), rupees_off("b", "20", additive=True)),
        LockedContext({}, "EV_CHARGING", Decimal(30)),
    ),
}
