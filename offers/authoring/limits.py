"""Limits of an offer, kept in step with the counters that reservations are guarded by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from offers.authoring.amounts import is_amount
from offers.authoring.conditions import check_counted
from offers.authoring.drafts import lock_offer, working_version
from offers.authoring.giving import check_turns
from offers.authoring.period_limits import (
    contradictions,
    daily_budget,
    keep_day_counters,
    keep_period_counters,
    period_switches,
)
from offers.authoring.shared_limits import keep_group_counters, nothing_to_share, sharing_switches
from offers.authoring.unread import Finding, partly, refused_by, told
from offers.engine.periods import today_at
from offers.engine.values import OfferLimits
from offers.mapping import LIMIT_NAMES, limits_of
from offers.models import (
    CustomerCounter,
    Offer,
    OfferCounter,
    OfferState,
    Redemption,
    RedemptionState,
)
from offers.states import is_published
from pricing.engine.wording import money_text
from pricing.versions.review import Actor

#: How the limits are called, in the order of the form.
LIMIT_FIELDS = LIMIT_NAMES
_NO_AMOUNT = "Use an amount with at most two decimals."

# What the ledger says: per redemption, committed once there is a COMMIT, else reserved unless released.
_DERIVED = """
SELECT COALESCE(SUM(uses) FILTER (WHERE NOT committed), 0), COALESCE(SUM(uses) FILTER (WHERE committed), 0),
       COALESCE(SUM(amount) FILTER (WHERE NOT committed), 0), COALESCE(SUM(amount) FILTER (WHERE committed), 0)
FROM (
    SELECT SUM(e.uses) AS uses, bool_or(e.kind = 'COMMIT') AS committed,
           CASE WHEN bool_or(e.kind = 'COMMIT')
                THEN SUM(CASE e.kind WHEN 'COMMIT' THEN e.amount WHEN 'REVERSE' THEN -e.amount ELSE 0 END)
                WHEN bool_or(e.kind = 'RELEASE') THEN 0 ELSE SUM(e.amount) END AS amount
    FROM offers_ledgerentry e WHERE e.offer_id = %s AND NOT e.sandbox GROUP BY e.redemption_id
) per_redemption
"""

_DERIVED_BY_CUSTOMER = """
INSERT INTO offers_customercounter (offer_id, customer_id, uses, limit_uses)
SELECT r.offer_id, r.customer_id, SUM(e.uses), GREATEST(SUM(e.uses), %(limit)s)
FROM offers_ledgerentry e JOIN offers_redemption r ON r.id = e.redemption_id
WHERE r.offer_id = %(offer)s AND NOT e.sandbox AND r.customer_id IS NOT NULL
GROUP BY r.offer_id, r.customer_id HAVING SUM(e.uses) > 0
"""


def check_limits(limits: OfferLimits, unread: Collection[str] = ()) -> None:
    """Refuse what is no limit at all, by field; of what could be read, where some fields were not."""
    numbers = {name: getattr(limits, name) for name in LIMIT_FIELDS if name not in unread}
    numbers = {name: value for name, value in numbers.items() if not isinstance(value, bool)}
    faults = {name: sentence for name, value in numbers.items() if (sentence := _no_limit(value))}
    # No limit can be compared with what is none, so no other sentence is true beside it.
    told_of = told((contradictions, daily_budget, nothing_to_share, _caps), partly(limits, {*unread, *faults}))
    errors = {**dict(told_of), **faults}
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]


def _no_limit(value: Decimal | int | None) -> str:
    """Return why a number is no limit, "" where it is one."""
    if isinstance(value, Decimal) and not value.is_finite():
        return _NO_AMOUNT
    if value is not None and value <= 0:
        return "Give a number above 0, or leave it empty for no limit."
    if isinstance(value, Decimal) and not is_amount(value):
        return _NO_AMOUNT
    if isinstance(value, int) and value > 2**31 - 1:
        return "Give a smaller number, or leave it empty for no limit."
    return ""


def _caps(limits: OfferLimits) -> Iterator[Finding]:
    if limits.budget is not None and limits.redemption_cap is None:
        yield "redemption_cap", "A budget needs a limit per redemption: set “most per redemption”."
    elif limits.budget is not None and limits.redemption_cap is not None and limits.redemption_cap > limits.budget:
        yield "redemption_cap", "One redemption may not exceed the whole budget: lower it."


def check_limits_of(offer: Offer, limits: OfferLimits, unread: Collection[str] = ()) -> None:
    """Refuse, by field, what is no limit at all, or not one of what the offer gives now."""
    checks: list[Callable[[], object]] = [lambda: check_limits(limits, unread)]
    live, said = offer.live_version, partly(limits, unread)
    if live is not None and is_published(offer.state):
        checks.append(lambda: check_counted(live.nth_session, said))
        checks.append(lambda: check_turns(live.item_unit, said))
    errors = refused_by(*checks)
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]


def set_limits(offer: Offer, limits: OfferLimits, *, by: User | None = None, by_token: str = "") -> Offer:
    """Set all limits at once; a limit below what is reserved and used is refused, naming the figure."""
    try:
        with cpo_scope(offer.cpo), transaction.atomic():
            locked = _locked_for(offer, limits)
            before = limits_of(locked)
            if before != limits:
                check_limits_of(locked, limits)
                # In the law's order: customers, their periods, their groups, totals, days.
                today = today_at(timezone.now(), locked.cpo.time_zone)
                _keep_customer_counters(locked, limits)
                keep_period_counters(locked, before, limits, today)
                keep_group_counters(locked, before, limits, today)
                _keep_total_counter(locked, limits)
                keep_day_counters(locked, before, limits, today)
                _write(locked, before, limits, by=by, by_token=by_token)
            return locked
    except OperationalError as busy:
        raise ValidationError("The offer is being used at this very moment: try again.") from busy


def _locked_for(offer: Offer, limits: OfferLimits) -> Offer:
    """Lock what the change needs in the law's order: redemptions, then the offer, then counters.

    A counter is only made or dropped while no reservation can be written, so that none is left uncounted.
    """
    current = limits_of(Offer.objects.get(pk=offer.pk))
    switches = (
        _is_total(current) != _is_total(limits)
        or (current.uses_per_customer is None) != (limits.uses_per_customer is None)
        or period_switches(current, limits)
        or sharing_switches(current, limits)
    )
    if not switches:
        return lock_offer(offer)
    living = _living(offer).order_by("pk").values_list("pk", flat=True)
    list(living.select_for_update(no_key=True))
    locked = lock_offer(offer, against_new_uses=True)
    # Who holds one that came in between waits for the offer by now: they go first, and this is tried again.
    list(living.select_for_update(no_key=True, nowait=True))
    return locked


def _write(offer: Offer, before: OfferLimits, after: OfferLimits, *, by: User | None, by_token: str) -> None:
    from offers.authoring import review

    for name in LIMIT_FIELDS:
        setattr(offer, name, getattr(after, name))
    offer.save(update_fields=LIMIT_FIELDS)
    # The first draft of a new offer tells of its limits with it.
    if working_version(offer) is None:
        return
    actor, now = Actor(by, by_token), timezone.now()
    said = _change_note(before, after, offer.cpo.currency)
    review.record(offer, offer.state, actor, move="limits", note=said, now=now)
    review.begin_anew(offer, actor, what="Its limits were changed", now=now)


def _is_total(limits: OfferLimits) -> bool:
    return limits.total_uses is not None or limits.budget is not None


def _keep_total_counter(offer: Offer, limits: OfferLimits) -> None:
    # The scope joins the offer, whose row others may share: only the counter is locked.
    counter = OfferCounter.objects.select_for_update(of=("self",)).filter(offer=offer).first()
    if not _is_total(limits):
        if counter is not None:
            Redemption.objects.filter(offer=offer, counted=True).update(counted=False)
            counter.delete()
        return
    made = counter is None
    counter = counter or _derived_counter(offer)
    _refuse_below_used(offer, counter, limits)
    counter.limit_uses, counter.limit_budget = limits.total_uses, limits.budget
    if made:
        _living(offer).update(counted=True)
    counter.save(force_insert=made)


def first_counter(offer: Offer, limits: OfferLimits) -> OfferCounter | None:
    """Return the counter, not saved, of an offer that has never been used; None where its limits need none."""
    if not _is_total(limits):
        return None
    return OfferCounter(offer=offer, limit_uses=limits.total_uses, limit_budget=limits.budget)


def _derived_counter(offer: Offer) -> OfferCounter:
    with connection.cursor() as cursor:
        cursor.execute(_DERIVED, [offer.pk])
        uses_reserved, uses_committed, budget_reserved, budget_committed = cursor.fetchone()
    return OfferCounter(
        offer=offer,
        paused=offer.state in {OfferState.PAUSED, OfferState.WITHDRAWN, OfferState.ENDED, OfferState.ARCHIVED},
        uses_reserved=uses_reserved,
        uses_committed=uses_committed,
        budget_reserved=budget_reserved,
        budget_committed=budget_committed,
    )


def _refuse_below_used(offer: Offer, counter: OfferCounter, limits: OfferLimits) -> None:
    errors = {}
    uses = counter.uses_reserved + counter.uses_committed
    if limits.total_uses is not None and limits.total_uses < uses:
        errors["total_uses"] = f"{uses} uses are reserved or used already: set {uses} or more, or pause the offer."
    spent = counter.budget_reserved + counter.budget_committed
    if limits.budget is not None and limits.budget < spent:
        figure = money_text(spent, offer.cpo.currency)
        errors["budget"] = f"{figure} are reserved or spent already: set that or more, or pause the offer."
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]


def _keep_customer_counters(offer: Offer, limits: OfferLimits) -> None:
    counters = CustomerCounter.objects.filter(offer=offer)
    limit = limits.uses_per_customer
    if limit is None:
        if offer.uses_per_customer is not None:
            counters.delete()
            Redemption.objects.filter(offer=offer, counted_customer=True).update(counted_customer=False)
        return
    if offer.uses_per_customer is None:
        with connection.cursor() as cursor:
            cursor.execute(_DERIVED_BY_CUSTOMER, {"offer": offer.pk, "limit": limit})
        _living(offer).filter(customer__isnull=False).update(counted_customer=True)
    most = counters.aggregate(most=Max("uses"))["most"] or 0
    if limit < most:
        message = f"A customer has {most} uses reserved or used already: set {most} or more, or pause the offer."
        raise ValidationError({"uses_per_customer": message})
    counters.exclude(limit_uses=limit).update(limit_uses=limit)


def _living(offer: Offer) -> QuerySet[Redemption]:
    # Sandbox orders keep a ledger of their own, without counters.
    return Redemption.objects.filter(offer=offer, sandbox=False).exclude(state=RedemptionState.RELEASED)


def _change_note(before: OfferLimits, after: OfferLimits, currency: str) -> str:
    changes = [
        f"{_label(name)}: {_plain(old, _unit(name, currency))} → {_plain(new, _unit(name, currency))}"
        for name in LIMIT_FIELDS
        if (old := getattr(before, name)) != (new := getattr(after, name))
    ]
    return f"Limits: {'; '.join(changes)}"[:300]


def _label(name: str) -> str:
    column: Any = Offer._meta.get_field(name)
    return str(column.verbose_name)


def _unit(name: str, currency: str) -> str:
    """Return the currency of a limit that is an amount, "" for one that is a count."""
    column: Any = Offer._meta.get_field(name)
    return currency if column.get_internal_type() == "DecimalField" else ""


def _plain(value: Decimal | int | bool | None, currency: str) -> str:
    if value is not None and currency:
        return money_text(Decimal(value), currency)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "no limit" if value is None else f"{value}"
