"""Limits per customer that groups share, kept in step with the counters of groups.

What is counted of a group follows from the redemptions that remember it, and from which counters hold their use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Max

from offers.authoring.period_limits import RUNNING
from offers.engine.periods import Period, Today
from offers.engine.values import OfferLimits
from offers.models import GroupCounter, GroupPeriodCounter, Offer, Redemption, RedemptionState
from offers.models.definitions import NOTHING_TO_SHARE

# Who was never asked for groups, for nothing was shared then, is counted in those of now.
_REMEMBER = """
UPDATE offers_redemption r SET groups = ARRAY(
    SELECT m.group_id FROM charging_customergroupmember m WHERE m.customer_id = r.customer_id ORDER BY m.group_id)
WHERE r.offer_id = %(offer)s AND NOT r.sandbox AND r.state <> 'RELEASED' AND r.customer_id IS NOT NULL
  AND r.groups IS NULL
"""
# Groups that are remembered and there; none goes while it is counted.
_LOCK = """
SELECT g.id FROM charging_customergroup g
WHERE g.id IN (SELECT unnest(r.groups) FROM offers_redemption r WHERE r.offer_id = %(offer)s)
ORDER BY g.id FOR KEY SHARE
"""
_LEAVE_OUT_THE_GONE = """
UPDATE offers_redemption SET groups = ARRAY(SELECT g FROM unnest(groups) AS g WHERE g = ANY(%(there)s::bigint[]))
WHERE offer_id = %(offer)s AND NOT groups <@ %(there)s::bigint[]
"""
_COUNT_EVER = """
INSERT INTO offers_groupcounter (offer_id, group_id, uses, limit_uses)
SELECT r.offer_id, g.id, SUM(e.uses), GREATEST(SUM(e.uses), %(limit)s)
FROM offers_ledgerentry e JOIN offers_redemption r ON r.id = e.redemption_id CROSS JOIN unnest(r.groups) AS g(id)
WHERE r.offer_id = %(offer)s AND NOT e.sandbox AND r.counted_groups AND r.counted_customer
GROUP BY r.offer_id, g.id HAVING SUM(e.uses) > 0
"""
_COUNT_PERIODS = """
INSERT INTO offers_groupperiodcounter (offer_id, group_id, period, starts_on, uses, limit_uses)
SELECT r.offer_id, g.id, %(period)s, date_trunc(%(period)s, r.reserved_on::timestamp)::date, SUM(e.uses),
    GREATEST(SUM(e.uses), %(limit)s)
FROM offers_ledgerentry e JOIN offers_redemption r ON r.id = e.redemption_id CROSS JOIN unnest(r.groups) AS g(id)
WHERE r.offer_id = %(offer)s AND NOT e.sandbox AND r.counted_groups AND %(period)s = ANY(r.counted_periods)
GROUP BY 1, 2, 3, 4 HAVING SUM(e.uses) > 0
"""


def sharing_switches(before: OfferLimits, after: OfferLimits) -> bool:
    """Tell whether the counters of groups are to be made or dropped as a whole."""
    return before.shared_in_groups != after.shared_in_groups


def nothing_to_share(limits: OfferLimits) -> Iterator[tuple[str, str]]:
    """Yield, by field, that sharing without a limit per customer means nothing."""
    if limits.shared_in_groups and not limits.is_personal:
        yield "shared_in_groups", NOTHING_TO_SHARE


def keep_group_counters(offer: Offer, before: OfferLimits, after: OfferLimits, today: Today) -> None:
    """Make, drop and limit the counters of groups, once those of customers are kept; inside the same lock.

    Switched on, the uses of members count together, also those of before. Raises ValidationError where that, or what a
    group has used since, is above a limit.
    """
    if not after.shared_in_groups:
        if before.shared_in_groups:
            _stop(offer)
        return
    if not before.shared_in_groups:
        _run(_REMEMBER, {"offer": offer.pk})
    if not before.shared_in_groups or _spans(after) - _spans(before):
        _keep_to_groups_that_are_there(offer)
    if not before.shared_in_groups:
        remembering = Redemption.objects.filter(offer=offer, groups__isnull=False)
        remembering.exclude(state=RedemptionState.RELEASED).update(counted_groups=True)
    old = before if before.shared_in_groups else OfferLimits()
    _keep_ever(offer, old.uses_per_customer, after.uses_per_customer)
    for period in Period:
        _keep_period(offer, period, (old.per_period.get(period), after.per_period.get(period)), today)


def _spans(limits: OfferLimits) -> set[str]:
    ever = {"EVER"} if limits.uses_per_customer is not None else set()
    return ever | {period.value for period in limits.per_period}


def _stop(offer: Offer) -> None:
    GroupCounter.objects.filter(offer=offer).delete()
    GroupPeriodCounter.objects.filter(offer=offer).delete()
    # What they remember stays: shared again, it counts where it was counted.
    Redemption.objects.filter(offer=offer, counted_groups=True).update(counted_groups=False)


def _keep_to_groups_that_are_there(offer: Offer) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"offer": offer.pk})
        there = [key for (key,) in cursor.fetchall()]
    _run(_LEAVE_OUT_THE_GONE, {"offer": offer.pk, "there": there})


def _keep_ever(offer: Offer, before: int | None, limit: int | None) -> None:
    rows = GroupCounter.objects.filter(offer=offer)
    if limit is None:
        if before is not None:
            rows.delete()
        return
    if before is None:
        _run(_COUNT_EVER, {"offer": offer.pk, "limit": limit})
    _refuse_below(limit, rows.aggregate(most=Max("uses"))["most"] or 0, "uses_per_customer", "")
    rows.exclude(limit_uses=limit).update(limit_uses=limit)


def _keep_period(offer: Offer, period: Period, limits: tuple[int | None, int | None], today: Today) -> None:
    before, limit = limits
    rows = GroupPeriodCounter.objects.filter(offer=offer, period=period)
    if limit is None:
        if before is not None:
            rows.delete()
        return
    if before is None:
        _run(_COUNT_PERIODS, {"offer": offer.pk, "period": period.value, "limit": limit})
    running = rows.filter(starts_on__gte=today.start_of(period))
    most = running.aggregate(most=Max("uses"))["most"] or 0
    _refuse_below(limit, most, f"uses_per_customer_{period.value.lower()}", f" {RUNNING[period]}")
    running.exclude(limit_uses=limit).update(limit_uses=limit)


def _refuse_below(limit: int, most: int, field: str, when: str) -> None:
    if limit < most:
        message = (
            f"The members of a group have {most} uses reserved or used{when} already: set {most} or more, pause the "
            "offer, or do not share it."
        )
        raise ValidationError({field: message})


def _run(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
