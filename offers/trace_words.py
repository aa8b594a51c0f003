"""The trace of a quote in plain words: what became of each offer, and why."""

from __future__ import annotations

from collections.abc import Mapping

from offers.engine.values import Certificate, Check, OfferOutcome, OfferTrace, Outcome, ReasonCode
from pricing.engine.wording import money_text

OUTCOMES = {
    Outcome.APPLIED: "Applied",
    Outcome.ELIGIBLE_NOT_CHOSEN: "Eligible, not chosen",
    Outcome.INELIGIBLE: "Not eligible",
    Outcome.LIMITED: "Limit reached",
}

_REASONS = {
    ReasonCode.UNKNOWN: "There is no such offer",
    ReasonCode.NOT_LIVE: "It is not published",
    ReasonCode.PAUSED: "It is paused",
    ReasonCode.WITHDRAWN: "It is withdrawn",
    ReasonCode.ENDED: "It has ended",
    ReasonCode.NOT_YET_VALID: "It has not begun at the planned start",
    ReasonCode.OUTSIDE_WEEKLY_WINDOW: "The planned start is outside its weekly windows",
    ReasonCode.LOCATION: "It is not for this location",
    ReasonCode.ITEM: "It is not for this connector or these products",
    ReasonCode.CATEGORY: "It is not for these categories",
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
_WITHOUT_FIGURES = {
    ReasonCode.PAUSED,
    ReasonCode.WITHDRAWN,
    ReasonCode.NOT_LIVE,
    ReasonCode.UNKNOWN,
    ReasonCode.NOT_OPTED_IN,
    ReasonCode.DECLINED,
    ReasonCode.CODE_USED,
}
#: Their margin says it all; the figures beside it are instants and sums for machines.
_MARGIN_ALONE = {
    ReasonCode.BLACKOUT,
    ReasonCode.NOT_YET_VALID,
    ReasonCode.ENDED,
    ReasonCode.NOT_ADDITIVE,
    ReasonCode.BETTER_SET,
    ReasonCode.GROUP_TAKEN,
    ReasonCode.EXCLUDED,
    ReasonCode.STACK_FULL,
    ReasonCode.MAX_DISCOUNT,
}


def reason_in_words(code: ReasonCode) -> str:
    """Return "The session is worth less than its minimum", without figures."""
    return _REASONS.get(code, code.value)


def check_in_words(check: Check) -> str:
    """Return "The session is worth less than its minimum: 45.00 instead of 50.00 (₹5.00 short)."."""
    text = reason_in_words(check.code)
    if check.code in _WITHOUT_FIGURES or check.field == "state":
        return f"{text}."
    if check.expected and check.actual and check.code not in _MARGIN_ALONE:
        text = f"{text}: {check.actual} instead of {check.expected}"
    return f"{text} ({check.margin})." if check.margin else f"{text}."


def outcome_in_words(outcome: OfferOutcome) -> str:
    """Return what became of an offer as one sentence."""
    reason = outcome.reason
    saving = money_text(outcome.saving.amount, outcome.saving.currency)
    if outcome.outcome is Outcome.APPLIED:
        if not outcome.saving.amount:
            return "It stands beside the order."
        cut = next((x.margin for x in outcome.checks if x.code is ReasonCode.MAX_DISCOUNT), "")
        text = f"It saves {saving} ({cut})." if cut else f"It saves {saving}."
    elif reason is not None:
        text = check_in_words(reason)
    else:
        text = f"It would save {saving}."
    return f"{text} It depends on who the customer is." if outcome.depends_on_identity else text


def choice_in_words(trace: OfferTrace, names: Mapping[str, str] | None = None) -> str:
    """Return which offers were chosen and how the second best set would have done; by id, or by their `names`."""
    called = names or {}
    if not trace.chosen:
        return "No offer applies."
    text = f"Chosen: {', '.join(called.get(x, x) for x in trace.chosen)}."
    if trace.most is not None and trace.cut is not None:
        cut, most = (money_text(x.amount, x.currency) for x in (trace.cut, trace.most))
        text += f" Together they are cut by {cut} to {most}, the largest discount that is allowed."
    if trace.runner_up and trace.difference is not None:
        gap = money_text(abs(trace.difference.amount), trace.difference.currency)
        more = "less" if trace.difference.amount > 0 else "more"
        saved = f"would have saved {gap} {more}" if trace.difference.amount else "saves the same"
        text += f" The next best, {', '.join(called.get(x, x) for x in trace.runner_up)}, {saved}."
    if trace.certificate is Certificate.BOUNDED:
        text += f" The search was cut short; no set saves more than {trace.gap} on top."
    return text
