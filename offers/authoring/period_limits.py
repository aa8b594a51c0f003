"""Limits per day, week and month, kept in step with the counters of the periods that run."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F, Max

from offers.authoring.unread import readable
from offers.engine.periods import Period, Today
from offers.engine.values import OfferLimits
from offers.models import CustomerPeriodCounter, DayCounter, Offer, OfferState
from pricing.engine.wording import money_text

RUNNING = {Period.DAY: "today", Period.WEEK: "this week", Period.MONTH: "this month"}

# The release before wrote no day: it is the day of the reservation on the CPO's calendar.
_DATE = """
UPDATE offers_redemption r SET reserved_on = (e.at AT TIME ZONE %(zone)s)::date FROM offers_ledgerentry e
WHERE e.redemption_id = r.id AND e.kind = 'RESERVE' AND r.offer_id = %(offer)s AND r.reserved_on IS NULL
"""
_COUNT_USES = """
INSERT INTO offers_customerperiodcounter (offer_id, customer_id, period, starts_on, uses, limit_uses)
SELECT r.offer_id, r.customer_id, %(period)s, %(starts_on)s, SUM(e.uses), GREATEST(SUM(e.uses), %(limit)s)
FROM offers_ledgerentry e JOIN offers_redemption r ON r.id = e.redemption_id
WHERE r.offer_id = %(offer)s AND NOT e.sandbox AND r.customer_id IS NOT NULL
  AND date_trunc(%(period)s, r.reserved_on::timestamp)::date = %(starts_on)s
GROUP BY r.offer_id, r.customer_id HAVING SUM(e.uses) > 0
"""
_MARK_USES = """
UPDATE offers_redemption SET counted_periods = array_append(counted_periods, %(period)s)
WHERE offer_id = %(offer)s AND NOT sandbox AND state <> 'RELEASED' AND customer_id IS NOT NULL
  AND date_trunc(%(period)s, reserved_on::timestamp)::date = %(starts_on)s
"""
_UNMARK_USES = """
UPDATE offers_redemption SET counted_periods = array_remove(counted_periods, %(period)s)
WHERE offer_id = %(offer)s AND %(period)s = ANY(counted_periods)
"""
_COUNT_DAY = """
INSERT INTO offers_daycounter (offer_id, day, paused, limit_budget, budget_reserved, budget_committed)
SELECT %(offer)s, %(day)s, %(paused)s, GREATEST(reserved + committed, %(limit)s), reserved, committed FROM (
    SELECT COALESCE(SUM(amount) FILTER (WHERE NOT settled), 0) AS reserved,
           COALESCE(SUM(amount) FILTER (WHERE settled), 0) AS committed
    FROM (
        SELECT bool_or(e.kind = 'COMMIT') AS settled,
               SUM(CASE WHEN e.kind = 'COMMIT' THEN e.amount
                        WHEN e.kind = 'REVERSE' THEN -e.amount
                        WHEN r.state = 'RESERVED' THEN e.amount ELSE 0 END) AS amount
        FROM offers_ledgerentry e JOIN offers_redemption r ON r.id = e.redemption_id
        WHERE r.offer_id = %(offer)s AND NOT e.sandbox AND r.reserved_on = %(day)s AND r.state <> 'RELEASED'
        GROUP BY e.redemption_id
    ) per_redemption
) sums WHERE reserved + committed > 0
"""
_MARK_DAY = """
UPDATE offers_redemption SET counted_day = true
WHERE offer_id = %(offer)s AND NOT sandbox AND state <> 'RELEASED' AND reserved_on = %(day)s
"""


def period_switches(before: OfferLimits, after: OfferLimits) -> bool:
    """Tell whether a counter of periods is to be made or dropped."""
    days = (before.budget_per_day is None) != (after.budget_per_day is None)
    return days or before.per_period.keys() != after.per_period.keys()


def keep_period_counters(offer: Offer, before: OfferLimits, after: OfferLimits, today: Today) -> None:
    """Make, drop and limit customers' counters of the running periods; inside the lock that the change needs.

    Raises ValidationError where a limit is below what is used in the running period.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DATE, {"offer": offer.pk, "zone": today.zone})
    for period in Period:
        _keep_uses(offer, period, (before.per_period.get(period), after.per_period.get(period)), today)


def contradictions(limits: OfferLimits) -> Iterator[tuple[str, str]]:
    """Yield, by field, what of limits per period could never hold together with the others."""
    spans = [
        ("uses_per_customer_day", "a day"),
        ("uses_per_customer_week", "a week"),
        ("uses_per_customer_month", "a month"),
        ("uses_per_customer", "all"),
    ]
    read = readable(limits, dict(spans))
    figures = [(name, span, getattr(limits, name)) for name, span in spans if name in read]
    given = [(name, span, figure) for name, span, figure in figures if figure is not None]
    for (name, _, least), (_, span, most) in pairwise(given):
        if least > most:
            uses = "1 use" if most == 1 else f"{most} uses"
            yield name, f"A customer has {uses} in {span} at most: lower this to {most}, or raise that."


def daily_budget(limits: OfferLimits) -> Iterator[tuple[str, str]]:
    """Yield, by field, what of the budget of a day could never hold together with the other amounts."""
    day = limits.budget_per_day
    if day is None:
        return
    whole = limits.budget if readable(limits, ["budget"]) else None
    if whole is not None and day > whole:
        yield "budget_per_day", "The budget of a day is above the whole budget: lower it, or leave it empty."
    cap = limits.redemption_cap
    if cap is None:
        yield "redemption_cap", "A budget needs a limit per redemption: set “most per redemption”."
    elif cap > day:
        yield "redemption_cap", "One redemption may not exceed the budget of a day: lower it."


def _keep_uses(offer: Offer, period: Period, limits: tuple[int | None, int | None], today: Today) -> None:
    before, limit = limits
    rows = CustomerPeriodCounter.objects.filter(offer=offer, period=period)
    values: dict[str, Any] = {
        "offer": offer.pk,
        "period": period.value,
        "starts_on": today.start_of(period),
        "limit": limit,
    }
    if limit is None:
        if before is not None:
            rows.delete()
            _run(_UNMARK_USES, values)
        return
    if before is None:
        _run(_COUNT_USES, values)
        _run(_MARK_USES, values)
    # Whoever reserves past midnight may have begun the next period already.
    running = rows.filter(starts_on__gte=today.start_of(period))
    most = running.aggregate(most=Max("uses"))["most"] or 0
    if limit < most:
        message = (
            f"A customer has {most} uses reserved or used {RUNNING[period]} already: set {most} or more, "
            "or pause the offer."
        )
        raise ValidationError({f"uses_per_customer_{period.value.lower()}": message})
    running.exclude(limit_uses=limit).update(limit_uses=limit)


def keep_day_counters(offer: Offer, before: OfferLimits, after: OfferLimits, today: Today) -> None:
    """Make, drop and limit the budgets of days, once `keep_period_counters` has dated what is counted.

    Raises ValidationError where the budget is below what is spent today.
    """
    limit = after.budget_per_day
    rows = DayCounter.objects.filter(offer=offer)
    if limit is None:
        if before.budget_per_day is not None:
            rows.delete()
            offer.redemptions.filter(counted_day=True).update(counted_day=False)
        return
    if before.budget_per_day is None:
        paused = offer.state in {OfferState.PAUSED, OfferState.WITHDRAWN, OfferState.ENDED, OfferState.ARCHIVED}
        values = {"offer": offer.pk, "day": today.day, "limit": limit, "paused": paused}
        _run(_COUNT_DAY, values)
        _run(_MARK_DAY, values)
    running = rows.filter(day__gte=today.day)
    spent = running.aggregate(most=Max(F("budget_reserved") + F("budget_committed")))["most"] or Decimal(0)
    if limit < spent:
        figure = money_text(spent, offer.cpo.currency)
        message = f"{figure} are reserved or spent today already: set that or more, or pause the offer."
        raise ValidationError({"budget_per_day": message})
    running.exclude(limit_budget=limit).update(limit_budget=limit)


def _run(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
