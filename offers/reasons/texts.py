"""Each reason why an offer did not apply as a sentence without figures; every code has one."""

from __future__ import annotations

from collections.abc import Mapping

from offers.engine.values import ReasonCode

REASONS: Mapping[ReasonCode, str] = {
    ReasonCode.UNKNOWN: "There is no such offer",
    ReasonCode.NOT_LIVE: "It is not published",
    ReasonCode.PAUSED: "It is paused",
    ReasonCode.WITHDRAWN: "It is withdrawn",
    ReasonCode.ENDED: "It has ended",
    ReasonCode.NOT_YET_VALID: "It has not begun at the planned start",
    ReasonCode.OUTSIDE_WEEKLY_WINDOW: "The planned start is outside its weekly windows",
    ReasonCode.LOCATION: "It is not for this location",
    ReasonCode.ITEM: "It is not for this connector or these products",
    ReasonCode.CATEGORY: "It is not for what is bought here",
    ReasonCode.CURRENCY: "It is in another currency",
    ReasonCode.MIN_VALUE: "The session is worth less than its minimum",
    ReasonCode.NOT_OPTED_IN: "The driver did not choose it",
    ReasonCode.DECLINED: "The driver declined it",
    ReasonCode.CODE_REQUIRED: "Its code was not given",
    ReasonCode.TOTAL_USES: "All its uses are taken",
    ReasonCode.CUSTOMER_USES: "The customer has used it as often as it allows",
    ReasonCode.CUSTOMER_UNKNOWN: "It is limited per customer, and the customer is not known",
    ReasonCode.BUDGET: "Its budget does not reach",
    ReasonCode.NO_BENEFIT: "It would save nothing here",
    ReasonCode.NOT_ADDITIVE: "It does not combine with the offers that apply",
    ReasonCode.CUSTOMER_USES_DAY: "The customer has used it today as often as it allows",
    ReasonCode.CUSTOMER_USES_WEEK: "The customer has used it this week as often as it allows",
    ReasonCode.CUSTOMER_USES_MONTH: "The customer has used it this month as often as it allows",
    ReasonCode.BUDGET_DAY: "Its budget of today does not reach",
    ReasonCode.BETTER_SET: "Other offers together save more",
    ReasonCode.GROUP_TAKEN: "Only one offer of its group applies",
    ReasonCode.EXCLUDED: "It does not combine with a chosen offer",
    ReasonCode.STACK_FULL: "No more offers may be combined",
    ReasonCode.MAX_DISCOUNT: "The largest discount is reached",
    ReasonCode.SEGMENT: "It is for customers of a segment",
    ReasonCode.CODE_USED: "Its code was used already, or another order holds it",
    ReasonCode.LOCATION_TAG: "It is for locations with another tag",
    ReasonCode.AREA: "It is for another city or state",
    ReasonCode.DISTANCE: "It is for locations nearer to another point",
    ReasonCode.CHARGER: "It is for another charger",
    ReasonCode.CONNECTOR_CLASS: "It is for another kind of connector",
    ReasonCode.POWER: "It is for connectors of another power",
    ReasonCode.HOLIDAY: "The planned start is on the wrong side of its holidays",
    ReasonCode.BLACKOUT: "It does not apply on that date",
    ReasonCode.ENERGY: "The session's energy is outside its range",
    ReasonCode.SESSION_NUMBER: "It is for another session of the customer",
    ReasonCode.BUSY: "It holds while the location is less busy",
    ReasonCode.STOCK: "Too few are in stock",
    ReasonCode.SLAB: "The session's whole kWh are in none of its slabs",
    ReasonCode.COMBO_ITEMS: "Its items are not all in the session",
    ReasonCode.ITEM_COUNT: "Too little is bought for more to be given",
    ReasonCode.ITEM_NOT_SOLD: "What it gives is not sold at this location",
    ReasonCode.ITEM_STOCK: "What it gives is out of stock",
    ReasonCode.REDEMPTION_CAP: "What it gives is worth more than one redemption may cost",
    ReasonCode.GROUP_USES: "The customer's group has used it as often as it allows",
    ReasonCode.GROUP_USES_DAY: "The customer's group has used it today as often as it allows",
    ReasonCode.GROUP_USES_WEEK: "The customer's group has used it this week as often as it allows",
    ReasonCode.GROUP_USES_MONTH: "The customer's group has used it this month as often as it allows",
}


def reason_in_words(code: ReasonCode) -> str:
    """Return "The session is worth less than its minimum", without figures."""
    return REASONS[code]
