"""A failing check of each reason, and the words that people read."""

from __future__ import annotations

from offers.engine.values import Check, ReasonCode
from offers.reasons.parts import Names

NAMES = Names(
    locations={"loc-2": "Noida Hub"},
    items={"coffee": "Coffee", "tea": "Tea"},
    categories={"HOT_DRINKS": "hot drinks (Coffee and Tea)"},
    chargers={"EVSE-2": "Charger 2"},
    areas={"std:011": "New Delhi", "std:0120": "Noida"},
    lists={"vip-1": "Very important drivers"},
    offers={"off-2": "Weekend special", "off-3": "Night", "off-4": "Club", "off-5": "Hub"},
    currency="INR",
)
MORE = "the chosen set saves ₹5.00 more"
UNTIL, START = "2026-11-07T04:30:00+00:00", "2026-11-07T05:30:00+00:00"
R = ReasonCode
#: A failing check of each reason with its figures alone, as it was stored at first; its words with names and
#: the currency, and those without where they differ.
ROWS: dict[str, tuple[Check, str, str]] = {
    "unknown": (
        Check(R.UNKNOWN, "offer_id", "an offer of this CPO", "no such offer", False),
        "There is no such offer.",
        "",
    ),
    "not-live": (Check(R.NOT_LIVE, "state", "APPROVED", "DRAFT", False), "It is not published.", ""),
    "paused": (Check(R.PAUSED, "state", "APPROVED", "PAUSED", False), "It is paused.", ""),
    "withdrawn": (Check(R.WITHDRAWN, "state", "APPROVED", "WITHDRAWN", False), "It is withdrawn.", ""),
    "ended": (Check(R.ENDED, "state", "APPROVED", "ENDED", False), "It has ended.", ""),
    "over": (
        Check(R.ENDED, "applicability.valid_until", UNTIL, START, False, "1 h too late"),
        "It has ended (1 h too late).",
        "",
    ),
    "too-early": (
        Check(R.NOT_YET_VALID, "applicability.valid_from", START, UNTIL, False, "1 h too early"),
        "It has not begun at the planned start (1 h too early).",
        "",
    ),
    "window": (
        Check(
            R.OUTSIDE_WEEKLY_WINDOW,
            "applicability.weekly_windows",
            "one of 2 windows",
            "Sat 10:00",
            False,
            "next window Mon 09:00",
        ),
        "The planned start, Sat 10:00, is outside its weekly windows (next window Mon 09:00).",
        "",
    ),
    "location": (
        Check(R.LOCATION, "applicability.location_ids", "loc-2", "loc-1", False),
        "It is not for this location: it is for Noida Hub.",
        "It is not for this location.",
    ),
    "locations": (
        Check(R.LOCATION, "applicability.location_ids", "one of 3", "loc-1", False),
        "It is not for this location: it is for 3 others.",
        "",
    ),
    "item": (
        Check(R.ITEM, "applicability.item_ids", "coffee", "con-1", False),
        "It is not for this connector or these products: it is for Coffee.",
        "It is not for this connector or these products.",
    ),
    "category": (
        Check(R.CATEGORY, "applicability.categories", "HOT_DRINKS", "EV_CHARGING", False),
        "It is not for what is bought here: it is for hot drinks (Coffee and Tea).",
        "It is not for what is bought here.",
    ),
    "categories": (
        Check(R.CATEGORY, "applicability.categories", "one of 2", "EV_CHARGING", False),
        "It is not for what is bought here: it is for 2 others.",
        "",
    ),
    "currency": (
        Check(R.CURRENCY, "currency", "INR", "USD", False),
        "It is in USD, and the session is priced in INR.",
        "",
    ),
    "minimum": (
        Check(R.MIN_VALUE, "qualifier.min_value", "50.00", "45.00", False, "₹5.00 short"),
        "The session is worth less than its minimum: ₹45.00 instead of ₹50.00 (₹5.00 short).",
        "The session is worth less than its minimum: 45.00 instead of 50.00 (₹5.00 short).",
    ),
    "not-chosen": (
        Check(R.NOT_OPTED_IN, "selection.apply", "yes", "not chosen", False),
        "The driver did not choose it.",
        "",
    ),
    "declined": (Check(R.DECLINED, "selection.apply", "yes", "no", False), "The driver declined it.", ""),
    "code": (
        Check(R.CODE_REQUIRED, "display_code", "the offer's code", "not sent", False),
        "Its code was not given.",
        "",
    ),
    "all-uses": (
        Check(R.TOTAL_USES, "limits.total_uses", "100", "100", False, "0 left"),
        "All its uses are taken: 100 of 100.",
        "",
    ),
    "own-uses": (
        Check(R.CUSTOMER_USES, "limits.uses_per_customer", "1", "1", False, "0 left"),
        "The customer has used it as often as it allows: 1 of 1.",
        "",
    ),
    "uses-today": (
        Check(
            R.CUSTOMER_USES_DAY, "limits.uses_per_customer_day", "2", "2", False, "0 left, again from tomorrow 00:00"
        ),
        "The customer has used it today as often as it allows: 2 of 2 (again from tomorrow 00:00).",
        "",
    ),
    "uses-this-week": (
        Check(R.CUSTOMER_USES_WEEK, "limits.uses_per_customer_week", "2", "2", False, "0 left, again from Mon 00:00"),
        "The customer has used it this week as often as it allows: 2 of 2 (again from Mon 00:00).",
        "",
    ),
    "uses-this-month": (
        Check(
            R.CUSTOMER_USES_MONTH, "limits.uses_per_customer_month", "2", "2", False, "0 left, again from 1 Dec 00:00"
        ),
        "The customer has used it this month as often as it allows: 2 of 2 (again from 1 Dec 00:00).",
        "",
    ),
    "uses-of-the-family": (
        Check(R.GROUP_USES, "limits.uses_per_customer", "1", "", False, "used up by the group"),
        "The customer's group has used it as often as it allows.",
        "",
    ),
    "uses-of-the-family-today": (
        Check(R.GROUP_USES_DAY, "limits.uses_per_customer_day", "1", "", False, "used up by the group, again tomorrow"),
        "The customer's group has used it today as often as it allows (again tomorrow).",
        "",
    ),
    "uses-of-the-family-this-week": (
        Check(
            R.GROUP_USES_WEEK,
            "limits.uses_per_customer_week",
            "2",
            "",
            False,
            "used up by the group, again from Mon 00:00",
        ),
        "The customer's group has used it this week as often as it allows (again from Mon 00:00).",
        "",
    ),
    "uses-of-the-family-this-month": (
        Check(
            R.GROUP_USES_MONTH,
            "limits.uses_per_customer_month",
            "2",
            "",
            False,
            "used up by the group, again from 1 Dec 00:00",
        ),
        "The customer's group has used it this month as often as it allows (again from 1 Dec 00:00).",
        "",
    ),
    "nobody": (
        Check(R.CUSTOMER_UNKNOWN, "limits.uses_per_customer", "phone or e-mail", "none given", False),
        "It is limited per customer, and the customer is not known.",
        "",
    ),
    "budget": (
        Check(R.BUDGET, "limits.budget", "100.00", "99.99", False, "₹0.01 short"),
        "Its budget does not reach: ₹99.99 instead of ₹100.00 (₹0.01 short).",
        "Its budget does not reach: 99.99 instead of 100.00 (₹0.01 short).",
    ),
    "budget-today": (
        Check(R.BUDGET_DAY, "limits.budget_per_day", "60.00", "0.00", False, "₹60.00 short, again from tomorrow 00:00"),
        "Its budget of today does not reach: ₹0.00 instead of ₹60.00 (₹60.00 short, again from tomorrow 00:00).",
        "Its budget of today does not reach: 0.00 instead of 60.00 (₹60.00 short, again from tomorrow 00:00).",
    ),
    "nothing-saved": (
        Check(R.NO_BENEFIT, "benefit", "a saving", "0.00", False, "nothing to take it from"),
        "It would save nothing here.",
        "",
    ),
    "alone": (
        Check(R.NOT_ADDITIVE, "additive", "90.00", "85.00", False, MORE),
        f"It does not combine with the offers that apply ({MORE}).",
        "",
    ),
    "better": (
        Check(R.BETTER_SET, "additive", "90.00", "85.00", False, MORE),
        f"Other offers together save more ({MORE}).",
        "",
    ),
    "group": (
        Check(R.GROUP_TAKEN, "exclusivity_group", "grp", "off-2", False, f"grp is taken by off-2; {MORE}"),
        f"Only one offer of its group applies, and Weekend special is chosen ({MORE}).",
        f"Only one offer of its group applies, and another is chosen ({MORE}).",
    ),
    "excluded": (
        Check(R.EXCLUDED, "excludes", "off-1", "off-2", False, f"off-2 is chosen; {MORE}"),
        f"It does not combine with Weekend special ({MORE}).",
        f"It does not combine with a chosen offer ({MORE}).",
    ),
    "stack": (
        Check(R.STACK_FULL, "policy.max_stack", "2", "3", False, f"2 of 2 are chosen; {MORE}"),
        f"No more offers may be combined (2 of 2 are chosen; {MORE}).",
        "",
    ),
    "largest": (
        Check(
            R.MAX_DISCOUNT, "policy.max_discount_percent", "30.00", "40.00", False, "₹30.00 are given, 30 % of energy"
        ),
        "The largest discount is reached (₹30.00 are given, 30 % of energy).",
        "",
    ),
    "segment": (
        Check(R.SEGMENT, "applicability.segment_ids", "3 sessions", "2 sessions", False, "Regulars: 2 of 3 sessions"),
        "It is for customers of a segment: 2 sessions instead of 3 sessions (Regulars: 2 of 3 sessions).",
        "",
    ),
    "segment-of-nobody": (
        Check(R.SEGMENT, "applicability.segment_ids", "a phone number or e-mail address", "none", False, "Regulars"),
        "It is for customers of a segment, and the customer is not known (Regulars).",
        "",
    ),
    "segment-by-list": (
        Check(R.SEGMENT, "applicability.segment_ids", "on vip-1", "not on it", False, "Guests"),
        "It is for customers of a segment: not on the list Very important drivers (Guests).",
        "It is for customers of a segment: not on its list (Guests).",
    ),
    "used-code": (
        Check(R.CODE_USED, "single_use_code", "unused", "used", False),
        "Its code was used already, or another order holds it.",
        "",
    ),
    "tag": (
        Check(R.LOCATION_TAG, "applicability.location_tags", "highway", "none", False),
        "It is for locations with another tag: highway.",
        "",
    ),
    "city": (
        Check(R.AREA, "applicability.cities", "std:0120", "New Delhi, std:011", False),
        "It is for another city or state: New Delhi instead of Noida.",
        "It is for another city or state.",
    ),
    "distance": (
        Check(R.DISTANCE, "applicability.circle", "within 1 km", "2.413 km", False, "1.413 km too far"),
        "It is for locations nearer to another point: 2.413 km instead of within 1 km (1.413 km too far).",
        "",
    ),
    "charger": (
        Check(R.CHARGER, "applicability.charger_ids", "EVSE-2", "EVSE-1", False),
        "It is for another charger: it is for Charger 2.",
        "It is for another charger.",
    ),
    "connector": (
        Check(R.CONNECTOR_CLASS, "applicability.connector_types", "IS_17017_2_6", "BHARAT_AC_001", False),
        "It is for another kind of connector: Bharat AC-001 instead of IS 17017-2-6 (light EV).",
        "",
    ),
    "power": (
        Check(R.POWER, "applicability.min_power_w", "50 kW", "30 kW", False, "20 kW too weak"),
        "It is for connectors of another power: 30 kW instead of 50 kW (20 kW too weak).",
        "",
    ),
    "no-holiday": (
        Check(
            R.HOLIDAY,
            "applicability.holidays",
            "a holiday of India",
            "2026-11-07",
            False,
            "next holiday Diwali, 8 Nov 2026",
        ),
        "It holds only on a holiday of India (next holiday Diwali, 8 Nov 2026).",
        "",
    ),
    "holiday": (
        Check(R.HOLIDAY, "applicability.holidays", "no holiday of India", "2026-11-08 Diwali", False, "not on Diwali"),
        "It does not hold on a holiday of India (not on Diwali).",
        "",
    ),
    "blackout": (
        Check(R.BLACKOUT, "applicability.blackout_dates", "no blackout date", "2026-11-08", False, "not on 8 Nov 2026"),
        "It does not apply on that date (not on 8 Nov 2026).",
        "",
    ),
    "energy": (
        Check(R.ENERGY, "qualifier.min_wh", "10 kWh", "9.99 kWh", False, "0.01 kWh short"),
        "The session's energy is outside its range: 9.99 kWh instead of 10 kWh (0.01 kWh short).",
        "",
    ),
    "session-number": (
        Check(R.SESSION_NUMBER, "qualifier.nth_session", "5", "3", False, "2 sessions to go"),
        "It is for session 5 of the customer, and this is session 3 (2 sessions to go).",
        "",
    ),
    "session-of-nobody": (
        Check(R.SESSION_NUMBER, "qualifier.nth_session", "phone or e-mail", "none given", False),
        "It is for another session of the customer, and the customer is not known.",
        "",
    ),
    "busy": (
        Check(R.BUSY, "qualifier.max_busy_percent", "under 30 %", "3 of 4 chargers", False),
        "It holds while under 30 % of the chargers are busy, and 3 of 4 chargers are.",
        "",
    ),
    "busy-unknown": (
        Check(R.BUSY, "qualifier.max_busy_percent", "under 30 %", "not known", False),
        "It holds while under 30 % of the chargers are busy, and how many are, is not known.",
        "",
    ),
    "stock": (
        Check(R.STOCK, "stock.coffee", "2", "1", False, "1 short"),
        "Too few of Coffee are in stock: 1 instead of 2 (1 short).",
        "Too few are in stock: 1 instead of 2 (1 short).",
    ),
    "slab": (
        Check(R.SLAB, "benefit.slabs", "10–19 kWh", "9.99 kWh", False, "0.01 kWh short"),
        "The session's whole kWh are in none of its slabs: 9.99 kWh instead of 10–19 kWh (0.01 kWh short).",
        "",
    ),
    "combination": (
        Check(R.COMBO_ITEMS, "qualifier.item_ids", "all of 3 items", "1 of 3", False, "coffee and tea are missing"),
        "Its items are not all in the session: Coffee and Tea are missing.",
        "Its items are not all in the session: 1 of 3.",
    ),
    "count": (
        Check(R.ITEM_COUNT, "qualifier.item_count", "2", "1", False, "1 short"),
        "Too little is bought for more to be given: 1 instead of 2 (1 short).",
        "",
    ),
    "gift-not-sold": (
        Check(R.ITEM_NOT_SOLD, "benefit.item_id", "coffee", "not sold there", False),
        "What it gives, Coffee, is not sold at this location.",
        "What it gives is not sold at this location.",
    ),
    "gift-out-of-stock": (
        Check(R.ITEM_STOCK, "stock.coffee", "2", "1", False, "1 short"),
        "What it gives, Coffee, is out of stock: 1 instead of 2 (1 short).",
        "What it gives is out of stock: 1 instead of 2 (1 short).",
    ),
    "gift-above-the-cap": (
        Check(R.REDEMPTION_CAP, "limits.redemption_cap", "59.99", "60.00", False, "₹0.01 above it"),
        "What it gives is worth more than one redemption may cost: ₹60.00 instead of ₹59.99 (₹0.01 above it).",
        "What it gives is worth more than one redemption may cost: 60.00 instead of 59.99 (₹0.01 above it).",
    ),
}
